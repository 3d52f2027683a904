"""The toolbar: play, step, restart, speed, and where the run stands."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QLabel,
    QMenu,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
)

from simulator.record.frame import Frame
from simulator.record.record import Record
from ui.bench.bench import Bench
from ui.plots.base import View
from ui.style.actions import action
from ui.style.boxes import in_column
from ui.style.icons import set_icon
from ui.style.numbers import decimal, integer, number, percent, size_text, tabular
from ui.style.text_size import CAPTION, resize_text, scaled, with_text
from ui.style.widgets import choice_of, tool_button
from ui.window.stop_control import StopControl

LIMITS = (1, 2, 5, 10, 30, 100, 300)
"""Steps per second that can be chosen."""
DEAREST = ("loss", "step", "accuracy", "epoch", "rate")
"""Read-outs in the order in which they are kept where the window is narrow."""
SPACING, MARGINS = 4, 20
"""Pixels between two parts of the bar, and at both its ends."""
SOON_MS = 1000
STEPS_MADE = "Updates made since the run began."


class Readout(QWidget):
    """A value above its name; as wide as the widest value it has to show."""

    def __init__(self, name: str, widest: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = QLabel("–", self)
        self._value.setFont(tabular(self._value.font()))
        self._widest = widest
        caption = QLabel(name, self)
        caption.setProperty("role", "muted")
        resize_text(caption, CAPTION)
        in_column(self._value, caption, on=self, spacing=0, margins=(4, 0, 4, 0))
        self.setToolTip(tip)
        self.setAccessibleName(name)
        with_text(self, lambda readout: readout._fit())

    @property
    def text(self) -> str:
        return self._value.text()

    def show_value(self, text: str) -> None:
        if text != self._value.text():
            self._value.setText(text)
            self.setAccessibleDescription(text)
            self._fit()

    def _fit(self) -> None:
        """A label of a fixed size has a new number without the whole window being laid out anew."""
        value = self._value
        needed = value.sizeHint()
        size = QSize(max(needed.width(), value.fontMetrics().horizontalAdvance(self._widest)), needed.height())
        if size != value.minimumSize():
            value.setFixedSize(size)


class TransportBar(QToolBar):
    """Commands to the bench on the left, read-outs in the middle, presets and export on the right."""

    new_seed = Signal()
    refused = Signal(str)
    """Why nothing is trained until what is typed holds."""

    def __init__(self, bench: Bench, parent: QWidget) -> None:
        super().__init__("Transport", parent)
        self.setObjectName("transport")
        self.setMovable(False)
        with_text(self, lambda bar: bar.setIconSize(QSize(scaled(18), scaled(18))))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.bench = bench
        self._view: View | None = None
        self._rate = 0.0
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        """No frame waits for what a tooltip says."""
        self._soon.timeout.connect(self._say_memory)
        self._add_commands(parent)
        self._add_limit()
        self.addSeparator()
        self._add_readouts()
        self._add_menus()
        bench.playing_changed.connect(self._show_playing)
        bench.hold.changed.connect(self._show_hold)
        bench.shown.changed.connect(self._take)

    def _add_commands(self, window: QWidget) -> None:
        bench = self.bench
        self.play = action(
            window, "Play or pause", self._toggle, keys="Space", icon="play", tip="Play or pause training."
        )
        self.step = action(
            window, "One step", lambda: bench.play(1), keys="Ctrl+.", icon="step", tip="Train one step, then pause."
        )
        self.steps = action(
            window,
            "N steps",
            self.play_steps,
            keys="Ctrl+Shift+.",
            icon="steps",
            tip="Train so many steps, or until what is chosen beside holds, then pause.",
        )
        self.same = action(
            window, "Restart, same weights", bench.restart, keys="Ctrl+R", icon="restart",
            tip="Back to step 0 with the same weights; undo brings the run back.",
        )  # fmt: skip
        self.reseed = action(
            window, "Restart, new seed", self.new_seed.emit, keys="Ctrl+Shift+R", icon="dice",
            tip="Back to step 0 with new weights, data and shuffling; undo brings the run back.",
        )  # fmt: skip
        self._tips = [made.toolTip() for made in (self.play, self.step, self.steps)]
        self.stop = StopControl(self)
        self.stop.entered.connect(self.play_steps)
        self.addActions([self.play, self.step, self.steps])
        self.addWidget(self.stop)
        self.addActions([self.same, self.reseed])
        for made in (self.play, self.step, self.steps, self.same, self.reseed):
            button = self.widgetForAction(made)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(made.text())

    def _add_limit(self) -> None:
        rates = ((f"{rate} steps/s" if rate > 1 else "1 step/s", float(rate)) for rate in LIMITS)
        tip = "The most steps per second; slow motion lets one watch single steps."
        self.limit = choice_of("Speed limit", [("full speed", None), *rates], tip, self)
        self.limit.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.limit.currentIndexChanged.connect(lambda _i: self.bench.link.set_limit(self.limit.currentData()))
        self.addWidget(self.limit)

    def _add_readouts(self) -> None:
        self.readouts = {
            "step": Readout("step", "1 000 000", STEPS_MADE),
            "epoch": Readout("epoch", "1 000.0", "Times the training set has been gone through."),
            "loss": Readout("loss", "3.00·10⁻¹⁰", "Mean loss of the training batch, penalties not included."),
            "accuracy": Readout(
                "accuracy", ">99.9\N{NARROW NO-BREAK SPACE}%", "Share of the training batch that is right."
            ),
            "rate": Readout("steps/s", "10 000", "Training steps per second."),
        }
        self._held = {name: self.addWidget(readout) for name, readout in self.readouts.items()}

    def _add_menus(self) -> None:
        space = QWidget(self)
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(space)
        self.preset_menu = QMenu("Presets", self)
        self.export_menu = QMenu("Export", self)
        self._add_menu_button("Presets", "Experiments to begin with, each showing one effect.", self.preset_menu)
        self._add_menu_button("Export", "Save plots as pictures or numbers.", self.export_menu, icon="export")

    def _add_menu_button(self, text: str, tip: str, menu: QMenu, icon: str = "") -> None:
        button = tool_button(text, tip, parent=self)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        if icon:
            set_icon(button, icon)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.addWidget(button)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._give_way(event.size().width())
        super().resizeEvent(event)

    def _give_way(self, width: int) -> None:
        """Show the read-outs that there is room for beside all commands."""
        margins = self.contentsMargins()
        room = width - margins.left() - margins.right() - MARGINS
        needed = [self.widgetForAction(each).sizeHint().width() + SPACING for each in self.actions()]
        room -= sum(needed) - sum(readout.sizeHint().width() + SPACING for readout in self.readouts.values())
        for name in DEAREST:
            room -= self.readouts[name].sizeHint().width() + SPACING
            self._held[name].setVisible(room >= 0)

    def forget(self) -> None:
        """Nothing is known of the run that is to come."""
        self._view = None
        self._blank()
        self.readouts["step"].setToolTip(STEPS_MADE)

    def _blank(self) -> None:
        for readout in self.readouts.values():
            readout.show_value("–")

    def set_standing_still(self, on: bool) -> None:
        """Whether the numbers are of a network that is not the described one."""
        for readout in self.readouts.values():
            readout.setEnabled(not on)

    # -- what happens --------------------------------------------------------------------------------------------

    def play_steps(self) -> None:
        """Train until what is chosen holds: so many steps, or a rule."""
        rule = self.stop.rule()
        if rule is None:
            self.bench.play(self.stop.count.value())
        elif isinstance(rule, str):
            self.refused.emit(rule)
        else:
            self.bench.play_until(rule)

    def _toggle(self) -> None:
        self.bench.pause() if self.bench.playing else self.bench.play()

    def _show_hold(self, reason: str) -> None:
        """What trains waits, and says for what; what is read off the run would tell the answer."""
        if reason:
            self._blank()
        else:
            self._refresh()
        for made, tip in zip((self.play, self.step, self.steps), self._tips, strict=True):
            made.setEnabled(not reason)
            made.setToolTip(reason or tip)

    def _show_playing(self, playing: bool) -> None:
        set_icon(self.play, "pause" if playing else "play")
        self._refresh()

    def _take(self, view: View, steps_per_second: float) -> None:
        known = self._view is not None and self._view.reading is view.reading
        self._view = view
        if not known:
            self._rate = steps_per_second
            self._refresh()

    def rewrite(self) -> None:
        """Write the numbers anew."""
        self._refresh()

    def _refresh(self) -> None:
        if self._view is None or self.bench.hold.reason:
            return
        frame = self._view.reading
        self.readouts["step"].show_value(integer(frame.step))
        if not self._soon.isActive():
            self._soon.start()
        self.readouts["epoch"].show_value(decimal(frame.epoch, 1))
        self.readouts["loss"].show_value(_scalar(frame, "loss"))
        self.readouts["accuracy"].show_value(_share(frame, "accuracy"))
        self.readouts["rate"].show_value(rate_text(self._rate) if self.bench.playing else "–")

    def _say_memory(self) -> None:
        if self._view is not None:
            record = record_text(self._view.record)
            self.readouts["step"].setToolTip(f"{STEPS_MADE}\n{record}\n{self.bench.memory.use.text}")


def record_text(record: Record) -> str:
    """What remembering the run costs, now and at most."""
    now, most = size_text(record.nbytes), size_text(record.bound)
    return f"The record of this run takes {now}, and never more than {most}, however long it trains."


def _scalar(frame: Frame, name: str) -> str:
    return number(frame.scalars[name], fixed=True) if name in frame.scalars else "–"


def _share(frame: Frame, name: str) -> str:
    return percent(frame.scalars[name]) if name in frame.scalars else "–"


def rate_text(rate: float) -> str:
    """Whole steps per second, one decimal where few, two below one."""
    return decimal(rate, 1 if rate >= 1 else 2) if rate < 10 else integer(round(rate))
