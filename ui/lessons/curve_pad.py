"""A plot that a pupil draws a curve on, with the mouse or the arrow keys; the run's curve comes beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.style.numbers import count, integer, number, power_of_ten
from ui.style.text_size import scaled, with_text
from ui.style.theme import current_theme, theme_changed

HEIGHT = 190
DOT = 3.5
NEAR_THE_END = 0.1
"""Share of the points that a stroke may leave out at either end."""
STEPS = 40
"""Strokes of an arrow key from the bottom to the top."""


class CurvePad(QWidget):
    """So many points in a row between two numbers, in decades or plain; nothing is drawn at first."""

    changed = Signal()

    def __init__(
        self, points: int, low: float, high: float, *, decades: bool, axis: str, unit: str,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.low, self.high, self.decades, self.axis, self.unit = low, high, decades, axis, unit
        self.drawn: list[float | None] = [None] * points
        self.measured: tuple[float, ...] = ()
        self._at = 0
        """The point that arrow keys move."""
        self._last: int | None = None
        """The point that the hand was at last, while it draws."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.CrossCursor)
        with_text(self, lambda pad: pad.setFixedHeight(scaled(HEIGHT)))
        theme_changed.connect(self.update)
        self._tell()

    @property
    def complete(self) -> bool:
        """Whether every point is drawn."""
        return None not in self.drawn

    @property
    def answer(self) -> tuple[float, ...]:
        """The heights, from left to right."""
        return tuple(value for value in self.drawn if value is not None)

    def set_answer(self, values: Sequence[float]) -> None:
        """Draw what was drawn before."""
        if len(values) == len(self.drawn):
            self.drawn = [*values]
            self._tell()

    def reveal(self, measured: Sequence[float]) -> None:
        """The run's curve beside the drawn one, which stays."""
        self.measured = tuple(measured)
        self.setEnabled(False)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._tell()

    def _tell(self) -> None:
        done = sum(value is not None for value in self.drawn)
        said = f"{done} of {len(self.drawn)} points drawn. " if done < len(self.drawn) else ""
        here = self.drawn[self._at]
        place = f"{self.axis} {integer(self._at + 1)}: {'nothing yet' if here is None else number(here)}"
        self.setAccessibleName(f"Curve of {self.unit or 'numbers'} by {self.axis}")
        self.setAccessibleDescription(f"{said}{place}. Up and down move a point, left and right choose one.")
        self.setToolTip(
            "Draw with the mouse, or with the arrow keys: left and right choose a point, up and down move it."
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(scaled(280), scaled(HEIGHT))

    # -- places ---------------------------------------------------------------------------------------------------

    @property
    def _room(self) -> QRectF:
        """Where curves are, the axes' words around it."""
        metrics = self.fontMetrics()
        left = max(metrics.horizontalAdvance(text) for _, text in self._ticks()) + 10
        line = metrics.height()
        return QRectF(left, line + 6, max(self.width() - left - 8, 10), max(self.height() - 3 * line - 12, 10))

    def _share(self, value: float) -> float:
        """From 0 at the bottom to 1 at the top; off the drawing: its edge."""
        if math.isnan(value):
            return 0.0
        if self.decades:
            low, high = math.log10(self.low), math.log10(self.high)
            value = low if value <= 0 else math.log10(value) if value < math.inf else high
        else:
            low, high = self.low, self.high
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def _value(self, share: float) -> float:
        share = min(max(share, 0.0), 1.0)
        if self.decades:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + share * (self.high - self.low)

    def _place(self, index: int, value: float) -> QPointF:
        room = self._room
        across = (index + 0.5) / len(self.drawn)
        return QPointF(room.left() + across * room.width(), room.bottom() - self._share(value) * room.height())

    def _ticks(self) -> list[tuple[float, str]]:
        if not self.decades:
            return [(value, number(value)) for value in (self.low, (self.low + self.high) / 2, self.high)]
        low, high = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        every = max(1, (high - low) // 4)
        return [(10.0**power, power_of_ten(power)) for power in range(low, high + 1, every)]

    # -- hand -----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last = None
        self._draw_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._draw_to(event.position())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._last = None
        if self._fill_ends():
            self._tell()
            self.changed.emit()

    def _fill_ends(self) -> bool:
        """Whether points at the ends that a hand has nearly reached have become as high as the next one."""
        known = [index for index, value in enumerate(self.drawn) if value is not None]
        near = math.ceil(NEAR_THE_END * len(self.drawn))
        before = list(self.drawn)
        if known and known[0] <= near:
            self.drawn[: known[0]] = [self.drawn[known[0]]] * known[0]
        if known and len(self.drawn) - 1 - known[-1] <= near:
            self.drawn[known[-1] + 1 :] = [self.drawn[known[-1]]] * (len(self.drawn) - 1 - known[-1])
        return self.drawn != before

    def _draw_to(self, place: QPointF) -> None:
        """The point below the hand, and those that it has jumped over."""
        room, count = self._room, len(self.drawn)
        index = min(max(int((place.x() - room.left()) / room.width() * count), 0), count - 1)
        share = (room.bottom() - place.y()) / room.height()
        start = index if self._last is None else self._last
        before = self.drawn[start]
        begin = share if before is None else self._share(before)
        for step in range(abs(index - start) + 1):
            along = step / max(abs(index - start), 1)
            self.drawn[start + step * (1 if index >= start else -1)] = self._value(begin + along * (share - begin))
        self.drawn[index] = self._value(share)
        self._last = self._at = index
        self._tell()
        self.changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        lifts = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 5, Qt.Key.Key_PageDown: -5}
        key = Qt.Key(event.key())
        if key in moves:
            self._at = min(max(self._at + moves[key], 0), len(self.drawn) - 1)
        elif key in lifts:
            known = [value for value in self.drawn[: self._at + 1] if value is not None]
            here = self.drawn[self._at]
            share = self._share(here if here is not None else known[-1]) if known else 0.5
            self.drawn[self._at] = self._value(share + lifts[key] / STEPS)
            self.changed.emit()
        else:
            super().keyPressEvent(event)
            return
        self._tell()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    # -- paint ----------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, room = current_theme(), self._room
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), QColor(theme.panel))
            self._paint_axes(painter, room)
            drawn = [(index, value) for index, value in enumerate(self.drawn) if value is not None]
            self._paint_curve(painter, drawn, theme.accent, Qt.PenStyle.SolidLine)
            self._paint_curve(painter, [*enumerate(self.measured)], theme.warning, Qt.PenStyle.DashLine)
            if self.hasFocus() and self.isEnabled():
                painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
                x = self._place(self._at, self.low).x()
                painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
            if not drawn and not self.measured:
                painter.setPen(QColor(theme.muted))
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, "Draw your curve here")

    def _paint_axes(self, painter: QPainter, room: QRectF) -> None:
        theme, metrics = current_theme(), self.fontMetrics()
        line = metrics.height()
        for value, text in self._ticks():
            y = room.bottom() - self._share(value) * room.height()
            painter.setPen(QColor(theme.grid))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(QColor(theme.muted))
            place = QRectF(0, y - line / 2, room.left() - 5, line)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        painter.setPen(QColor(theme.muted))
        painter.drawText(QRectF(room.left(), 1, room.width(), line), Qt.AlignmentFlag.AlignLeft, self._legend())
        count = len(self.drawn)
        for index in sorted({0, count // 2, count - 1}):
            x = self._place(index, self.low).x()
            place = QRectF(x - 30, room.bottom() + 2, 60, line)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, integer(index + 1))
        foot = QRectF(room.left(), room.bottom() + 2 + line, room.width(), line)
        painter.drawText(foot, Qt.AlignmentFlag.AlignHCenter, self.axis)

    def _legend(self) -> str:
        left = sum(value is None for value in self.drawn)
        more = f"{count(left, 'point')} to draw" if 0 < left < len(self.drawn) else self.unit
        text = "● yours   ◆ the run" if self.measured else more
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, round(self._room.width()))

    def _paint_curve(
        self, painter: QPainter, points: Sequence[tuple[int, float]], colour: str, style: Qt.PenStyle
    ) -> None:
        """Dots for what is drawn, diamonds for the run: colour is never alone."""
        places = [self._place(index, value) for index, value in points]
        painter.setPen(QPen(QColor(colour), 1.5, style))
        painter.drawPolyline(QPolygonF(places))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        for place in places:
            if style == Qt.PenStyle.SolidLine:
                painter.drawEllipse(place, DOT, DOT)
            else:
                x, y, d = place.x(), place.y(), DOT + 1
                painter.drawPolygon(
                    QPolygonF([QPointF(x - d, y), QPointF(x, y - d), QPointF(x + d, y), QPointF(x, y + d)])
                )
        painter.setBrush(Qt.BrushStyle.NoBrush)
