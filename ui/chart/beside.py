"""What stands at the right of a pane and belongs to its heights: words for its rows, or a gauge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ui.chart.axes import plot_font
from ui.chart.pane import Pane
from ui.chart.pens import pen_of, transparent
from ui.style.text_size import scaled
from ui.style.theme import Theme

SHARE = 0.32
"""What words may take of the width of their plot."""


class RowText(NamedTuple):
    """A text, whether it is a warning, and what is left of it where room is short."""

    text: str
    warning: bool = False
    short: str = ""

    @property
    def brief(self) -> str:
        return self.short or self.text


LEAST_WIDTH = 180.0
"""Pixels of a plot from which there is room for a gauge."""
LEAST_ROW = 11.0
"""Pixels per row below which there is no room for words; warnings are then small blocks."""


class Beside(pg.GraphicsWidget):
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

    def give_room(self, width: float) -> None:
        """The whole plot has another width."""

    def tint(self, theme: Theme) -> None:
        """Take on a theme."""
        raise NotImplementedError

    def reset(self) -> None:
        """Another run begins."""

    def height_of(self, y: float) -> float:
        """Where a height of the pane's data stands here."""
        return float(self.mapFromScene(self.pane.data_to_scene(QPointF(0.0, y))).y())


class RowWords(Beside):
    """A few words for each row 0, 1, …, ``lift`` pixels above it; as wide as the longest of this run has been."""

    WARNING = 12.0

    def __init__(self, pane: Pane, lift: float = 0.0) -> None:
        super().__init__(pane)
        self.lift = lift
        self.words: Sequence[RowText] = ()
        self.text, self.warning = "#000000", "#000000"
        self._most = math.inf
        self._longest = [0.0, 0.0]
        """Pixels of the longest text and of the longest short one."""
        self._begun = False
        """Whether another run has begun of which no words are known yet: those of the last one stay so long."""

    def tint(self, theme: Theme) -> None:
        self.text, self.warning = theme.muted, theme.warning
        words, self.words, self._longest = self.words, (), [0.0, 0.0]
        self.set_words(words)
        self.update()

    def reset(self) -> None:
        """Another run may need less room, also where it says the same."""
        self._begun = True

    def give_room(self, width: float) -> None:
        self._most = SHARE * width
        self._fit()

    def set_words(self, words: Sequence[RowText]) -> None:
        same = list(words) == list(self.words)
        if same and not self._begun:
            return
        if self._begun:
            self._begun, self._longest = False, [0.0, 0.0]
        self.words = list(words)
        for place, texts in enumerate(zip(*((word.text, word.brief) for word in words), strict=True)):
            self._longest[place] = max([self._longest[place], *map(_width, texts)])
        self._fit()
        if not same:
            self.update()

    def _moved(self, *_args: object) -> None:
        super()._moved()
        self._fit()

    @property
    def _row(self) -> float:
        """Pixels from one row to the next."""
        return abs(self.height_of(1.0) - self.height_of(0.0))

    def _fit(self) -> None:
        """Room for the texts, or the short ones, or warnings at least, where rows are no less than a text is high."""
        legible = self._row >= scaled(LEAST_ROW)
        fitting = [width for width in self._longest if width <= self._most and legible]
        warned = any(word.warning for word in self.words)
        width = fitting[0] if fitting else self.WARNING * warned
        if width != self.maximumWidth():
            self.take_width(width)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        row, width = self._row, self.maximumWidth()
        painter.setFont(plot_font(10))
        for place, word in enumerate(self.words):
            if not (word.text or word.brief or word.warning):
                continue
            y = self.height_of(float(place)) - self.lift
            text = next((each for each in (word.text, word.brief) if _width(each) <= width), "")
            if row >= scaled(LEAST_ROW) and text:
                painter.setPen(QColor(self.warning if word.warning else self.text))
                box = QRectF(6, y - scaled(7), width - 6, 2 * scaled(7))
                painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            elif word.warning:
                painter.fillRect(QRectF(4, y - row / 2, 6, max(min(row, LEAST_ROW), 2.0)), QColor(self.warning))


def _width(text: str) -> float:
    return math.ceil(QFontMetricsF(plot_font(10)).horizontalAdvance(text)) + 8.0 if text else 0.0


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

    def give_room(self, width: float) -> None:
        self.take_width(self.WIDTH if width >= LEAST_WIDTH else 0.0)

    def show_value(self, value: float, limit: float) -> None:
        self.value, self.limit = value, limit
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not math.isfinite(self.value) or not self.maximumWidth():
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
