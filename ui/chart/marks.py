"""What is drawn inside a pane: few marks that paint much each, in logical pixels.

A mark is a frozen description in data coordinates. A plot makes a new one for each state; what stands on screen is an
item of its key (see :mod:`ui.chart.drawing`), which goes on to show the newest one. A mark is painted in the scene's
pixels, so that a pen of width 1 or a dot of radius 3 is the same on screen, in a picture of twice the size, and in a
vector file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from simulator.arrays.numeric import Floats
from ui.chart.dense_dots import DENSE as DENSE_DOTS
from ui.chart.dense_dots import draw_dense
from ui.chart.hatching import PLAIN, Hatch, hatching
from ui.chart.legend import Key
from ui.chart.pane import Pane
from ui.chart.pens import DASH_DOTTED, DASHED, DOTTED, SOLID, Dash, pen_of, transparent
from ui.chart.polygons import polygon, unbroken
from ui.chart.shapes import ORDER, draw_shape
from ui.style.theme import Theme


@dataclass
class Palette:
    """What all marks of a plot are coloured by."""

    theme: Theme
    highlighted: int = -1
    """Index of the layer that is pointed at; -1 none."""
    wordless: bool = False
    """For a picture that is too small for words."""

    def colour(self, name: str) -> str:
        """A field of the theme by its name; any other colour is itself."""
        return name if name.startswith("#") else str(getattr(self.theme, name, name))

    def highlighted_curve(self, layers: Sequence[int], shared: int) -> int:
        """The place among ``layers`` of the curve, each of ``shared`` layers, of the highlighted one; -1 none."""
        group = self.highlighted // shared
        return layers.index(group) if group in layers else -1


class Style(Struct, frozen=True):
    """How one of several states is told from the others: their colours stay those of what they are about."""

    dash: Dash = SOLID
    ghost: bool = False
    """Whether it is only there to be compared with, dimmed."""
    lane: int = 0
    """The place of the network that is shown, of several that are trained beside each other."""


LIVE, GHOST = Style(), Style(ghost=True)
LANES = tuple(Style(dash, lane=lane) for lane, dash in enumerate((SOLID, DASHED, DOTTED, DASH_DOTTED)))
"""How several networks are told from each other: by strokes and the shapes of dots."""


@dataclass(slots=True)
class Surface:
    """What a mark paints on: a painter in logical pixels, and the way there from data."""

    painter: QPainter
    to_pixels: QTransform
    pane: Pane
    palette: Palette
    style: Style

    def colour(self, name: str) -> str:
        return self.palette.colour(name)

    def places(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Where these data stand in pixels, across and down."""
        to_pixels = self.to_pixels
        return x * to_pixels.m11() + to_pixels.dx(), y * to_pixels.m22() + to_pixels.dy()

    def smooth(self, on: bool) -> None:
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, on)

    def dash(self, own: Dash) -> Dash:
        """That of the state where it has one, else the mark's own."""
        return self.style.dash or own


@dataclass(frozen=True, eq=False)
class Mark:
    """One thing that is drawn. Marks of one ``key`` follow each other: at most one is there for each state."""

    key: str
    _: KW_ONLY
    pane: int = 0
    """Which of the plot's panes it stands in."""
    z: float = 0.0
    """What has more lies over what has less."""
    ghost: str = ""
    """Its colour where its state is a ghost; without one a ghost is drawn without it."""

    def draw(self, surface: Surface) -> None:
        raise NotImplementedError

    @property
    def visible(self) -> bool:
        """Whether there is anything to draw at all."""
        return True

    def is_drawn(self, palette: Palette) -> bool:
        """Whether that is so with what is pointed at now."""
        return self.visible

    def looks_like(self, other: Mark) -> bool:
        """Whether both are drawn alike, so that one need not be drawn after the other; False where nobody can tell."""
        return False

    def keys(self, pane: Pane) -> Sequence[Key]:
        """What the legend says of it by itself."""
        return ()

    def dimmed(self) -> Mark:
        """What is drawn of it where its state is a ghost."""
        return self


@dataclass(frozen=True, eq=False)
class PlainMark(Mark):
    """A mark that is all in its fields: equal ones look alike."""

    def looks_like(self, other: Mark) -> bool:
        if type(other) is not type(self):
            return False
        ours, theirs = vars(self), vars(other)
        for name in self.__dataclass_fields__:  # A plain loop: for each mark of each frame.
            if ours[name] is not theirs[name] and not _is_equal(ours[name], theirs[name]):
                return False
        return True


