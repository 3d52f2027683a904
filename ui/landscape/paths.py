"""Marks of a race: paths with their heads, the start that can be dragged, and one step taken apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPolygonF

from simulator.arrays.numeric import Floats
from simulator.landscape.function import Window
from simulator.landscape.step_terms import StepTerms
from ui.chart.marks import Mark, Surface
from ui.chart.pens import Dash, pen_of
from ui.chart.polygons import pieces
from ui.chart.shapes import DotShape, draw_shape
from ui.landscape.strokes import draw_strokes

AROUND = 0.25
"""Windows around what is seen in which paths are drawn too: a hand may move the view."""
SHORT, LONG = 14.0, 70.0
"""Pixels: arrows whose longest is shorter than the first are drawn as long as the second."""
HEAD = 7.0
MANY, FINE = 1000, 2000.0
"""Points from which on a path is thinned out, and cells of a window along each axis that are told apart."""


def lines_of(places: Floats, window: Window) -> list[Floats]:
    """What of a path lies in a window or near it, in pieces; points that nobody can tell apart go.

    (points, 2) each. A line costs what it is long, also where nobody sees it, so each way is cut at the border.
    """
    (x0, x1), (y0, y1) = window
    span = np.array([x1 - x0, y1 - y0])
    low, high = np.array([x0, y0]) - AROUND * span, np.array([x1, y1]) + AROUND * span
    seen = _told_apart(places, span)
    begin, end, inside = _cut(seen, low, high)
    ways = np.flatnonzero(inside)
    if not len(ways):
        return []
    # A way goes on where the one before ends, unless that was cut.
    apart = np.flatnonzero((np.diff(ways) > 1) | (begin[ways[1:]] != end[ways[:-1]]).any(axis=1)) + 1
    return [np.concatenate([begin[each[:1]], end[each]]) for each in np.split(ways, apart)]


def _cut(places: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Both ends of each way from a place to the next within a box, and whether any of it lies there (Liang–Barsky)."""
    begin = places[:-1]
    with np.errstate(all="ignore"):
        way = places[1:] - begin
        one, other = (low - begin) / way, (high - begin) / way
        still = way == 0
        within = (begin >= low) & (begin <= high)
        enter = np.where(still, np.where(within, 0.0, np.inf), np.minimum(one, other)).max(axis=1)
        leave = np.where(still, np.where(within, 1.0, -np.inf), np.maximum(one, other)).min(axis=1)
        enter, leave = np.maximum(enter, 0.0), np.minimum(leave, 1.0)
        inside = (enter <= leave) & np.isfinite(places[:-1]).all(axis=1) & np.isfinite(places[1:]).all(axis=1)
        first = np.where(enter[:, None] > 0, begin + enter[:, None] * way, begin)
        last = np.where(leave[:, None] < 1, begin + leave[:, None] * way, places[1:])
    return first, last, inside


def _told_apart(places: Floats, span: Floats) -> Floats:
    """Of a long path the points that lie in another cell of a fine grid than the one before, and the last."""
    if len(places) <= MANY:
        return places
    with np.errstate(invalid="ignore", over="ignore"):
        cells = np.floor(places / (span / FINE))
        moved = (cells[1:] != cells[:-1]).any(axis=1)
    return places[np.concatenate(([True], moved[:-1], [True]))]


@dataclass(frozen=True, eq=False)
class PathMark(Mark):
    """One path with a mark where it stands; around the chosen one, if it is solid, the ground's colour."""

    lines: Sequence[Floats]
    head: QPointF | None
    """Where it stands; None where that is nowhere."""
    colour: str
    shape: DotShape
    dash: Dash
    _: KW_ONLY
    chosen: bool = False
    dots: QPolygonF | None = None
    """Where each step has led, if there are few enough to be told apart."""
    z: float = 1.0

    def draw(self, surface: Surface) -> None:
        surface.smooth(True)
        painter, place = surface.painter, surface.to_pixels.map
        colour, ground = surface.colour(self.colour), surface.colour("panel")
        width = 2.4 if self.chosen else 1.6
        if self.chosen and not self.dash:
            draw_strokes(painter, surface.to_pixels, self.lines, ground, width + 1.6)
        draw_strokes(painter, surface.to_pixels, self.lines, colour, width, self.dash)
        if self.dots is not None:
            painter.setPen(pen_of(colour, 4.0, cap=Qt.PenCapStyle.RoundCap))
            painter.drawPoints(place(self.dots))
        if self.head is not None:
            painter.setPen(pen_of(ground, 1.2))
            painter.setBrush(QColor(colour))
            draw_shape(painter, self.shape, place(self.head), 6.5 if self.chosen else 5.5)


