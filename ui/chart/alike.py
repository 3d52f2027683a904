"""Curves that lie upon each other: found by how far apart they are on screen, so that none hides the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property, lru_cache
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPen, QTransform

from simulator.arrays.numeric import Floats
from ui.chart.marks import Mark, Surface
from ui.chart.pens import SOLID, pen_of, transparent
from ui.chart.polygons import same_bits, unbroken_rows
from ui.chart.strokes import draw_stroke

TOUCHING = 1.2
"""Pixels apart at which two lines are one to the eye."""
LONGEST, SHORTEST = 8.0, 1.5
"""Pixels of a dash: each curve of a group is to be seen twice or more along the way."""
WIDTH, POINTED_WIDTH = 1.0, 2.2
FEW, SHARE = 32, 4
"""What stays of growing curves is made anew when more than so few points, or a quarter of all, have come after it."""
OFTEN, FEWEST = 64, 6
"""Where points come seldom, it is made anew when more than the fewest have been drawn so often."""


class DashTurn(Struct, frozen=True):
    """The place of a curve among ``count`` that lie upon each other: each is seen for ``dash`` pixels in turn."""

    place: int
    count: int
    dash: float

    def pen(self, colour: str, width: float, alpha: float = 1.0, drawn: float = 0.0) -> QPen:
        """``drawn``: pixels that its dashes have gone already."""
        pen = _dashed(self, colour, width, alpha)
        if drawn:
            pen = QPen(pen)
            pen.setDashOffset(pen.dashOffset() + drawn / width)
        return pen


@lru_cache(1024)
def _dashed(turn: DashTurn, colour: str, width: float, alpha: float) -> QPen:
    """Kept for the next frame: not to be changed."""
    pen = QPen(pen_of(colour, width, alpha=alpha, cap=Qt.PenCapStyle.FlatCap))
    pen.setDashPattern([turn.dash / width, (turn.count - 1) * turn.dash / width])
    pen.setDashOffset(-turn.place * turn.dash / width)
    return pen


@dataclass(frozen=True, eq=False)
class AlikeCurves(Mark):
    """Curves over one axis of which none hides another: those that lie upon each other are seen by dashes in turn."""

    x: Floats
    heights: Floats
    """(curves, points)"""
    _: KW_ONLY
    colours: Sequence[str] = ("text",)
    layers: Sequence[int] = ()
    shared: int = 1
    """Layers, one after the other, that a curve is of."""
    each: Floats | None = None
    """(layers, points): of every layer, where a curve is of several; the one that is pointed at is drawn by itself."""
    before: AlikeCurves | None = None
    """What they go on from, from its last point on, in the same turns."""
    continued: bool = False
    """Whether others go on from these."""

    @cached_property
    def runs(self) -> list[list[tuple[int, int]]]:
        """Of each curve, between which points it is whole."""
        return unbroken_rows(np.isfinite(self.heights))

    @cached_property
    def _layouts(self) -> dict[tuple[float, float], CurvesLayout]:
        """By the pixels of a unit along both axes, of the present size of the pane alone."""
        return {}

    def looks_like(self, other: Mark) -> bool:
        return other is self

    def turns(self, to_pixels: QTransform) -> Sequence[DashTurn | None]:
        """Which of the curves lie upon others, where so many pixels are one unit."""
        return self.layout(to_pixels).turns

    def layout(self, to_pixels: QTransform) -> CurvesLayout:
        """How they lie on screen."""
        across, up = abs(to_pixels.m11()), abs(to_pixels.m22())
        if (across, up) not in self._layouts:
            self._layouts.clear()
            before = None if self.before is None else self.before.layout(to_pixels)
            self._layouts[across, up] = self._layout(across, up, before)
        return self._layouts[across, up]

    def _layout(self, across: float, up: float, before: CurvesLayout | None) -> CurvesLayout:
        """In the order and the turns of what is ``before``, where these go on from it."""
        neighbours = neighbours_of(self.heights, up, None if before is None else before.order)
        length = float(np.ptp(self.x)) * across if self.x.size else 0.0
        turns = turns_of(len(self.heights), neighbours, length) if before is None else before.turns
        strokes = unbroken_rows(alone_of(self.heights, neighbours), 2) if any(turns) else ()
        return CurvesLayout(neighbours.order, turns, strokes, self._lengths(across, up) if self.continued else ())

    def _lengths(self, across: float, up: float) -> list[float]:
        """Pixels of each curve since it was interrupted last, counted as dashes are: along the axis that it follows."""
        steps = np.maximum(np.diff(self.x) * across, np.abs(np.diff(self.heights, axis=1)) * up)
        return [float(row[runs[-1][0] :].sum()) if runs else 0.0 for row, runs in zip(steps, self.runs, strict=True)]

    def pointed(self, layer: int) -> AlikeCurves:
        """The curve of this layer by itself in place of that of its group."""
        group = layer // self.shared
        if self.shared == 1 or self.each is None or not 0 <= layer < len(self.each):
            return self
        heights = self.heights.copy()
        heights[group] = self.each[layer]
        return replace(self, heights=heights)

    def draw(self, surface: Surface) -> None:
        self.pointed(surface.palette.highlighted)._draw(surface)

    def _draw(self, surface: Surface) -> None:
        surface.smooth(True)
        pointed = surface.palette.highlighted_curve(self.layers, self.shared)
        # The strokes of a further network tell which it is, so none are left to tell curves.
        drawing = CurvesInTurn(self, surface, None if surface.style.lane else self.layout(surface.to_pixels))
        for index in range(len(self.heights)):
            if index != pointed:
                drawing.draw(index, WIDTH, 0.3 if pointed >= 0 else 1.0)
        if pointed >= 0:
            drawing.draw_over_all(pointed)

    def is_lone(self, index: int, point: int) -> bool:
        """Whether a point that has none beside it here has none anywhere."""
        if self.continued and point == self.x.size - 1:
            return False
        if self.before is None or point:
            return True
        return self.before.runs[index][-1][0] == self.before.x.size - 1

    def pieces(self, index: int) -> int:
        """Of a curve, until its end."""
        return len(self.runs[index]) + (0 if self.before is None else len(self.before.runs[index]))

    def part(self, points: slice) -> AlikeCurves:
        """Some of the points."""
        each = None if self.each is None else self.each[:, points]
        return replace(self, x=self.x[points], heights=np.ascontiguousarray(self.heights[:, points]), each=each)

    def begins_like(self, other: AlikeCurves, points: int) -> bool:
        """Whether so many points of both are drawn alike."""
        ours, theirs = self.heights[:, :points], other.heights[:, :points]
        return (
            (self.colours, self.layers, self.shared) == (other.colours, other.layers, other.shared)
            and np.array_equal(self.x[:points], other.x[:points])
            and same_bits(ours, theirs)
        )

    def settled(self, end: int) -> AlikeCurves:
        """So many points by themselves, which stay."""
        return replace(self.part(slice(end)), key=f"{self.key} settled", z=self.z - 0.1, continued=True)

    def after(self, settled: AlikeCurves) -> AlikeCurves:
        """What goes on from these."""
        return replace(self.part(slice(settled.x.size - 1, None)), before=settled)


class CurvesLayout(Struct, frozen=True):
    """How curves lie on screen."""

    order: NDArray[np.intp]
    """Those that have any point, from the lowest to the highest."""
    turns: Sequence[DashTurn | None]
    strokes: Sequence[Sequence[tuple[int, int]]]
    """Between which points each has no other upon it; none where no curve has."""
    lengths: Sequence[float]
    """Pixels of each until its end, where others go on."""


class CurvesInTurn:
    """Draws curves of which it is known how they lie; of a further network, where that is not asked, in its strokes."""

    def __init__(self, curves: AlikeCurves, surface: Surface, layout: CurvesLayout | None) -> None:
        self._curves, self._surface, self._layout = curves, surface, layout
        before, (self._across, self._down) = curves.before, surface.places(curves.x, curves.heights)
        self._lengths = () if before is None or layout is None else before.layout(surface.to_pixels).lengths

    def draw(self, index: int, width: float, alpha: float) -> None:
        """Dashes, and over them whole what of the curve has no other upon it."""
        turn, pen = self._turn(index), self._pen(index, width, alpha)
        if turn is None:
            self._draw_runs(index, pen, alpha)
            return
        colour = self._colour(index)
        drawn = self._lengths[index] if self._lengths else 0.0
        self._draw_runs(index, turn.pen(colour, width, alpha, drawn), alpha)
        self._surface.painter.setPen(pen)
        for begin, end in self._layout.strokes[index] if self._layout is not None else ():
            self._draw_stroke(index, begin, end)

    def draw_over_all(self, index: int) -> None:
        """The one that is pointed at is whole."""
        self._draw_runs(index, self._pen(index, POINTED_WIDTH, 1.0), 1.0)

    def _turn(self, index: int) -> DashTurn | None:
        return None if self._layout is None else self._layout.turns[index]

    def _colour(self, index: int) -> str:
        colours = self._curves.colours
        return self._surface.colour(colours[index % len(colours)])

    def _pen(self, index: int, width: float, alpha: float) -> QPen:
        dash = SOLID if self._layout is not None else self._surface.dash(SOLID)
        return pen_of(self._colour(index), width, dash=dash, alpha=alpha)

    def _draw_runs(self, index: int, pen: QPen, alpha: float) -> None:
        painter = self._surface.painter
        painter.setPen(pen)
        for begin, end in self._curves.runs[index]:
            if end - begin > 1:
                self._draw_stroke(index, begin, end)
            elif self._curves.is_lone(index, begin):
                radius = self._radius(index)
                painter.setBrush(transparent(self._colour(index), alpha))
                painter.drawEllipse(QPointF(self._across[begin], self._down[index, begin]), radius, radius)

    def _draw_stroke(self, index: int, begin: int, end: int) -> None:
        draw_stroke(self._surface.painter, self._across[begin:end], self._down[index, begin:end])

    def _radius(self, index: int) -> float:
        """Points that lie upon each other are rings; all that there is must be seen."""
        turn, radius = self._turn(index), 2.6 if self._curves.pieces(index) == 1 else 1.2
        return radius if turn is None else radius * (1.3 - turn.place / turn.count)


class Grown(Protocol):
    """Curves over steps, of which what stays can be parted from what comes after it."""

    @property
    def x(self) -> Floats: ...

    def begins_like(self, other: Self, points: int, /) -> bool: ...
    def settled(self, end: int, /) -> Self: ...
    def after(self, settled: Self, /) -> Self: ...


G = TypeVar("G", bound=Grown)


class GrowingCurves(Generic[G]):
    """Curves to which points are added: what stays of them is a mark by itself, so that it is painted once."""

    def __init__(self) -> None:
        self._last: G | None = None
        """All of them, as they were last."""
        self._settled: G | None = None
        self._drawn = 0
        """How often they have gone on from what stays."""

    def parts(self, curves: G) -> Sequence[G]:
        """What stays and what comes after it; all of them where nothing does."""
        last, self._last = self._last, curves
        settled, count = self._settled, curves.x.size
        goes_on = last is not None and last.x[-1] != curves.x[-1]
        self._drawn += goes_on
        most = FEWEST if goes_on and self._drawn > OFTEN else max(FEW, count // SHARE)
        few = settled is not None and count - settled.x.size <= most
        if settled is not None and few and settled.begins_like(curves, settled.x.size):
            end = settled.x.size
        else:
            # A place of several steps, and the step that is being made, may still change; an even number of them stays.
            end = 2 * (min(count, last.x.size) // 2 - 1) if last is not None and goes_on else 0
            if last is None or end < FEW or not last.begins_like(curves, end):
                self._settled = None
                return (curves,)
            self._settled = settled = curves.settled(end)
            self._drawn = 0
        return settled, curves.after(settled)


class Neighbours(Struct, frozen=True):
    """How curves lie, each beside the next one in order of height."""

    order: NDArray[np.intp]
    """Curves that have any point, from the lowest to the highest."""
    near: NDArray[np.bool_]
    """(curves − 1, points): where a curve lies upon the next one."""
    shared: NDArray[np.bool_]
    """Where both have a point."""


def neighbours_of(heights: Floats, pixels: float, order: NDArray[np.intp] | None = None) -> Neighbours:
    """``heights`` (curves, points), ``pixels`` per unit of height, in their own order or a given one."""
    order = _order(heights) if order is None else order
    with np.errstate(invalid="ignore"):
        apart = np.abs(np.diff(heights[order], axis=0)) * pixels
        return Neighbours(order, np.asarray(apart < TOUCHING), np.isfinite(apart))


def turns_of(count: int, curves: Neighbours, length: float) -> list[DashTurn | None]:
    """Of so many curves, ``length`` pixels long; None for one that most of its way has no other within ``TOUCHING``."""
    turns: list[DashTurn | None] = [None] * count
    breaks = np.flatnonzero(2 * np.count_nonzero(curves.near, axis=1) <= np.count_nonzero(curves.shared, axis=1)) + 1
    for group in np.split(curves.order, breaks):
        dash = float(np.clip(length / (2 * max(len(group), 1)), SHORTEST, LONGEST))
        for place, curve in enumerate(np.sort(group).tolist() if len(group) > 1 else ()):
            turns[curve] = DashTurn(place, len(group), dash)
    return turns


def _means(heights: Floats) -> Floats:
    good = np.isfinite(heights)
    return np.asarray(np.where(good, heights, 0.0).sum(axis=1) / np.maximum(good.sum(axis=1), 1))


def alone_of(heights: Floats, curves: Neighbours) -> NDArray[np.bool_]:
    """(curves, points): where a curve has neither of its neighbours in order of height upon it."""
    alone = np.isfinite(heights)
    alone[curves.order[:-1]] &= ~curves.near
    alone[curves.order[1:]] &= ~curves.near
    return alone


def _order(heights: Floats) -> NDArray[np.intp]:
    """Curves that have any point, from the lowest to the highest."""
    known = np.flatnonzero(np.isfinite(heights).any(axis=1))
    return known[np.argsort(_means(heights[known]), kind="stable")]