def _is_equal(one: object, other: object) -> bool:
    """Arrays by their bytes, so that NaN is like NaN."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return (one.dtype, one.shape) == (other.dtype, other.shape) and one.tobytes() == other.tobytes()
    return bool(one == other)


MANY = 400
"""Points of a curve over more layers than can be told apart."""
DENSE = 256
"""Points of an outline."""


@dataclass(frozen=True, eq=False)
class Curves(PlainMark):
    """Many curves: one list of pieces each, colours by curve, that of the highlighted layer emphasised."""

    curves: Sequence[Sequence[QPolygonF]]
    _: KW_ONLY
    colours: Sequence[str] = ("text",)
    width: float = 1.0
    dash: Dash = SOLID
    dashes: Sequence[Dash] = ()
    """By curve, where they differ."""
    smooth: bool = False
    rough: bool = False
    """Whether it may go back and forth from point to point, as from layer to layer: through hundreds a pixel wide."""
    alpha: float = 1.0
    lone: bool = True
    """Whether a point between two gaps is drawn as a dot; not needed where dots do it."""
    layers: Sequence[int] = ()
    """The layer of each curve, where one is to be emphasised."""
    shared: int = 1
    """Layers, one after the other, that a curve is of: then ``layers`` counts these groups."""

    def dimmed(self) -> Curves:
        return replace(
            self, colours=(self.ghost,), dash=DASHED, dashes=(), width=1.0, alpha=1.0, lone=True, z=self.z - 0.5
        )

    @property
    def visible(self) -> bool:
        return any(self.curves)

    def draw(self, surface: Surface) -> None:
        surface.smooth(self.smooth)
        emphasis = surface.palette.highlighted_curve(self.layers, self.shared)
        alpha = self.alpha * (0.3 if emphasis >= 0 else 1.0)
        for index in range(len(self.curves)):
            if index != emphasis:
                self.draw_curve(surface, index, self._width(index), alpha)
        if 0 <= emphasis < len(self.curves):
            surface.smooth(True)
            self.draw_curve(surface, emphasis, self.width + 1.2, self.alpha)

    def _width(self, index: int) -> float:
        """A line of more than a pixel that goes back and forth through many points takes fifty times as long."""
        many = self.rough and any(piece.size() >= MANY for piece in self.curves[index])
        return min(self.width, 1.0) if many else self.width

    def colour(self, surface: Surface, index: int) -> str:
        return surface.colour(self.colours[index % len(self.colours)])

    def pen(self, surface: Surface, index: int, width: float, alpha: float) -> QPen:
        own = self.dashes[index % len(self.dashes)] if self.dashes else self.dash
        return pen_of(self.colour(surface, index), width, dash=surface.dash(own), alpha=alpha)

    def radius(self, index: int) -> float:
        """All that there is must be seen; a point between gaps need not stand out from its curve."""
        return 2.6 if len(self.curves[index]) == 1 else 1.2

    def draw_curve(self, surface: Surface, index: int, width: float, alpha: float) -> None:
        painter = surface.painter
        if self.curves[index]:
            painter.setPen(self.pen(surface, index, width, alpha))
        for piece in self.curves[index]:
            if piece.size() > 1:
                painter.drawPolyline(surface.to_pixels.map(piece))
            elif self.lone and piece.size():
                radius = self.radius(index)
                painter.setBrush(transparent(self.colour(surface, index), alpha))
                painter.drawEllipse(surface.to_pixels.map(piece.at(0)), radius, radius)


@dataclass(frozen=True, eq=False)
class Area(PlainMark):
    """A filled band between two curves, with gaps where either is not finite."""

    x: Floats
    low: Floats
    high: Floats
    _: KW_ONLY
    colour: str = "text"
    alpha: float = 0.18
    hatch: Hatch = ""
    z: float = -1.0

    def dimmed(self) -> Area:
        return replace(self, colour=self.ghost, alpha=self.alpha * 2 / 3, z=self.z - 1.0)

    @cached_property
    def bands(self) -> list[QPolygonF]:
        x, low, high = self.x, self.low, self.high
        return [
            polygon(np.concatenate((x[a:b], x[a:b][::-1])), np.concatenate((low[a:b], high[a:b][::-1])))
            for a, b in unbroken(np.isfinite(low) & np.isfinite(high))
        ]

    def draw(self, surface: Surface) -> None:
        painter = surface.painter
        colour, lane = surface.colour(self.colour), surface.style.lane
        painter.setBrush(transparent(colour, self.alpha * (0.4 if lane else 1.0)))
        painter.setPen(pen_of(colour, 0.7, dash=surface.dash(SOLID), alpha=0.6) if lane else QPen(Qt.PenStyle.NoPen))
        for band in self.bands:
            # The edge of a band through hundreds of points has no slopes that smoothing could show.
            surface.smooth(band.size() < DENSE)
            painter.drawPolygon(surface.to_pixels.map(band))
        if self.hatch:
            painter.setBrush(hatching(self.hatch, surface.colour("panel")))
            painter.setPen(Qt.PenStyle.NoPen)
            for band in self.bands:
                painter.drawPolygon(surface.to_pixels.map(band))


ROUND, HOLLOW, FLOOR, LOST, ABOVE = range(5)
"""Kinds of dots: a value, a value of second rank, at the lower edge of an axis, not finite, at the upper edge."""
BELOW = FLOOR


@dataclass(frozen=True, eq=False)
class Dots(PlainMark):
    """One dot per value; a triangle beyond an edge, an amber one at the top where it is not finite.

    Those of a further network are squares, diamonds or triangles.
    """

    x: Floats
    y: Floats
    kinds: NDArray[np.int8]
    _: KW_ONLY
    colours: Sequence[str] = ("text",)
    rows: Sequence[int] = ()
    """Each dot's place in the colours; 0, 1, … if not given."""
    radius: float = 4.2
    z: float = 2.0

    @property
    def visible(self) -> bool:
        return bool(len(self.x))

    def dimmed(self) -> Dots:
        return replace(self, colours=(self.ghost,), z=self.z - 1.0)

    def draw(self, surface: Surface) -> None:
        surface.smooth(True)
        count, (low, high) = len(self.x), surface.pane.shown[1]
        size = self.radius if count <= 40 else max(1.4, self.radius * 40 / count)
        warning, ground = surface.colour("warning"), surface.colour("panel")
        top = low if surface.pane.yInverted() else high
        tones, rimmed = [surface.colour(colour) for colour in self.colours], False
        painter, shape = surface.painter, ORDER[surface.style.lane % len(ORDER)]
        across, down = self._places(surface, top)
        rows, finite = np.asarray(self.rows or range(count), np.intp), np.isfinite(across) & np.isfinite(down)
        if count >= DENSE_DOTS and shape == "dot":
            plain = finite & (self.kinds == ROUND)
            places = across[plain], down[plain], rows[plain]
            draw_dense(painter, *places, tones, 2 * size - 1)
            finite &= ~plain
        rim, ring = pen_of(ground, 0.8) if size > 2.5 else QPen(Qt.PenStyle.NoPen), transparent(ground, 1.0)
        each = (part[finite].tolist() for part in (across, down, self.kinds, rows))
        for x, y, kind, row in zip(*each, strict=True):
            colour = warning if kind == LOST else tones[row % len(tones)]
            if kind not in (ROUND, HOLLOW):
                self._edge_triangle(painter, QPointF(x, y), size, kind, colour)
                rimmed = False
                continue
            if kind == HOLLOW:
                painter.setPen(pen_of(colour, 1.3))
            elif not rimmed:
                painter.setPen(rim)
            rimmed = kind == ROUND
            painter.setBrush(transparent(colour, 1.0) if rimmed else ring)
            draw_shape(painter, shape, QPointF(x, y), size)

    def _places(self, surface: Surface, top: float) -> tuple[Floats, Floats]:
        """Where each dot stands, in pixels; what is not finite at the top."""
        y = np.where(self.kinds == LOST, top, self.y)
        with np.errstate(over="ignore", invalid="ignore"):
            return surface.places(self.x, y)

    def _edge_triangle(self, painter: QPainter, at: QPointF, size: float, kind: int, colour: str) -> None:
        """Points out of the pane at the edge that a value lies beyond."""
        down = 1.0 if kind == FLOOR else -1.0
        shown = size + 0.8 if kind == LOST else size
        x, y = at.x(), at.y() - down * (size + 1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        base = y - down * shown
        painter.drawPolygon(
            QPolygonF([QPointF(x - shown, base), QPointF(x + shown, base), QPointF(x, y + down * shown)])
        )


@dataclass(frozen=True, eq=False)
class Bars(Mark):
    """Filled rectangles of data, ``least`` pixels wide and high in any case."""

    boxes: Sequence[QRectF]
    colours: Sequence[str]
    """By box."""
    _: KW_ONLY
    hatches: Sequence[Hatch] = ()
    """By box; all are plain if not given."""
    alpha: float = 1.0
    least: tuple[float, float] = (0.0, 0.0)

    def draw(self, surface: Surface) -> None:
        surface.smooth(False)
        wide, high = self.least
        tones = {colour: surface.colour(colour) for colour in set(self.colours)}
        ground, hatches = surface.colour("panel"), self.hatches or [PLAIN] * len(self.boxes)
        for box, colour, hatch in zip(self.boxes, self.colours, hatches, strict=True):
            rect = surface.to_pixels.mapRect(box)
            if rect.width() < wide:
                rect.moveLeft(rect.center().x() - wide / 2)
                rect.setWidth(wide)
            if rect.height() < high:
                rect.setHeight(high)
            surface.painter.fillRect(rect, transparent(tones[colour], self.alpha))
            surface.painter.fillRect(rect, hatching(hatch, ground))


@dataclass(frozen=True, eq=False)
class LayerHighlight(PlainMark):
    """Highlights one layer: a soft band over the pane at its place on the depth axis."""

    _: KW_ONLY
    along: str = "x"
    """The axis of the layers."""
    layers: Sequence[int] | None = None
    """The layer of each row; None: row and layer are one."""
    z: float = -5.0

    def is_drawn(self, palette: Palette) -> bool:
        return palette.highlighted >= 0

    def draw(self, surface: Surface) -> None:
        highlighted = surface.palette.highlighted
        (x0, x1), (y0, y1) = surface.pane.shown
        layers = range(highlighted + 1) if self.layers is None else self.layers
        rows = [row for row, layer in enumerate(layers) if layer == highlighted]
        for row in rows:
            low, high = row - 0.5, row + 0.5
            box = QRectF(x0, low, x1 - x0, 1.0) if self.along == "y" else QRectF(low, y0, high - low, y1 - y0)
            surface.painter.fillRect(surface.to_pixels.mapRect(box), transparent(surface.colour("accent"), 0.13))
