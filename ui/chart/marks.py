"""What is drawn inside a pane: few items that paint much each, in logical pixels.

Every item lives in data coordinates but paints in the scene's pixels, so that a pen of width 1 or a marker of
radius 3 is the same on screen, in a picture of twice the size, and in a vector file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

if TYPE_CHECKING:
    from ui.chart.canvas import Pane

Array = NDArray[np.float64]


def polygon(x: Array, y: Array) -> QPolygonF:
    if not len(x):
        return QPolygonF()
    return pg.functions.arrayToQPolygonF(x, y)


def pieces(x: Array, y: Array) -> list[QPolygonF]:
    """The curve through all finite points, cut where ``y`` is not finite."""
    good = np.isfinite(y)
    if good.all():
        return [polygon(x, y)]
    edges = np.flatnonzero(np.diff(np.concatenate(([0], good.astype(np.int8), [0]))))
    return [polygon(x[a:b], y[a:b]) for a, b in zip(edges[::2], edges[1::2], strict=True)]


@lru_cache(1024)
def pen_of(
    colour: str,
    width: float = 1.0,
    *,
    dashed: bool = False,
    alpha: float = 1.0,
    cap: Qt.PenCapStyle = Qt.PenCapStyle.SquareCap,
) -> QPen:
    """Kept for the next frame: not to be changed."""
    pen = QPen(transparent(colour, alpha), width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin if width > 1 else Qt.PenJoinStyle.BevelJoin)
    pen.setCapStyle(cap)
    if dashed:
        pen.setDashPattern([4.0, 3.0])
    return pen


@lru_cache(1024)
def transparent(colour: str, alpha: float) -> QColor:
    """Kept for the next frame: not to be changed."""
    tone = QColor(colour)
    tone.setAlphaF(alpha)
    return tone


class Item(QGraphicsItem):
    """Bounds are the pane's view; :meth:`draw` gets a painter in logical pixels and the way there from data."""

    def __init__(self, pane: Pane, z: float = 0.0) -> None:
        super().__init__()
        self.pane = pane
        pane.hold(self)
        self.setZValue(z)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        return self.pane.bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        view = self.sceneTransform()
        back, possible = view.inverted()
        if not possible:
            return
        painter.save()
        try:
            painter.setWorldTransform(back * painter.worldTransform())
            self.draw(painter, self.pane.scaling * view)
        finally:
            painter.restore()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        raise NotImplementedError


class Curves(Item):
    """Many curves: one list of pieces each, colours by curve, one of them emphasised."""

    def __init__(self, pane: Pane, z: float = 0.0, *, width: float = 1.0, dashed: bool = False, smooth: bool = False):
        super().__init__(pane, z)
        self.width, self.dashed, self.smooth = width, dashed, smooth
        self.alpha = 1.0
        self.lone = True
        """Whether a point between two gaps is drawn as a dot; not needed where markers do it."""
        self.colours: Sequence[str] = ()
        self.emphasis = -1
        self.curves: Sequence[list[QPolygonF]] = ()

    def set_curves(self, curves: Sequence[list[QPolygonF]]) -> None:
        self.curves = curves
        self.update()

    def set_colours(self, colours: Sequence[str], alpha: float = 1.0) -> None:
        self.colours, self.alpha = colours, alpha
        self.update()

    def emphasise(self, index: int) -> None:
        if index != self.emphasis:
            self.emphasis = index
            self.update()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.smooth)
        emphasised = 0 <= self.emphasis < len(self.curves)
        alpha = self.alpha * (0.3 if emphasised else 1.0)
        for index in range(len(self.curves)):
            if index != self.emphasis:
                self._curve(painter, there, index, self.width, alpha)
        if emphasised:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            self._curve(painter, there, self.emphasis, self.width + 1.2, self.alpha)

    def _pen(self, index: int, colour: str, width: float, alpha: float) -> QPen:
        return pen_of(colour, width, dashed=self.dashed, alpha=alpha)

    def _radius(self, index: int) -> float:
        """All that there is must be seen; a point between gaps need not stand out from its curve."""
        return 2.6 if len(self.curves[index]) == 1 else 1.2

    def _curve(self, painter: QPainter, there: QTransform, index: int, width: float, alpha: float) -> None:
        colour = self.colours[index % len(self.colours)]
        painter.setPen(self._pen(index, colour, width, alpha))
        radius = self._radius(index)
        for piece in self.curves[index]:
            if piece.size() > 1:
                painter.drawPolyline(there.map(piece))
            elif self.lone and piece.size():
                painter.setBrush(transparent(colour, alpha))
                painter.drawEllipse(there.map(piece.at(0)), radius, radius)


DENSE = 256
"""Points of an outline."""


class Area(Item):
    """A filled band between two curves, with gaps where either is not finite."""

    def __init__(self, pane: Pane, z: float = -1.0, alpha: float = 0.18) -> None:
        super().__init__(pane, z)
        self.alpha = alpha
        self.colour = "#000000"
        self.bands: list[QPolygonF] = []

    def set_band(self, x: Array, low: Array, high: Array) -> None:
        good = np.isfinite(low) & np.isfinite(high)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], good.astype(np.int8), [0]))))
        self.bands = []
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            outline = np.concatenate((low[a:b], high[a:b][::-1]))
            self.bands.append(polygon(np.concatenate((x[a:b], x[a:b][::-1])), outline))
        self.update()

    def clear(self) -> None:
        self.bands = []
        self.update()

    def set_colour(self, colour: str) -> None:
        self.colour = colour
        self.update()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        tone = transparent(self.colour, self.alpha)
        painter.setBrush(tone)
        painter.setPen(Qt.PenStyle.NoPen)
        for band in self.bands:
            # The edge of a band through hundreds of points has no slopes that smoothing could show.
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, band.size() < DENSE)
            painter.drawPolygon(there.map(band))


