"""Curves that lie upon each other: found by how far apart they are on screen, so that none hides the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPen, QTransform

from ui.chart.marks import Array, Curves, pen_of, pieces

TOUCHING = 1.2
"""Pixels apart at which two lines are one to the eye."""
LONGEST, SHORTEST = 8.0, 1.5
"""Pixels of a dash: each curve of a group is to be seen twice or more along the way."""


@dataclass(frozen=True)
class Turn:
    """The place of a curve among ``count`` that lie upon each other: each is seen for ``dash`` pixels in turn."""

    place: int
    count: int
    dash: float

    def pen(self, colour: str, width: float, alpha: float = 1.0) -> QPen:
        pen = QPen(pen_of(colour, width, alpha=alpha, cap=Qt.PenCapStyle.FlatCap))
        pen.setDashPattern([self.dash / width, (self.count - 1) * self.dash / width])
        pen.setDashOffset(-self.place * self.dash / width)
        return pen


class AlikeCurves(Curves):
    """Curves over one axis of which none hides another: those that lie upon each other are seen by dashes in turn."""

    steps: Array = np.zeros(0)
    heights: Array = np.zeros((0, 0))
    turns: Sequence[Turn | None] = ()
    alone: NDArray[np.bool_] = np.zeros(0, np.bool_)

    def set_heights(self, x: Array, heights: Array) -> None:
        """``heights`` (curves, points)"""
        self.steps, self.heights = x, heights
        self.set_curves([pieces(x, row) for row in heights])

    def clear(self) -> None:
        self.set_heights(np.zeros(0), np.zeros((0, 0)))

    def draw(self, painter: QPainter, there: QTransform) -> None:
        length = float(np.ptp(self.steps)) * abs(there.m11()) if self.steps.size else 0.0
        self.turns = turns_of(self.heights, abs(there.m22()), length)
        self.alone = alone_of(self.heights, abs(there.m22())) if any(self.turns) else np.zeros(0, np.bool_)
        super().draw(painter, there)

    def _curve(self, painter: QPainter, there: QTransform, index: int, width: float, alpha: float) -> None:
        """Dashes, and over them whole what of the curve has no other upon it."""
        super()._curve(painter, there, index, width, alpha)
        if self.turns[index] is None or index == self.emphasis:
            return
        painter.setPen(pen_of(self.colours[index % len(self.colours)], width, alpha=alpha))
        for piece in pieces(self.steps, np.where(self.alone[index], self.heights[index], np.nan)):
            if piece.size() > 1:
                painter.drawPolyline(there.map(piece))

    def _radius(self, index: int) -> float:
        """Points that lie upon each other are rings."""
        turn, radius = self.turns[index], super()._radius(index)
        return radius if turn is None else radius * (1.3 - turn.place / turn.count)

    def _pen(self, index: int, colour: str, width: float, alpha: float) -> QPen:
        turn = self.turns[index] if index != self.emphasis else None
        return super()._pen(index, colour, width, alpha) if turn is None else turn.pen(colour, width, alpha)


def turns_of(heights: Array, pixels: float, length: float) -> list[Turn | None]:
    """``heights`` (curves, points), ``pixels`` per unit of height, ``length`` of the curves in pixels.

    Curves are compared with their neighbours in order of height; None for one that most of its way has no other within
    ``TOUCHING``.
    """
    found: list[Turn | None] = [None] * len(heights)
    order = _order(heights)
    near, shared = _near(heights[order], pixels)
    breaks = np.flatnonzero(2 * np.count_nonzero(near, axis=1) <= np.count_nonzero(shared, axis=1)) + 1
    for group in np.split(order, breaks):
        dash = float(np.clip(length / (2 * max(len(group), 1)), SHORTEST, LONGEST))
        for place, curve in enumerate(np.sort(group).tolist() if len(group) > 1 else ()):
            found[curve] = Turn(place, len(group), dash)
    return found


def _means(heights: Array) -> Array:
    good = np.isfinite(heights)
    return np.asarray(np.where(good, heights, 0.0).sum(axis=1) / np.maximum(good.sum(axis=1), 1))


def alone_of(heights: Array, pixels: float) -> NDArray[np.bool_]:
    """(curves, points): where a curve has neither of its neighbours in order of height upon it."""
    order = _order(heights)
    near, _ = _near(heights[order], pixels)
    alone = np.ones(heights.shape, np.bool_)
    alone[order[:-1]] &= ~near
    alone[order[1:]] &= ~near
    return alone


def _order(heights: Array) -> NDArray[np.intp]:
    """Curves that have any point, from the lowest to the highest."""
    known = np.flatnonzero(np.isfinite(heights).any(axis=1))
    return known[np.argsort(_means(heights[known]), kind="stable")]


def _near(ordered: Array, pixels: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(curves − 1, points) each: where a curve lies upon the next one, and where both have a point."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(np.diff(ordered, axis=0)) * pixels
        return np.asarray(apart < TOUCHING), np.isfinite(apart)
