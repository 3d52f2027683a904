"""Curves that lie upon each other: found by how far apart they are on screen, so that none hides the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen, QPolygonF, QTransform

from ui.chart.marks import Curves, Mark, Surface
from ui.chart.pens import pen_of
from ui.chart.polygons import Array, polygon, unbroken_rows

TOUCHING = 1.2
"""Pixels apart at which two lines are one to the eye."""
LONGEST, SHORTEST = 8.0, 1.5
"""Pixels of a dash: each curve of a group is to be seen twice or more along the way."""


@dataclass(frozen=True)
class DashTurn:
    """The place of a curve among ``count`` that lie upon each other: each is seen for ``dash`` pixels in turn."""

    place: int
    count: int
    dash: float

    def pen(self, colour: str, width: float, alpha: float = 1.0) -> QPen:
        return _dashed(self, colour, width, alpha)


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

    x: Array
    heights: Array
    """(curves, points)"""
    _: KW_ONLY
    colours: Sequence[str] = ("text",)
    layers: Sequence[int] = ()
    shared: int = 1
    """Layers, one after the other, that a curve is of."""
    each: Array | None = None
    """(layers, points): of every layer, where a curve is of several; the one that is pointed at is drawn by itself."""

    @cached_property
    def runs(self) -> list[list[tuple[int, int]]]:
        """Of each curve, between which points it is whole."""
        return unbroken_rows(np.isfinite(self.heights))

    @cached_property
    def curves(self) -> list[list[QPolygonF]]:
        rows = zip(self.heights, self.runs, strict=True)
        return [[polygon(self.x[a:b], row[a:b]) for a, b in runs] for row, runs in rows]

    def turns(self, to_pixels: QTransform) -> list[DashTurn | None]:
        """Which of the curves lie upon others, where so many pixels are one unit."""
        return turns_of(len(self.heights), self._neighbours(to_pixels), self._length(to_pixels))

    def _neighbours(self, to_pixels: QTransform) -> Neighbours:
        return neighbours_of(self.heights, abs(to_pixels.m22()))

    def _length(self, to_pixels: QTransform) -> float:
        return float(np.ptp(self.x)) * abs(to_pixels.m11()) if self.x.size else 0.0

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
        if surface.style.lane:
            # Its strokes tell the network, so none are left to tell curves.
            drawn = Curves(
                self.key, self.curves, colours=self.colours, smooth=True, layers=self.layers, shared=self.shared
            )
            drawn.draw(surface)
            return
        neighbours = self._neighbours(surface.to_pixels)
        turns = turns_of(len(self.heights), neighbours, self._length(surface.to_pixels))
        strokes = unbroken_rows(alone_of(self.heights, neighbours), 2) if any(turns) else ()
        in_turn = DashedInTurn(
            self.key, self.curves, self.runs, turns, strokes, colours=self.colours, smooth=True, layers=self.layers,
            shared=self.shared,
        )  # fmt: skip
        in_turn.draw(surface)


@dataclass(frozen=True, eq=False)
class DashedInTurn(Curves):
    """The curves of one picture, of which it is known how they lie."""

    runs: Sequence[Sequence[tuple[int, int]]]
    """Of each curve, between which points each of its pieces goes."""
    turns: Sequence[DashTurn | None]
    strokes: Sequence[Sequence[tuple[int, int]]]
    """Between which points a curve has no other upon it."""

    def draw_curve(self, surface: Surface, index: int, width: float, alpha: float) -> None:
        """Dashes, and over them whole what of the curve has no other upon it."""
        super().draw_curve(surface, index, width, alpha)
        if self._turn(surface, index) is None:
            return
        surface.painter.setPen(super().pen(surface, index, width, alpha))
        for (begin, end), piece in zip(self.runs[index], self.curves[index], strict=True):
            strokes = [(a, b) for a, b in self.strokes[index] if begin <= a < end]
            drawn = surface.to_pixels.map(piece) if strokes else piece
            for a, b in strokes:
                surface.painter.drawPolyline(drawn.mid(a - begin, b - a))

    def _turn(self, surface: Surface, index: int) -> DashTurn | None:
        """None for the one that is emphasised: it lies over all others."""
        return None if index == self.emphasised(surface.palette) else self.turns[index]

    def radius(self, index: int) -> float:
        """Points that lie upon each other are rings."""
        turn, radius = self.turns[index], super().radius(index)
        return radius if turn is None else radius * (1.3 - turn.place / turn.count)

    def pen(self, surface: Surface, index: int, width: float, alpha: float) -> QPen:
        turn = self._turn(surface, index)
        if turn is None:
            return super().pen(surface, index, width, alpha)
        return turn.pen(self.colour(surface, index), width, alpha)


class Neighbours(Struct, frozen=True):
    """How curves lie, each beside the next one in order of height."""

    order: NDArray[np.intp]
    """Curves that have any point, from the lowest to the highest."""
    near: NDArray[np.bool_]
    """(curves − 1, points): where a curve lies upon the next one."""
    shared: NDArray[np.bool_]
    """Where both have a point."""


def neighbours_of(heights: Array, pixels: float) -> Neighbours:
    """``heights`` (curves, points), ``pixels`` per unit of height."""
    order = _order(heights)
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


def _means(heights: Array) -> Array:
    good = np.isfinite(heights)
    return np.asarray(np.where(good, heights, 0.0).sum(axis=1) / np.maximum(good.sum(axis=1), 1))


def alone_of(heights: Array, curves: Neighbours) -> NDArray[np.bool_]:
    """(curves, points): where a curve has neither of its neighbours in order of height upon it."""
    alone = np.isfinite(heights)
    alone[curves.order[:-1]] &= ~curves.near
    alone[curves.order[1:]] &= ~curves.near
    return alone


def _order(heights: Array) -> NDArray[np.intp]:
    """Curves that have any point, from the lowest to the highest."""
    known = np.flatnonzero(np.isfinite(heights).any(axis=1))
    return known[np.argsort(_means(heights[known]), kind="stable")]
