"""What stands at the right of a pane and belongs to its heights: words for its rows, or a gauge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ui.plots.axes import plot_font
from ui.plots.items import pen_of, transparent
from ui.style.theme import Theme

if TYPE_CHECKING:
    from ui.plots.canvas import Pane

Words = tuple[str, bool]
"""A text, and whether it is a warning."""
LEAST_ROW = 11.0
"""Pixels per row below which there is no room for words; warnings are then small blocks."""


class Beside(pg.GraphicsWidget):  # type: ignore[misc]
    """Outside the pane, so that it covers no data."""

    def __init__(self, pane: Pane) -> None:
        super().__init__()
        self.pane = pane
        self.take_width(0.0)
        pane.sigRangeChanged.connect(self._moved)
        pane.sigResized.connect(self._moved)

    def _moved(self, *_args: object) -> None:
        self.update()

    def take_width(self, width: float) -> None:
        for fix in (self.setMinimumWidth, self.setPreferredWidth, self.setMaximumWidth):
            fix(width)

    def height_of(self, y: float) -> float:
        """Where a height of the pane's data stands here."""
        return float(self.mapFromScene(self.pane.data_to_scene(QPointF(0.0, y))).y())


class RowWords(Beside):
    """A few words for each row 0, 1, …, ``lift`` pixels above it; as wide as the longest of this run has been."""

    def __init__(self, pane: Pane, lift: float = 0.0) -> None:
        super().__init__(pane)
        self.lift = lift
        self.words: Sequence[Words] = ()
        self.text, self.warning = "#000000", "#000000"

    def tint(self, theme: Theme) -> None:
        self.text, self.warning = theme.muted, theme.warning
        self.update()

    def reset(self) -> None:
        """Another run may need less room."""
        self.take_width(0.0)

    def set_words(self, words: Sequence[Words]) -> None:
        if list(words) != list(self.words):
            self.words = list(words)
            metrics = QFontMetricsF(plot_font(10))
            needed = max((metrics.horizontalAdvance(text) + 8 for text, _ in words if text), default=0.0)
            if needed > self.maximumWidth():
                self.take_width(math.ceil(needed))
            self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        row = abs(self.height_of(1.0) - self.height_of(0.0))
        painter.setFont(plot_font(10))
        for place, (text, warning) in enumerate(self.words):
            y = self.height_of(float(place)) - self.lift
            if row >= LEAST_ROW:
                painter.setPen(QColor(self.warning if warning else self.text))
                box = QRectF(6, y - 7, self.size().width() - 6, 14)
                painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            elif warning:
                painter.fillRect(QRectF(4, y - row / 2, 6, max(row, 2.0)), QColor(self.warning))


class Gauge(Beside):
    """A bar from 0 to the present value, with a tick at its limit; amber beyond it."""

    WIDTH, BAR = 22.0, 12.0

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane)
        self.take_width(self.WIDTH)
        self.value, self.limit = math.nan, math.nan
        self.colour, self.warning, self.line = "#000000", "#000000", "#000000"

    def tint(self, theme: Theme) -> None:
        self.colour, self.warning, self.line = theme.accent, theme.warning, theme.text
        self.update()

    def show_value(self, value: float, limit: float) -> None:
        self.value, self.limit = value, limit
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not math.isfinite(self.value):
            return
        low, high = self.pane.shown[1]
        ends = [self.height_of(min(max(value, low), high)) for value in (self.value, 0.0)]
        left = self.WIDTH - self.BAR - 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(transparent(self.warning if self.value > self.limit else self.colour, 0.55))
        painter.drawRect(QRectF(left, min(ends), self.BAR, abs(ends[1] - ends[0])))
        if low <= self.limit <= high:
            painter.setPen(pen_of(self.line, 1.0))
            y = self.height_of(self.limit)
            painter.drawLine(QPointF(left - 2, y), QPointF(left + self.BAR + 2, y))
