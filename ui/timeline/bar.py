"""Under the board: the time line with playback, the step as a number, and the way back to the present."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QMenu,
    QStackedLayout,
    QWidget,
)

from simulator.schema.numbers import duration
from ui.bench.bench import Bench
from ui.bench.scrubber import Scrubber
from ui.style.boxes import in_row
from ui.style.elided_label import ElidedLabel
from ui.style.help import set_page
from ui.style.icons import set_icon
from ui.style.numbers import count, integer
from ui.style.text_size import scaled, with_text
from ui.style.widgets import choice_of, icon_button, step_field, tool_button
from ui.timeline.marks import RunMarks
from ui.timeline.playback import Playback
from ui.timeline.track import TimeTrack

PATIENCE_MS = 300
"""What takes no longer is not told of."""
SPEEDS = (1, 10, 100, 1000)
"""Steps a frame."""
BRANCH_TIP = (
    "Continue from the step that is shown: one more network with its weights, optimiser state and coming batches. (B)"
)
MESSAGE = 84
"""Pixels of what is awaited."""
SPACING, MARGIN = 4, 8
"""Pixels between two parts, and at both ends."""
ROUND_A_NUMBER = 34
"""Pixels of the field for the step around its digits."""


class TimelineBar(QWidget):
    """Drags through the past of the present run, which goes on meanwhile."""

    branch_wanted = Signal(int)
    """One more network is to go on from this step."""

    def __init__(self, bench: Bench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timelineBar")
        self.setAccessibleName("Time line")
        set_page(self, "guide/time-line")
        self.scrubber = Scrubber(bench, self)
        self.playback = Playback(self.scrubber, self)
        self._bench = bench
        self._marks = RunMarks()
        self._findings: tuple[tuple[int, str], ...] = ()
        self._side = QWidget(self)
        self._beside = QStackedLayout(self._side)
        """How fast it is played back, or what is awaited."""
        self._was_live = True
        """Whether the present was shown last."""
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._lose_patience)
        self._make_parts()
        self._lay_out()
        with_text(self, lambda bar: bar._give_way())
        self.scrubber.moved.connect(self._renew)
        self.playback.playing_changed.connect(self._show_playing)
        bench.updated.connect(lambda _view, _rate: self._follow())
        bench.playing_changed.connect(lambda _on: self._renew_all())
        self._renew()

    def _make_parts(self) -> None:
        self.track = TimeTrack()
        self.track.setToolTip("Drag to an earlier step; the run goes on meanwhile.")
        self.track.wanted.connect(self._go)
        self.track.branch_wanted.connect(self.branch_wanted)
        tip = "Play the run's past from the step that is shown."
        self.play = icon_button("play", "Play back", tip, self.playback.toggle, self)
        speeds = ((f"× {integer(steps)}", steps) for steps in SPEEDS)
        self.speed = choice_of("Steps in each frame of playback", speeds, "Steps in each frame of playback.")
        self.speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.speed.currentIndexChanged.connect(self._set_speed)
        self.edit = step_field(self._go)
        self.message = ElidedLabel()
        self.message.setObjectName("timelineMessage")
        self.cancel = tool_button("Cancel", "Compute that step no further.", self._cancel, self)
        tip = "Back to the present step of the run (End on the time line)."
        self.live = tool_button("Live", tip, self._go_live, self)
        self.live.setCheckable(True)
        self.branch = tool_button("Branch", BRANCH_TIP, lambda: self.branch_wanted.emit(self.scrubber.shown_step), self)
        self.branch.setAccessibleName("Branch at the step that is shown")

    def _lay_out(self) -> None:
        self._row = in_row(
            self.play, self._side, (self.track, 1), self.edit, self.branch, self.live, on=self, spacing=SPACING,
            margins=(MARGIN, 1, MARGIN, 1),
        )  # fmt: skip
        awaited = QWidget()
        in_row((self.message, 1), self.cancel, on=awaited, spacing=4, margins=(0, 0, 0, 0))
        self._beside.addWidget(self.speed)
        self._beside.addWidget(awaited)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._least_width, super().minimumSizeHint().height())

    @property
    def _least_width(self) -> int:
        """Of what is there in any case."""
        always = (self.play.sizeHint(), self.track.minimumSizeHint(), self.live.sizeHint())
        return sum(size.width() + SPACING for size in always) + 2 * MARGIN

    def _give_way(self) -> None:
        """Show what there is room for: the number of the step, *Branch*, how fast it is played back.

        What is awaited stands in place of the last, or where there is none of the first two: the track keeps its place
        under the hand.
        """
        room, fitting = self.width() - self._least_width, list[QWidget]()
        for part in (self.edit, self.branch, self._side):
            room -= self._width_of(part) + SPACING
            fitting += [part] if room >= 0 else []
        beside, waits = self._side in fitting, bool(self._beside.currentIndex())
        taken = sum(self._width_of(part) + SPACING for part in fitting) - SPACING
        self._put_side(beside, max(taken, self.cancel.sizeHint().width()))
        for part in (self.edit, self.branch):
            part.setVisible(part in fitting and (beside or not waits))
        self._side.setVisible(beside or waits)

    def _width_of(self, part: QWidget) -> int:
        if part is not self._side:
            return part.minimumWidth() or part.sizeHint().width()
        awaited = scaled(MESSAGE) + SPACING + self.cancel.sizeHint().width()
        return max(self.speed.sizeHint().width(), awaited)

    def _put_side(self, beside: bool, instead: int) -> None:
        """On the left of the track, or on its right in place of so many pixels of others."""
        self.message.setMinimumWidth(scaled(MESSAGE) if beside else 0)
        self._side.setFixedWidth(self._width_of(self._side) if beside else instead)
        place = self._row.indexOf(self.track) + (-1 if beside else 1)
        if self._row.indexOf(self._side) != place:
            self._row.removeWidget(self._side)
            self._row.insertWidget(self._row.indexOf(self.track) + (not beside), self._side)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_way()

    # -- the hand ----------------------------------------------------------------------------------------------------

    def fill_playback(self, menu: QMenu) -> None:
        """Begin or hold playback, and how fast it is, for whom the bar has no room."""
        menu.addAction(self.play.accessibleName(), self.playback.toggle).setEnabled(self.play.isEnabled())
        menu.addSeparator()
        speeds = QActionGroup(menu)
        for place, steps in enumerate(SPEEDS):
            entry = speeds.addAction(f"{count(steps, 'step')} a frame")
            entry.setCheckable(True)
            entry.setChecked(place == self.speed.currentIndex())
            entry.triggered.connect(lambda _on, place=place: self.speed.setCurrentIndex(place))
        menu.addActions(speeds.actions())

    def _go(self, step: int) -> None:
        self.playback.stop()
        self.scrubber.go_to(step)

    def _go_live(self) -> None:
        self.playback.stop()
        self.scrubber.go_live()

    def _cancel(self) -> None:
        self.playback.stop()
        self.scrubber.cancel()

    def _set_speed(self, _index: int) -> None:
        self.playback.steps_per_frame = self.speed.currentData()

    # -- showing -----------------------------------------------------------------------------------------------------

    def show_findings(self, findings: Sequence[tuple[int, str]]) -> None:
        """Since when the run has had what, as the doctor has found at its present step."""
        if tuple(findings) != self._findings:
            self._findings = tuple(findings)
            self._show_marks()

    def _follow(self) -> None:
        """The run has gone on: that is shown whenever its numbers are read."""
        view = self._bench.view
        if view is None or view.reading is view.frame:
            self._renew_all()

    def _renew_all(self) -> None:
        self._show_marks()
        self._renew()

    def _renew(self) -> None:
        """Where the handle stands, between marks that hang on the present alone."""
        if self._bench.view is None:
            self._show_marks()
        scrubber, (first, last) = self.scrubber, self.scrubber.range
        self.track.show_step(scrubber.shown_step, first, last)
        live = scrubber.step is None
        self.edit.blockSignals(True)
        if live and not self._was_live and self.edit.hasFocus():
            # What was typed there is not shown any more; without the focus it follows the run again.
            self.track.setFocus()
        self._was_live = live
        self.edit.setRange(first, last)
        if not (live and self.edit.hasFocus()):
            self.edit.setValue(scrubber.shown_step)
        self.edit.blockSignals(False)
        self.live.setChecked(live)
        for part in (self.track, self.play, self.edit, self.branch):
            part.setEnabled(first < last)
        self._say()

    def _lose_patience(self) -> None:
        if self.scrubber.computing:
            self._beside.setCurrentIndex(1)
            self._say()

    def _tell(self, text: str, brief: str) -> None:
        """``brief``: what is left of it where it has no room."""
        self.cancel.setVisible(self.scrubber.computing)
        self._beside.setCurrentIndex(int(bool(text)))
        self._give_way()
        room = self._side.minimumWidth() - (self.cancel.sizeHint().width() + SPACING) * self.scrubber.computing
        fits = self.message.fontMetrics().horizontalAdvance(text) <= room
        self.message.setText(text if fits else brief)
        self.message.setToolTip(text)

    def _say(self) -> None:
        scrubber = self.scrubber
        text = brief = scrubber.failure
        if scrubber.computing:
            left = scrubber.seconds_left
            brief = "…" if left is None or left < 1 else f"{duration(left)} left"
            text = "recomputing" if left is None or left < 1 else f"recomputing, about {brief}"
        if not scrubber.computing:
            self._patience.stop()
        elif not self._patience.isActive() and not self._beside.currentIndex():
            self._patience.start()
        self._tell(*(("", "") if self._patience.isActive() else (text, brief)))
        where = f"step {integer(scrubber.shown_step)} of {count(scrubber.range[1], 'step')}"
        state = text or ("live" if scrubber.step is None else "an earlier step")
        here = (mark.words.partition(", ")[2] for mark in self.track.marks if mark.step == scrubber.shown_step)
        self.track.setAccessibleDescription("; ".join([f"{where}, {state}", *here]))

    def _show_marks(self) -> None:
        bench = self._bench
        if bench.view is None:
            self.track.show_marks(())
        else:
            kept = bench.memory.checkpoints
            self.track.show_marks(self._marks.of(bench.view.frame, bench.record, kept, self._findings))

    def _show_playing(self, playing: bool) -> None:
        set_icon(self.play, "pause" if playing else "play")
        self.play.setAccessibleName("Hold playback" if playing else "Play back")
