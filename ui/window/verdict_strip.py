"""The verdict on networks beside each other: a table over the foot of the board, and a sentence for each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QScrollArea, QToolButton, QWidget

from simulator.experiment.lane import OWN_NAME
from simulator.running.headless.verdict import judge, sentences
from simulator.running.standing import Standing, least_loss, standing
from simulator.schema.numbers import read_number
from ui.bench.bench import Bench
from ui.board.plot_area import PlotArea
from ui.chart.view import View
from ui.doctor.lane_findings import LaneFindings
from ui.forms.typed import text_of
from ui.style.boxes import STRETCH, in_column
from ui.style.foot_strip import FootStrip
from ui.style.help import set_page
from ui.style.numbers import count, integer
from ui.style.text_size import scaled
from ui.window.verdict_table import NetworkRow, VerdictTable

if TYPE_CHECKING:  # The first window does not wait for it.
    from simulator.running.messages import LaneUpdate
    from ui.bench.seed_fans import SeedFans
    from ui.plots.loss import LossPlot

KEYS = "F7"
FIELD_WIDTH = 84
NOTHING_YET = "The first step will fill this table."
READING = "Numbers are medians over seeds [first quartile, third quartile]."
TARGET_TIP = (
    "The loss to which steps and seconds are counted: the least that A has come to, until another is typed here or "
    "the line in Loss and accuracy is dragged; nothing typed takes it back."
)


class VerdictStrip(FootStrip):
    """Over the foot of a widget; there is one while there are several networks."""

    target_changed = Signal(object)
    """The loss that networks are compared by, or None while that is not shown."""

    def __init__(self, bench: Bench, over: PlotArea) -> None:
        super().__init__(over, "Verdict", KEYS)
        self.setObjectName("verdictStrip")
        set_page(self, "how-to/comparing")
        self.toggle.setToolTip("Show or fold away how the networks compare, over the foot of the board.")
        self.toggle.setShortcut(QKeySequence(KEYS))
        self.toggle.toggled.connect(self._show)
        self._bench = bench
        self._view: View | None = None
        self._seeds: SeedFans | None = None
        self._chosen: float | None = None
        """The target that a hand has chosen."""
        self.target: float | None = None
        self.findings = LaneFindings(self)
        self.findings.changed.connect(self._write)
        self.table = VerdictTable()
        self.sentences = QLabel()
        self.words, self.body = QWidget(), QScrollArea()
        self.field = QLineEdit()
        self._buttons = QHBoxLayout()
        self._lay_out()
        bench.shown.changed.connect(lambda view, _rate: self._take(view))
        bench.started.connect(lambda _info: self._begin())

    def _lay_out(self) -> None:
        self.sentences.setWordWrap(True)
        self.sentences.setTextFormat(Qt.TextFormat.PlainText)
        self.sentences.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.sentences.setAccessibleName("Verdict in words")
        self.field.setAccessibleName("Loss target")
        self.field.setToolTip(TARGET_TIP)
        self.field.setFixedWidth(scaled(FIELD_WIDTH))
        self.field.editingFinished.connect(self._read_field)
        label = QLabel("Loss target")
        label.setBuddy(self.field)
        label.setToolTip(TARGET_TIP)
        self.beside_head.addWidget(label)
        self.beside_head.addWidget(self.field)
        self.beside_head.setSpacing(6)
        self.words.setObjectName("verdictWords")
        in_column(self.table, self.sentences, self._buttons, STRETCH, on=self.words, spacing=4, margins=(8, 0, 8, 6))
        self.body.setObjectName("verdictBody")
        self.body.setWidgetResizable(True)
        self.body.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.setWidget(self.words)
        self.column.addWidget(self.body, 1)
        self.words.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What stands in a scrolled area tells only that when it has grown: the table does, in a narrower window."""
        if watched is self.words and event.type() == QEvent.Type.LayoutRequest:
            self.place()
        return super().eventFilter(watched, event)

    def take_seeds(self, train: QAction, shown: QAction) -> None:
        """Let buttons below the sentences ask for several seeds, and show or hide them."""
        for each in (train, shown):
            button = QToolButton(self)
            button.setDefaultAction(each)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)

    def needed_height(self, width: int) -> int:
        sentences = self.sentences.text() and self.words.heightForWidth(width - 2)
        return self.head_height + 2 * self.body.frameWidth() + (sentences or self.words.sizeHint().height())

    def open_if_several(self) -> None:
        """Show it where there are networks to be compared."""
        if self.toggle.isEnabled():
            self.toggle.setChecked(True)

    # -- the target ------------------------------------------------------------------------------------------------

    def choose_target(self, loss: float | None) -> None:
        """Compare by this loss from now on; None: by the least that the run has come to."""
        self._chosen = loss
        self._write()

    def _read_field(self) -> None:
        text = self.field.text().strip()
        if text == text_of(self.target, 3):
            return
        try:
            loss = read_number(text) if text else None
        except ValueError:
            loss = self._chosen
        self.choose_target(loss if loss is None or math.isfinite(loss) else self._chosen)

    def _set_target(self, view: View) -> None:
        before, self.target = self.target, self._chosen
        if self.target is None:
            self.target = least_loss(view.history)
        if not self.field.hasFocus() or not self.field.isModified():
            self.field.setText(text_of(self.target, 3))
        if self.target != before:
            self.target_changed.emit(self.target)

    # -- what is known ---------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Another run: its losses may be of another size."""
        self._view = None
        self._write()

    def _take(self, view: View) -> None:
        if view.reading is not view.frame:
            return
        self._view = view
        if self.isVisible():
            self.findings.take(self._views(view))
            self._write()

    def _views(self, view: View) -> dict[str, View]:
        """What can be told of at this step, the run first."""
        return {OWN_NAME: view, **view.lanes}

    def show_seeds(self, seeds: SeedFans | None) -> None:
        """Tell of each network from several seeds, as long as these are shown."""
        self._seeds = seeds
        self._write()

    def _write(self) -> None:
        view = self._view
        if not self.isVisible():
            return
        self.table.setVisible(view is not None)
        if view is None:
            self.head.setText("Verdict")
            self._say(NOTHING_YET)
            return
        self._set_target(view)
        seeds = self._seeds if self._seeds is not None and self._seeds.shown else None
        if seeds is not None:
            self._write_seeds(seeds, seeds.steps if view.live else view.frame.step)
            return
        rows = list(self._rows(view))
        self.head.setText(f"Verdict at step {integer(view.frame.step)}")
        self.table.say(rows)
        self._say("\n".join(filter(None, (self._sentence(rows[0], row) for row in rows[1:]))))

    def _write_seeds(self, seeds: SeedFans, wanted: int) -> None:
        """Of each network from all seeds at the step that is wanted, or the last one before it that they recorded."""
        step, at = seeds.step_at(wanted), integer(wanted)
        if step is None:
            self.head.setText(_count(seeds))
            self.table.say([NetworkRow(name, None, reason="not recorded") for name in seeds.networks])
            self._say(f"Of a run of {count(seeds.steps, 'step')} none is recorded by itself up to step {at}.")
            return
        self.head.setText(f"{_count(seeds)}, step {integer(step)}")
        self.table.say(list(self._seed_rows(seeds, step)))
        last = f"That is their last step; the run is shown at step {at}."
        recorded = f"That is the last one up to step {at} that is recorded of them by itself."
        apart = "" if step == wanted else last if step == seeds.steps else recorded
        self._say("\n".join(filter(None, (READING, apart, *seeds.sentences(step)))))

    def _say(self, text: str) -> None:
        self.sentences.setText(text)
        self.sentences.setVisible(bool(text))
        self.place()

    def _rows(self, view: View) -> Iterator[NetworkRow]:
        updates = self._bench.lanes.updates
        seconds = {
            OWN_NAME: self._bench.lanes.own_step_seconds,
            **{name: each.step_seconds for name, each in updates.items()},
        }
        described = {spec.name for spec in self._bench.document.experiment.lanes or ()}
        # One that has just been renamed or taken away is told of by the worker's next answer.
        for name in (OWN_NAME, *(name for name in updates if name in described)):
            own = self._views(view).get(name)
            if own is None or (name != OWN_NAME and updates[name].frame is None):
                yield NetworkRow(name, None, reason=self._why_not(name, view.frame.step))
                continue
            standing = self._standing(own, seconds[name], view.whole)
            yield NetworkRow(name, standing, self.findings.of.get(name))

    def _why_not(self, name: str, step: int) -> str:
        """Why a network beside the run stands at no such step."""
        lanes = self._bench.lanes
        begins, refusal = lanes.begins(name), lanes.updates[name].refusal
        if refusal:
            return f"not trained: {refusal}"
        return f"begins at step {integer(begins)}" if begins > step else "catching up"

    def _seed_rows(self, seeds: SeedFans, step: int) -> Iterator[NetworkRow]:
        lanes = self._bench.lanes
        for name, each in seeds.networks.items():
            step_seconds = lanes.own_step_seconds if name == OWN_NAME else _step_seconds(lanes.updates.get(name))
            standings = {}
            for run in each.runs:
                frame, past = run.frame_at(step), run.history
                past = past if step >= seeds.steps else past.until(step + 1)
                standings[run.seed] = standing(frame, past, frame, step_seconds, self.target)
            findings = [run.findings for run in each.runs] if step >= seeds.steps else None
            yield NetworkRow(name, None, seeds=standings, findings_by_seed=findings)

    def _standing(self, view: View, step_seconds: float, whole: bool) -> Standing:
        scored = view.record.scored
        return standing(view.frame, view.history, scored, step_seconds, self.target, whole=whole)

    def _sentence(self, base: NetworkRow, row: NetworkRow) -> str:
        """What the loss comes to beside the run's; nothing where they are not of one step."""
        ours, theirs = base.standing, row.standing
        if ours is None or theirs is None or ours.step != theirs.step or ours.loss is None or theirs.loss is None:
            return ""
        described = self._bench.document.experiment.all_lanes()
        own, other = described[base.name], described[row.name]
        same_loss = type(own.loss) is type(other.loss)
        values = {"loss": (theirs.loss, ours.loss)}
        if not same_loss and theirs.accuracy is not None and ours.accuracy is not None:
            values["accuracy"] = theirs.accuracy, ours.accuracy
        verdicts = {
            quantity: judge(quantity, {other.seed: value}, {own.seed: base_value})
            for quantity, (value, base_value) in values.items()
        }
        same_batches = self._bench.lanes.updates[row.name].same_batch
        told = sentences(
            row.name, ours.step, verdicts, same_loss=same_loss, same_batches=same_batches, base=base.name
        )  # fmt: skip
        return "; ".join(told)

    # -- showing ---------------------------------------------------------------------------------------------------

    def _show(self, on: bool) -> None:
        """It has been opened or folded away."""
        if not on:
            self.findings.stop()
            self.target_changed.emit(None)
            return
        if self._view is not None:
            self.findings.take(self._views(self._view))
        self._bench.link.wake()
        self._write()
        self.target_changed.emit(self.target)


def _count(seeds: SeedFans) -> str:
    """``5 seeds``"""
    return count(max(len(each.runs) for each in seeds.networks.values()), "seed")


def _step_seconds(update: LaneUpdate | None) -> float:
    return 0.0 if update is None else update.step_seconds


def let_drag_target(plots: PlotArea, strip: VerdictStrip) -> None:
    """Let the target be a line of the plot of the loss, as soon as there is one."""

    def connect(plot: LossPlot) -> None:
        strip.target_changed.connect(plot.show_target)
        plot.target_moved.connect(strip.choose_target)
        plot.show_target(strip.target if strip.isVisible() else None)

    plots.when_made("loss", connect)
