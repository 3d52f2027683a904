"""Images in data coordinates, colours by a table of 256, and the colour bar that gives them numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ui.chart.axes import TEXT_PIXELS, VECTOR, plot_font
from ui.chart.marks import Item, pen_of
from ui.style.colours import ramp
from ui.style.theme import Theme

if TYPE_CHECKING:
    from ui.chart.canvas import Pane

NOTHING, ZERO, LOST, FIRST, LAST = 0, 1, 2, 3, 255
"""Places in the colour table: no data, exactly 0, not finite, and the ramp between the last two."""


def colour_table(theme: Theme, colour: str) -> list[int]:
    """RGBA of all 256 places: a ramp from the panel to ``colour`` and beyond it, neutral for 0, amber for NaN and ∞."""
    end = "#101218" if not theme.dark else "#ffffff"
    stops = ramp((theme.panel, colour, end), 9)
    shades = ramp(stops[1:8], LAST - FIRST + 1)
    fixed = [
        QColor(0, 0, 0, 0).rgba(),
        QColor(theme.border).rgba(),
        QColor(theme.lost).rgba(),
    ]
    return [*fixed, *(QColor(shade).rgba() for shade in shades)]


def indexed(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.uint8]:
    """Places in the colour table for ``values`` between ``low`` and ``high``.

    −∞ means "exactly 0" (a log), NaN "no data", +∞ "not finite"; what lies outside takes the nearest colour.
    """
    span = max(high - low, 1e-300)
    with np.errstate(over="ignore"):
        scaled = (values / span - low / span) * (LAST - FIRST) + FIRST
    places = np.clip(np.nan_to_num(scaled, nan=0.0, posinf=0.0, neginf=0.0), FIRST, LAST).astype(np.uint8)
    places[np.isnan(values)] = NOTHING
    places[np.isneginf(values)] = ZERO
    places[np.isposinf(values)] = LOST
    return places


class Heat(Item):
    """An image of places in a colour table over a rectangle of data; row 0 at the smallest y."""

    def __init__(self, pane: Pane, z: float = -2.0) -> None:
        super().__init__(pane, z)
        self.table: list[int] = [0] * 256
        self.image = QImage()
        self.rect = QRectF()
        self.places: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
        """What is drawn by the colour table."""
        self._bytes = b""

    def set_table(self, table: list[int]) -> None:
        self.table = table
        if not self.image.isNull():
            self.image.setColorTable(table)
        self.update()

    def set_places(self, places: NDArray[np.uint8], rect: QRectF) -> None:
        """``places`` is (rows, columns)."""
        rows, columns = places.shape
        self.places = places
        self._bytes = np.ascontiguousarray(places).tobytes()
        self.image = QImage(self._bytes, columns, rows, columns, QImage.Format.Format_Indexed8)
        self.image.setColorTable(self.table)
        self.rect = rect
        self.update()

    def set_pixels(self, pixels: NDArray[np.uint8], rect: QRectF) -> None:
        """``pixels`` is (rows, columns, 4): blue, green, red, unused."""
        rows, columns = pixels.shape[:2]
        self._bytes = np.ascontiguousarray(pixels).tobytes()
        self.image = QImage(self._bytes, columns, rows, 4 * columns, QImage.Format.Format_RGB32)
        self.rect = rect
        self.update()

    def clear(self) -> None:
        self.image = QImage()
        self.update()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        if self.image.isNull():
            return
        image = self.image
        if painter.paintEngine().type() in VECTOR:
            image = _enlarged(image)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        start, end = there.map(self.rect.topLeft()), there.map(self.rect.bottomRight())
        painter.translate(start)
        painter.scale((end.x() - start.x()) / image.width(), (end.y() - start.y()) / image.height())
        painter.drawImage(QPointF(0.0, 0.0), image)


def _enlarged(image: QImage) -> QImage:
    """Cells of several pixels, so that a viewer that smooths images leaves them square."""
    across, down = (max(1, 1600 // max(length, 1)) for length in (image.width(), image.height()))
    whole = image.convertToFormat(QImage.Format.Format_ARGB32)
    return whole.scaled(image.width() * across, image.height() * down)


class ColourBar(pg.GraphicsWidget):
    """A vertical ramp with numbers beside it and its name along it."""

    WIDTH = 72.0
    ROOMY, NARROW = 280.0, 200.0
    """Pixels of a plot from which there is room for the whole bar, and for the bar without its name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.colours: list[int] = []
        self.ticks: tuple[tuple[float, str], ...] = ()
        self.text, self.line = "#000000", "#000000"
        self.room = 0.0
        self._plot_width = self.ROOMY
        self._make_room()

    def give_room(self, width: float) -> None:
        """The whole plot has another width: where it is narrow, the data comes first."""
        if width != self._plot_width:
            self._plot_width = width
            self._make_room()

    def tint(self, theme: Theme, table: list[int]) -> None:
        self.colours = table[FIRST:]
        self.text, self.line = theme.muted, theme.border
        self.update()

    def tint_plain(self, theme: Theme, colours: Sequence[str]) -> None:
        """Take the ramp from a list of colours, the first one on top."""
        self.colours = [QColor(colour).rgba() for colour in reversed(colours)]
        self.text, self.line = theme.muted, theme.border
        self.update()

    def set_ticks(self, ticks: Sequence[tuple[float, str]]) -> None:
        """Numbers at shares 0 (bottom) … 1 (top) of the ramp."""
        if tuple(ticks) != self.ticks:
            self.ticks = tuple(ticks)
            self._make_room()
            self.update()

    def _make_room(self) -> None:
        """For the longest number, and for the name where the plot has room."""
        width = QFontMetricsF(plot_font()).horizontalAdvance
        self.room = max((width(text) for _, text in self.ticks), default=0.0)
        named, shown = self._plot_width >= self.ROOMY, self._plot_width >= self.NARROW
        own = max(self.WIDTH, self.room + 44) if named else (self.room + 26) * shown
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
            painter.drawText(QRectF(box.right() + 4, y - 8, self.room + 2, 16), Qt.AlignmentFlag.AlignVCenter, text)
        length = QFontMetricsF(plot_font()).horizontalAdvance(self.name)
        if self._plot_width >= self.ROOMY and length <= self.size().height():
            self._name(painter, box.center().y())

    def _apart(self, height: float) -> Sequence[tuple[float, str]]:
        """Ticks whose numbers stand apart: all, or every second one from below, every third …"""
        ticks, room = sorted(self.ticks), (TEXT_PIXELS + 2) / height
        chosen = (ticks[::every] for every in range(1, len(ticks) + 1))
        return next((each for each in chosen if self._least(each) >= room), ticks[:1])

    @staticmethod
    def _least(ticks: Sequence[tuple[float, str]]) -> float:
        return min((above[0] - below[0] for below, above in pairwise(ticks)), default=1.0)

    def _name(self, painter: QPainter, middle: float) -> None:
        painter.save()
        painter.translate(self.size().width() - 1, middle)
        painter.rotate(-90)
        painter.drawText(QRectF(-100, -TEXT_PIXELS - 2, 200, TEXT_PIXELS + 3), Qt.AlignmentFlag.AlignCenter, self.name)
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
