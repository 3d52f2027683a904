"""What lies between the least and the largest value of each place of many curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from math import ceil, floor

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from simulator.arrays.numeric import Floats
from ui.chart.buckets import envelope
from ui.chart.marks import Mark, Surface
from ui.chart.pens import SOLID, pen_of
from ui.chart.polygons import same_bits, unbroken_rows
from ui.chart.strokes import draw_stroke

AGAIN, LEAST_AGAIN = 20, 4
"""One of so many pairs of places of what stays, or so many pairs, is drawn with what comes after it too: where they
meet nothing is missing or doubled. Pairs, as a line goes up through one place and down through the next.
"""
WIDTH, POINTED_WIDTH = 1.0, 2.2
LONE, BETWEEN = 2.6, 1.2
"""Radius of a point that is all there is of a curve, and of one between two gaps."""


@dataclass(frozen=True, eq=False)
class Spans(Mark):
    """A tint for each curve, from the least to the largest of each place."""

    x: Floats
    low: Floats
    high: Floats
    """(curves, places)"""
    _: KW_ONLY
    seen: Sequence[bool]
    """By curve: one that its line covers is not drawn."""
    colours: Sequence[str] = ("text",)
    alpha: float = 1.0
    layers: Sequence[int] = ()
    """The layer of each curve, where one is to be emphasised."""
    shared: int = 1
    """Layers, one after the other, that a curve is of: then ``layers`` counts these groups."""
    begins: float = -np.inf
    """Where these go on from what stays."""
    ends: float = np.inf
    """Where others go on from these."""

    @cached_property
    def heights(self) -> Floats:
        """(curves, 2 · places)"""
        return np.ascontiguousarray(envelope(self.x, self.low.T, self.high.T)[1].T)

    @property
    def visible(self) -> bool:
        return any(self.seen)

    def looks_like(self, other: Mark) -> bool:
        return other is self

    def draw(self, surface: Surface) -> None:
        painter, (across, down) = surface.painter, surface.places(np.repeat(self.x, 2), self.heights)
        runs = unbroken_rows(np.isfinite(self.heights))
        pointed = surface.palette.highlighted_curve(self.layers, self.shared)
        painter.save()
        self._clip(surface)
        surface.smooth(False)
        for curve in range(len(down)):
            if self.seen[curve] and curve != pointed:
                pen = self._pen(surface, curve, WIDTH, self.alpha * (0.3 if pointed >= 0 else 1.0))
                self._draw_runs(painter, pen, across, down[curve], runs[curve])
        if pointed >= 0 and self.seen[pointed]:
            surface.smooth(True)
            pen = self._pen(surface, pointed, POINTED_WIDTH, self.alpha)
            self._draw_runs(painter, pen, across, down[pointed], runs[pointed])
        painter.restore()

    def _clip(self, surface: Surface) -> None:
        """Between whole pixels, so that both parts together are what one would be."""
        to_pixels, room = surface.to_pixels, surface.to_pixels.mapRect(surface.pane.area)
        left, right = (
            floor(place * to_pixels.m11() + to_pixels.dx()) - 1 if np.isfinite(place) else edge
            for place, edge in ((self.begins, floor(room.left()) - 1), (self.ends, ceil(room.right()) + 1))
        )
        if np.isfinite(self.begins) or np.isfinite(self.ends):
            box = QRectF(left, floor(room.top()) - 1, right - left, ceil(room.height()) + 3)
            surface.painter.setClipRect(box, Qt.ClipOperation.IntersectClip)

    def _pen(self, surface: Surface, curve: int, width: float, alpha: float) -> QPen:
        colour = surface.colour(self.colours[curve % len(self.colours)])
        return pen_of(colour, width, dash=surface.dash(SOLID), alpha=alpha)

    @staticmethod
    def _draw_runs(painter: QPainter, pen: QPen, across: Floats, down: Floats, runs: Sequence[tuple[int, int]]) -> None:
        painter.setPen(pen)
        for begin, end in runs:
            if end - begin > 1:
                draw_stroke(painter, across[begin:end], down[begin:end])
            else:
                radius = LONE if len(runs) == 1 else BETWEEN
                painter.setBrush(pen.color())
                painter.drawEllipse(QPointF(across[begin], down[begin]), radius, radius)

    # -- growing -----------------------------------------------------------------------------------------------------

    def begins_like(self, other: Spans, places: int) -> bool:
        """Whether so many places of both are drawn alike."""
        return (
            (self.colours, self.layers, self.shared, self.alpha)
            == (other.colours, other.layers, other.shared, other.alpha)
            and list(self.seen) == list(other.seen)
            and all(
                same_bits(ours[..., :places], theirs[..., :places])
                for ours, theirs in ((self.x, other.x), (self.low, other.low), (self.high, other.high))
            )
        )

    def settled(self, end: int) -> Spans:
        """So many places by themselves, which stay."""
        return replace(self._part(slice(end)), key=f"{self.key} settled", z=self.z - 0.1, ends=float(self.x[end - 1]))

    def after(self, settled: Spans) -> Spans:
        """What goes on from these."""
        again = 2 * max(LEAST_AGAIN, ceil(self.x.size / (2 * AGAIN)))
        return replace(self._part(slice(max(settled.x.size - again, 0), None)), begins=settled.ends)

    def _part(self, places: slice) -> Spans:
        low, high = (np.ascontiguousarray(part[:, places]) for part in (self.low, self.high))
        return replace(self, x=self.x[places], low=low, high=high)