ROUND, HOLLOW, FLOOR, LOST, ABOVE = range(5)
"""Kinds of dots: a value, a value of second rank, at the lower edge of an axis, not finite, at the upper edge."""
BELOW = FLOOR


class Dots(Item):
    """One marker per layer; a triangle beyond an edge, an amber one at the top where it is not finite."""

    def __init__(self, pane: Pane, z: float = 2.0, radius: float = 4.2) -> None:
        super().__init__(pane, z)
        self.radius = radius
        self.colours: Sequence[str] = ("#000000",)
        self.ground, self.warning = "#ffffff", "#000000"
        self.emphasis = -1
        self.rows: list[int] = []
        """Which of the colours each dot has."""
        self.xs: list[float] = []
        self.ys: list[float] = []
        self.kinds: list[int] = []

    def set_dots(self, x: Array, y: Array, kinds: NDArray[np.int8], rows: Sequence[int] = ()) -> None:
        """``rows``: each dot's place in the colours, 0, 1, … if not given."""
        self.xs, self.ys, self.kinds = x.tolist(), y.tolist(), kinds.tolist()
        self.rows = list(rows or range(len(self.xs)))
        self.update()

    def set_colours(self, colours: Sequence[str], ground: str, warning: str) -> None:
        self.colours, self.ground, self.warning = colours, ground, warning
        self.update()

    def emphasise(self, index: int) -> None:
        if index != self.emphasis:
            self.emphasis = index
            self.update()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        count = len(self.xs)
        radius = self.radius if count <= 40 else max(1.4, self.radius * 40 / count)
        for i in range(count):
            size = radius + (2.0 if i == self.emphasis else 0.0)
            place = there.map(QPointF(self.xs[i], self.ys[i] if self.kinds[i] != LOST else self._top()))
            self._dot(painter, place, size, self.kinds[i], self.colours[self.rows[i] % len(self.colours)])

    def _top(self) -> float:
        low, high = self.pane.shown[1]
        return float(low if self.pane.yInverted() else high)

    def _dot(self, painter: QPainter, at: QPointF, size: float, kind: int, colour: str) -> None:
        if not (np.isfinite(at.x()) and np.isfinite(at.y())):
            return
        if kind == LOST:
            self._triangle(painter, QPointF(at.x(), at.y() + size + 1), size + 0.8, -1.0, self.warning)
        elif kind == FLOOR:
            self._triangle(painter, QPointF(at.x(), at.y() - size - 1), size, 1.0, colour)
        elif kind == ABOVE:
            self._triangle(painter, QPointF(at.x(), at.y() + size + 1), size, -1.0, colour)
        else:
            painter.setPen(self._rim(kind, colour, size))
            painter.setBrush(transparent(self.ground if kind == HOLLOW else colour, 1.0))
            painter.drawEllipse(at, size - 0.5, size - 0.5)

    def _rim(self, kind: int, colour: str, size: float) -> QPen:
        if kind == HOLLOW:
            return pen_of(colour, 1.3)
        return pen_of(self.ground, 0.8) if size > 2.5 else QPen(Qt.PenStyle.NoPen)

    @staticmethod
    def _triangle(painter: QPainter, at: QPointF, size: float, way: float, colour: str) -> None:
        x, y = at.x(), at.y()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawPolygon(
            QPolygonF(
                [QPointF(x - size, y - way * size), QPointF(x + size, y - way * size), QPointF(x, y + way * size)]
            )
        )


class LayerHighlight(Item):
    """Highlights one layer: a soft band over the pane at its place on the depth axis."""

    def __init__(self, pane: Pane, *, along: str, z: float = -5.0) -> None:
        super().__init__(pane, z)
        self.along = along
        self.colour = "#000000"
        self.index = -1

    def point_at(self, index: int) -> None:
        if index != self.index:
            self.index = index
            self.update()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        if self.index < 0:
            return
        (x0, x1), (y0, y1) = self.pane.shown
        low, high = self.index - 0.5, self.index + 0.5
        box = QRectF(x0, low, x1 - x0, 1.0) if self.along == "y" else QRectF(low, y0, high - low, y1 - y0)
        tone = transparent(self.colour, 0.13)
        painter.fillRect(there.mapRect(box), tone)


class Crosshair(Item):
    """The vertical hair line under the pointer; never part of an exported picture."""

    def __init__(self, pane: Pane, z: float = 8.0) -> None:
        super().__init__(pane, z)
        self.colour = "#000000"
        self.place: float | None = None

    def put(self, x: float | None) -> None:
        if x != self.place:
            self.place = x
            self.update()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        if self.place is not None:
            y0, y1 = self.pane.shown[1]
            painter.setPen(pen_of(self.colour, 1.0, alpha=0.6))
            painter.drawLine(there.map(QPointF(self.place, y0)), there.map(QPointF(self.place, y1)))
