"""The learning rate against the step, as a small picture with the present step marked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from simulator.parts.schedules import Schedule
from ui.style.curves import path_through
from ui.style.numbers import integer, number
from ui.style.text_size import scaled, with_text

POINTS = 240
PERIODS = 2.5
PLAIN_HORIZON = 1000


def horizon_of(schedule: Schedule, step: int = 0) -> int:
    """Steps worth drawing: some periods of the schedule, doubled until the present step is inside."""
    horizon = max(int(PERIODS * (schedule.span or PLAIN_HORIZON)), 2)
    while step > horizon:
        horizon *= 2
    return horizon


class ScheduleCurve(QWidget):
    """Rate η (vertical, from 0) over the step (horizontal)."""

    def __init__(self) -> None:
        super().__init__()
        self._rate: Callable[[int], float] = lambda step: 0.0
        self._schedule: Schedule | None = None
        self._base = 0.0
        self._step = 0
        self._horizon = PLAIN_HORIZON
        self._rates: list[float] = []
        self._path: tuple[QRectF, list[float | None], QPainterPath] | None = None
        """As it was painted last, in which rectangle, of which heights: those of a held rate are always the same."""
        with_text(self, lambda curve: curve.setFixedHeight(scaled(64)))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("learning rate schedule")

    @property
    def horizon(self) -> int:
        return self._horizon

    def sizeHint(self) -> QSize:
        return QSize(260, scaled(64))

    def set_schedule(self, schedule: Schedule, base: float) -> None:
        """Draw ``schedule.rate(base, step)``."""
        if (schedule, base) != (self._schedule, self._base):
            self._schedule, self._base = schedule, base
            self._sample()

    def set_step(self, step: int) -> None:
        """Mark the present step."""
        if step == self._step:
            return
        self._step = step
        if self._schedule is not None and horizon_of(self._schedule, step) != self._horizon:
            self._sample()
        self.update()

    def rewrite(self) -> None:
        """Write the numbers anew."""
        if self._schedule is not None:
            self._sample()

    def _sample(self) -> None:
        assert self._schedule is not None
        self._horizon = horizon_of(self._schedule, self._step)
        steps = [round(i * self._horizon / (POINTS - 1)) for i in range(POINTS)]
        self._rates = [self._rate_at(step) for step in steps]
        self.setToolTip(f"Learning rate over the next {integer(self._horizon)} steps.")
        self.update()

    def _rate_at(self, step: int) -> float:
        assert self._schedule is not None
        try:
            return float(self._schedule.rate(self._base, step))
        except (OverflowError, ZeroDivisionError):
            return math.inf

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._schedule is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            top = max((r for r in self._rates if math.isfinite(r)), default=0.0)
            area = QRectF(8, 8, self.width() - 16, self.height() - 8 - scaled(18))
            self._paint_axes(painter, area, top)
            self._paint_curve(painter, area, top)

    def _paint_axes(self, painter: QPainter, area: QRectF, top: float) -> None:
        line = self.palette().color(QPalette.ColorRole.Mid)
        painter.setPen(QPen(line, 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        font = painter.font()
        font.setPixelSize(max(self.fontInfo().pixelSize() - 2, 9))
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        below = QRectF(area.left(), area.bottom() + 1, area.width(), scaled(16))
        now = self._rate_at(self._step)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"η {number(now)} (peak {number(top)})")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{integer(self._horizon)} steps")

    def _paint_curve(self, painter: QPainter, area: QRectF, top: float) -> None:
        heights = [_height(rate, top) if math.isfinite(rate) else None for rate in self._rates]
        if self._path is None or self._path[:2] != (area, heights):
            self._path = area, heights, _path_in(area, heights)
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setPen(QPen(accent, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path[2])
        now = _height(self._finite(self._step), top)
        self._paint_step(painter, area, _place(area, self._step / self._horizon, now))

    def _finite(self, step: int) -> float:
        rate = self._rate_at(step)
        return rate if math.isfinite(rate) else 0.0

    def _paint_step(self, painter: QPainter, area: QRectF, at: QPointF) -> None:
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Mid), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(at.x(), area.top()), QPointF(at.x(), area.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawEllipse(at, 3, 3)


def _height(rate: float, top: float) -> float:
    """As a share, where ``top`` is the highest of all."""
    return rate / top if top > 0 else 0.0


def _place(area: QRectF, share: float, height: float) -> QPointF:
    """Of a height after a ``share`` of the horizon."""
    return QPointF(area.left() + share * area.width(), area.bottom() - height * area.height())


def _path_in(area: QRectF, heights: Sequence[float | None]) -> QPainterPath:
    return path_through(
        None if height is None else _place(area, index / (POINTS - 1), height) for index, height in enumerate(heights)
    )