@dataclass(frozen=True, eq=False)
class StartMark(Mark):
    """Where all begin: a ring with a cross, to be dragged."""

    place: QPointF
    _: KW_ONLY
    held: bool = False
    z: float = 3.0

    def draw(self, surface: Surface) -> None:
        surface.smooth(True)
        painter, at = surface.painter, surface.to_pixels.map(self.place)
        radius = 10.0 if self.held else 8.0
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((surface.colour("panel"), 4.0), (surface.colour("text"), 1.6)):
            painter.setPen(pen_of(colour, width))
            painter.drawEllipse(at, radius, radius)
            for way in (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1)):
                painter.drawLine(at + way * (radius - 3), at + way * (radius + 3))


@dataclass(frozen=True)
class Arrow:
    """One term of a step, (2,) in data, from where it begins."""

    begin: Floats
    way: Floats
    colour: str
    dash: Dash = ()
    width: float = 1.8


def arrows_of(terms: StepTerms) -> list[Arrow]:
    """Gradient, velocity and decay one after the other, and the update that they make together."""
    arrows, begin = [], terms.place
    for way, colour, dash in (
        (terms.gradient, "backward", ()), (terms.velocity, "forward", (3.0, 2.0)), (terms.decay, "muted", (1.0, 2.0)),
    ):  # fmt: skip
        if np.any(way):
            arrows.append(Arrow(begin, way, colour, dash))
            begin = begin + way
    return [Arrow(terms.place, terms.update, "text", width=2.6), *arrows]


@dataclass(frozen=True, eq=False)
class StepMark(Mark):
    """The terms of one step as arrows, and the ellipse that the preconditioner makes of a circle.

    Its radius is the gradient's norm, so the tip of the gradient's arrow lies on the ellipse. Short arrows are
    drawn longer, all by the same factor.
    """

    terms: StepTerms
    scale: float
    """By how much all arrows are longer than the step."""
    _: KW_ONLY
    z: float = 2.0

    def draw(self, surface: Surface) -> None:
        surface.smooth(True)
        self._draw_ellipse(surface)
        for arrow in arrows_of(self.terms):
            tip = self._stretched(arrow.begin + arrow.way)
            self._draw_arrow(surface, self._stretched(arrow.begin), tip, arrow)

    def _stretched(self, point: Floats) -> QPointF:
        moved = self.terms.place + self.scale * (point - self.terms.place)
        return QPointF(float(moved[0]), float(moved[1]))

    def _draw_ellipse(self, surface: Surface) -> None:
        radius = float(np.hypot(*self.terms.slope)) * self.scale
        axes = self.terms.preconditioner * radius
        if not np.isfinite(axes).all():
            return
        turns = np.linspace(0, 2 * np.pi, 65)
        x, y = self.terms.place[0] + axes[0] * np.cos(turns), self.terms.place[1] + axes[1] * np.sin(turns)
        surface.painter.setBrush(Qt.BrushStyle.NoBrush)
        surface.painter.setPen(pen_of(surface.colour("backward"), 1.2, dash=(2.0, 2.0)))
        for piece in pieces(x, y):
            surface.painter.drawPolyline(surface.to_pixels.map(piece))

    @staticmethod
    def _draw_arrow(surface: Surface, begin: QPointF, tip: QPointF, arrow: Arrow) -> None:
        start, end = surface.to_pixels.map(begin), surface.to_pixels.map(tip)
        way = end - start
        length = math.hypot(way.x(), way.y())
        if not 1.0 <= length < 1e5:
            return
        along = way / length
        across = QPointF(-along.y(), along.x())
        foot = end - along * HEAD
        head = QPolygonF([end, foot + across * HEAD * 0.5, foot - across * HEAD * 0.5])
        painter = surface.painter
        painter.setPen(pen_of(surface.colour("panel"), arrow.width + 1.6))
        painter.drawLine(start, foot)
        painter.setPen(pen_of(surface.colour(arrow.colour), arrow.width, dash=arrow.dash))
        painter.drawLine(start, foot)
        painter.setPen(pen_of(surface.colour("panel"), 0.8))
        painter.setBrush(QColor(surface.colour(arrow.colour)))
        painter.drawPolygon(head)


def arrow_scale(terms: StepTerms, pixels: tuple[float, float]) -> float:
    """By how much arrows are drawn longer, so that they are seen: 1, 2, 5, 10 …; of pixels per datum along x and y."""
    with np.errstate(all="ignore"):
        longest = max(float(np.hypot(*(each.way * pixels))) for each in arrows_of(terms))
    if not 0 < longest < SHORT:
        return 1.0
    wanted = LONG / longest
    decade = 10.0 ** math.floor(math.log10(wanted))
    return max(factor * decade for factor in (1.0, 2.0, 5.0) if factor * decade <= wanted)
