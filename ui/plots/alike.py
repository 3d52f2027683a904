"""Curves that lie upon each other: found by how far apart they are on screen, so that none hides the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPen, QTransform

from ui.plots.items import Array, Curves, pen_of, pieces

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

    def set_heights(self, x: Array, heights: Array) -> None:
        """``heights`` (curves, points)"""
        self.steps, self.heights = x, heights
        self.set_curves([pieces(x, row) for row in heights])

    def clear(self) -> None:
        self.set_heights(np.zeros(0), np.zeros((0, 0)))

    def draw(self, painter: QPainter, there: QTransform) -> None:
        length = float(np.ptp(self.steps)) * abs(there.m11()) if self.steps.size else 0.0
        self.turns = turns_of(self.heights, abs(there.m22()), length)
        super().draw(painter, there)

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
    known = np.flatnonzero(np.isfinite(heights).any(axis=1))
    order = known[np.argsort(_means(heights[known]), kind="stable")]
    breaks = np.flatnonzero(~_touching(heights[order], pixels)) + 1
    for group in np.split(order, breaks):
        dash = float(np.clip(length / (2 * max(len(group), 1)), SHORTEST, LONGEST))
        for place, curve in enumerate(np.sort(group).tolist() if len(group) > 1 else ()):
            found[curve] = Turn(place, len(group), dash)
    return found


def _means(heights: Array) -> Array:
    good = np.isfinite(heights)
    return np.asarray(np.where(good, heights, 0.0).sum(axis=1) / np.maximum(good.sum(axis=1), 1))


def _touching(ordered: Array, pixels: float) -> NDArray[np.bool_]:
    """(curves − 1,): whether a curve lies upon the next one for most of the way that they share."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(np.diff(ordered, axis=0)) * pixels
    shared = np.isfinite(apart)
    near = np.count_nonzero(shared & (apart < TOUCHING), axis=1)
    return np.asarray(2 * near > np.count_nonzero(shared, axis=1))
