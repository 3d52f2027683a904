"""The colour bar beside an image, which gives its colours numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ui.chart.axes import TEXT_PIXELS, plot_font
from ui.chart.colour_tables import FIRST
from ui.chart.pens import pen_of
from ui.style.text_size import scaled
from ui.style.theme import Theme


class ColourBar(pg.GraphicsWidget):
    """A vertical ramp with numbers beside it and its name along it."""

    WIDTH = 72.0
    ROOMY, NARROW = 280.0, 200.0
    """Pixels of a plot from which there is room for the whole bar, and for the bar without its name."""

    def __init__(self, name: str, table: Callable[[Theme], Sequence[int]] | None = None) -> None:
        """``table`` gives the colour table of a theme; without one see :meth:`set_colours`."""
        super().__init__()
        self.name = name
        self._table = table
        self.colours: list[int] = []
        self._given: Sequence[str] = ()
        """What they were taken from."""
        self.ticks: tuple[tuple[float, str], ...] = ()
        self.text, self.line = "#000000", "#000000"
        self.room = 0.0
        self._plot_width = self.ROOMY
        self.make_room()

    def give_room(self, width: float) -> None:
        """The whole plot has another width: where it is narrow, the data comes first."""
        if width != self._plot_width:
            self._plot_width = width
            self.make_room()

    @property
    def has_room(self) -> bool:
        """Whether ramp and numbers are shown at all."""
        return self._plot_width >= self.NARROW

    @property
    def span(self) -> str:
        """Its numbers in words: ``10⁻³ … 1``; nothing where it has none."""
        return f"{self.ticks[0][1]} … {self.ticks[-1][1]}" if len(self.ticks) > 1 else ""

    def reset(self) -> None:
        """Another run begins."""

    def tint(self, theme: Theme) -> None:
        if self._table is not None:
            self.colours = [*self._table(theme)[FIRST:]]
        self.text, self.line = theme.muted, theme.border
        self.make_room()
        self.update()

    def dress(self, name: str, table: Callable[[Theme], Sequence[int]], theme: Theme) -> None:
        """Be of something else."""
        if (name, table) != (self.name, self._table):
            self.name, self._table = name, table
            self.tint(theme)

    def set_colours(self, colours: Sequence[str]) -> None:
        """Take the ramp from a list of colours, the first one on top."""
        if colours != self._given:
            self._given = colours
            self.colours = [QColor(colour).rgba() for colour in reversed(colours)]
            self.update()

    def set_ticks(self, ticks: Sequence[tuple[float, str]]) -> None:
        """Numbers at shares 0 (bottom) … 1 (top) of the ramp."""
        if tuple(ticks) != self.ticks:
            self.ticks = tuple(ticks)
            self.make_room()
            self.update()

    def make_room(self) -> None:
        """For the longest number, and for the name where the plot has room."""
        width = QFontMetricsF(plot_font()).horizontalAdvance
        self.room = max((width(text) for _, text in self.ticks), default=0.0)
        named, shown = self._plot_width >= self.ROOMY, self.has_room
        own = max(scaled(self.WIDTH), self.room + 28 + scaled(16)) if named else (self.room + 26) * shown
        for fix in (self.setMinimumWidth, self.setPreferredWidth, self.setMaximumWidth):
            fix(own)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not self.colours or not self.maximumWidth():
            return
        box = QRectF(10, 5, 9, max(self.size().height() - 10, 1))
        self._ramp(painter, box)
        painter.setFont(plot_font())
        painter.setPen(QColor(self.text))
        for share, text in self._apart(box.height()):
            y = box.bottom() - share * box.height()
            painter.drawText(
                QRectF(box.right() + 4, y - scaled(8), self.room + 2, 2 * scaled(8)),
                Qt.AlignmentFlag.AlignVCenter,
                text,
            )
        length = QFontMetricsF(plot_font()).horizontalAdvance(self.name)
        if self._plot_width >= self.ROOMY and length <= self.size().height():
            self._name(painter, box.center().y())

    def _apart(self, height: float) -> Sequence[tuple[float, str]]:
        """Ticks whose numbers stand apart: all, or every second one from below, every third …"""
        ticks, room = sorted(self.ticks), scaled(TEXT_PIXELS + 2) / height
        chosen = (ticks[::every] for every in range(1, len(ticks) + 1))
        return next((each for each in chosen if self._least(each) >= room), ticks[:1])

    @staticmethod
    def _least(ticks: Sequence[tuple[float, str]]) -> float:
        return min((above[0] - below[0] for below, above in pairwise(ticks)), default=1.0)

    def _name(self, painter: QPainter, middle: float) -> None:
        painter.save()
        painter.translate(self.size().width() - 1, middle)
        painter.rotate(-90)
        painter.drawText(
            QRectF(-200, -scaled(TEXT_PIXELS) - 2, 400, scaled(TEXT_PIXELS) + 3),
            Qt.AlignmentFlag.AlignCenter,
            self.name,
        )
        painter.restore()

    def _ramp(self, painter: QPainter, box: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        rows = min(len(self.colours), 64)
        height = box.height() / rows
        for i in range(rows):
            colour = QColor.fromRgba(self.colours[round(i * (len(self.colours) - 1) / max(rows - 1, 1))])
            painter.fillRect(QRectF(box.left(), box.bottom() - (i + 1) * height, box.width(), height + 0.6), colour)
        painter.setPen(pen_of(self.line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        for share, _ in self.ticks:
            y = box.bottom() - share * box.height()
            painter.drawLine(QPointF(box.right(), y), QPointF(box.right() + 3, y))
