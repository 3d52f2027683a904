"""Marks of a race: paths with their heads, the start that can be dragged, and one step taken apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPolygonF

from simulator.landscape.step_terms import StepTerms
from ui.chart.marks import Mark, Surface
from ui.chart.pens import Dash, pen_of
from ui.chart.polygons import Array, pieces
from ui.chart.shapes import Shape, draw_shape

FARTHEST = 1e6
"""Windows away from which on a path is no longer drawn: Qt counts pixels in finite numbers."""
SHORT, LONG = 14.0, 70.0
"""Pixels: arrows whose longest is shorter than the first are drawn as long as the second."""
HEAD = 7.0


def lines_of(places: Array, span: tuple[float, float]) -> list[QPolygonF]:
    """A path in pieces: cut where it is not finite, or farther out than can be drawn."""
    x, y = places.T
    with np.errstate(invalid="ignore", over="ignore"):
        near = (np.abs(x) <= FARTHEST * span[0]) & (np.abs(y) <= FARTHEST * span[1])
    return pieces(np.ascontiguousarray(x), np.where(near, y, np.nan))


@dataclass(frozen=True, eq=False)
class PathMark(Mark):
    """One path with a mark where it stands; around it the ground's colour, so that it is read on every grey."""

    lines: Sequence[QPolygonF]
    head: QPointF | None
    """Where it stands; None where that is nowhere."""
    colour: str
    shape: Shape
    dash: Dash
    _: KW_ONLY
    chosen: bool = False
    dots: QPolygonF | None = None
    """Where each step has led, if there are few enough to be told apart."""
    z: float = 1.0

    def draw(self, surface: Surface) -> None:
        surface.smooth(True)
        painter, place = surface.painter, surface.to_pixels.map
        mapped = [place(line) for line in self.lines]
        colour, ground = surface.colour(self.colour), surface.colour("panel")
        width = 2.4 if self.chosen else 1.6
        for pen in (pen_of(ground, width + 1.8, alpha=0.7), pen_of(colour, width, dash=self.dash)):
            painter.setPen(pen)
            for line in mapped:
                painter.drawPolyline(line)
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

    begin: Array
    way: Array
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

    def _stretched(self, point: Array) -> QPointF:
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
