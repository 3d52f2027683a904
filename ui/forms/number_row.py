"""A number as one line: label, track, typed value, unit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QLineEdit, QSizePolicy

from simulator.schema.parameter import Parameter
from ui.forms.row import CONTROL_HEIGHT, MIXED, FormRow
from ui.forms.scale import TrackScale, scale_of
from ui.forms.track import Track
from ui.forms.typed import fits, parsed, text_of
from ui.style.numbers import setting, tabular
from ui.style.text_size import scaled, with_text
from ui.style.theme import current_theme

VALUE_WIDTH = 72
NARROW = 52
"""Of a value beside a switch, where there is no more room."""


PADDING = 7
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class NumberEdit(QLineEdit):
    """A typed number in tabular digits with its unit behind it; up and down nudge it, Escape takes typing back."""

    nudged = Signal(int)
    escaped = Signal()

    def __init__(self, unit: str = "") -> None:
        super().__init__()
        self.setFont(tabular(self.font()))
        self._unit = unit
        self._small, self._unit_width = QFont(), 0
        with_text(self, NumberEdit._fit_text)
        self.textChanged.connect(self._make_room)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _fit_text(self) -> None:
        """Take on the present size of text."""
        self._small = QFont(self.font())
        self._small.setPixelSize(max(self.fontInfo().pixelSize() - 2, 9))
        self._unit_width = QFontMetrics(self._small).horizontalAdvance(self._unit) + 4 if self._unit else 0
        self.setFixedHeight(scaled(CONTROL_HEIGHT))
        self._make_room()

    def minimumSizeHint(self) -> QSize:
        return QSize(30, scaled(CONTROL_HEIGHT))

    def _make_room(self) -> None:
        """The unit stands behind the number where there is room for both."""
        needed = self.fontMetrics().horizontalAdvance(self.text()) + self._unit_width + 2 * PADDING
        room = bool(self.text()) and needed <= self.width()
        self.setTextMargins(0, 0, self._unit_width if room else 0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.textMargins().right():
            with QPainter(self) as painter:
                painter.setFont(self._small)
                painter.setPen(QColor(current_theme().muted))
                painter.drawText(self.rect().adjusted(0, 0, -PADDING, 0), RIGHT, self._unit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        step = steps.get(Qt.Key(event.key()))
        if step is not None:
            self.nudged.emit(step)
        elif event.key() == Qt.Key.Key_Escape and self.isModified():
            self.escaped.emit()
        else:
            super().keyPressEvent(event)


class NumberRow(FormRow):
    """A number or integer field. A drag emits ``changed`` … and one ``committed`` at its end."""

    def __init__(self, parameter: Parameter, path: Sequence[str | int] = ()) -> None:
        super().__init__(parameter, path)
        self._value: float | int | None = None
        self._mixed = False
        scale = scale_of(parameter)
        self.switch = self._make_switch() if parameter.optional else None
        self.track = self._make_track(scale) if scale is not None else None
        self.edit = self._make_edit(scale)
        self._last = self._fallback(scale)
        self.show_value(parameter.default if parameter.default is not None else (None if parameter.optional else 0))

    def _make_switch(self) -> QCheckBox:
        switch = QCheckBox()
        self.named(switch, "on")
        switch.clicked.connect(self._switched)
        self.body.addWidget(switch)
        return switch

    def _make_track(self, scale: TrackScale) -> Track:
        default = self.parameter.default
        track = Track(scale, float(default) if isinstance(default, (int, float)) else None)
        self.named(track)
        track.moved.connect(self._dragged)
        track.let_go.connect(self._released)
        track.reset.connect(self.reset)
        self.body.addWidget(track, 1)
        return track

    def _make_edit(self, scale: TrackScale | None) -> NumberEdit:
        edit = NumberEdit(self.parameter.knob.unit)
        self.named(edit, "value")
        edit.editingFinished.connect(self._typed)
        edit.nudged.connect(self._nudged)
        edit.escaped.connect(self._redraw)
        if scale is None:
            edit.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        else:
            with_text(edit, partial(_fit_value, VALUE_WIDTH if self.switch is None else NARROW))
        self.body.addWidget(edit)
        return edit

    def _fallback(self, scale: TrackScale | None) -> float | int:
        """What an optional number starts from when it is switched on for the first time."""
        if self.parameter.default is not None:
            return self._typed_as(self.parameter.default)
        for guess in (1, 0, scale.value(0.5) if scale else 0.5):
            if fits(self.parameter, guess) and (scale is None or scale.low <= guess <= scale.high):
                return self._typed_as(guess)
        return self._typed_as(self.parameter.low or 0)

    def _typed_as(self, number: float) -> float | int:
        return round(number) if self.parameter.type == "integer" else float(number)

    # -- FormRow -------------------------------------------------------------------------------------------------

    def value(self) -> float | int | None:
        return self._value

    def show_value(self, value: Any) -> None:
        if self.track is not None and self.track.dragging and value is not None:
            self._value = value  # the handle belongs to the hand until it lets go
            return
        if value != self._value:
            self.warning.say("")
        self._value, self._mixed = value, False
        if value is not None:
            self._last = value
        self._redraw()

    def show_mixed(self) -> None:
        if self.track is not None and self.track.dragging:
            return
        self._value, self._mixed = None, True
        self._redraw()

    def refuse(self, reason: str) -> None:
        super().refuse(reason)
        if self.track is None or not self.track.dragging:
            self._redraw()

    def _redraw(self) -> None:
        on = self._value is not None or self._mixed
        if self.track is not None:
            self.track.setEnabled(on)
            self.track.set_number(None if self._value is None else float(self._value))
        if self.switch is not None:
            self.switch.setChecked(on)
        self.edit.setEnabled(on)
        self.edit.setPlaceholderText(MIXED if self._mixed else "off")
        self._write(self._value)

    def _write(self, value: float | int | None) -> None:
        if self.edit.text() != text_of(value) or self.edit.isModified():
            self.edit.setText(text_of(value))
            self.edit.setCursorPosition(0)
        self.edit.setModified(False)
        self._describe(value)

    def _describe(self, value: float | int | None) -> None:
        """Give the number to those who do not see the track: Qt tells them only the place of the handle."""
        if self.track is not None:
            said = self.edit.placeholderText()
            if value is not None:
                said = f"{setting(value)} {self.parameter.knob.unit}".rstrip()
            self.track.setAccessibleDescription(f"{said}. {self.parameter.knob.help}")

    # -- hand ----------------------------------------------------------------------------------------------------

    def _dragged(self, number: float) -> None:
        self._value, self._mixed = self._typed_as(number), False
        self._last = self._value
        self._write(self._value)
        self.warning.say("")
        self.changed.emit(self._value)

    def _released(self) -> None:
        shown = self.track.number() if self.track is not None else None
        if shown is not None and not self._mixed:
            value = self._typed_as(shown)
            self.committed.emit(value)
        if self._value is not None:
            self.show_value(self._value)

    def _nudged(self, steps: int) -> None:
        if self._value is None:
            return
        if self.track is not None:
            value = self._typed_as(self.track.scale.nudged(self._value, steps))
        else:
            value = self._value + steps
        if fits(self.parameter, value) and value != self._value:
            self.show_value(value)
            self.commit(value)

    def _typed(self) -> None:
        if not self.edit.isModified():
            return
        text = self.edit.text()
        self.edit.setModified(False)
        if text.strip() == "" and self._mixed:
            return
        try:
            value = parsed(self.parameter, text)
        except ValueError as refusal:
            kept = f" It stays {setting(self._value)}." if self._value is not None else ""
            self._redraw()
            self.refuse(f"{refusal}{kept}")
            return
        if self._mixed or value != self._value:
            self.show_value(value)
            self.commit(value)
        else:
            self._redraw()

    def _switched(self, on: bool) -> None:
        value = self._last if on else None
        self.show_value(value)
        self.commit(value)

    def reset(self) -> None:
        if self.track is not None and self.track.dragging:
            return
        super().reset()


def _fit_value(least: int, edit: NumberEdit) -> None:
    """In text of the present size."""
    edit.setMinimumWidth(scaled(least))
    edit.setMaximumWidth(scaled(VALUE_WIDTH))
