"""Lines through many points: a wide one that crosses itself costs Qt a hundred times what its parts do one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QPainter, QTransform

from ui.chart.axes import VECTOR
from ui.chart.pens import Dash, pen_of
from ui.chart.polygons import Array, polygon

LONGEST = 8000.0
"""Pixels of a line up to which it is drawn in dashes: in a longer one that crosses itself nobody can tell them."""


def draw_stroke(
    painter: QPainter, to_pixels: QTransform, corners: Array, colour: str, width: float, dash: Dash = ()
) -> None:  # fmt: skip
    """A line through ``corners``, (points, 2) in data."""
    if len(corners) < 2:
        return
    if painter.paintEngine().type() in VECTOR:
        painter.setPen(pen_of(colour, width, dash=dash))
        painter.drawPolyline(to_pixels.map(polygon(*np.ascontiguousarray(corners.T))))
        return
    begin, end = parts(mapped(to_pixels, corners), [width * length for length in dash])
    painter.setPen(pen_of(colour, width, cap=Qt.PenCapStyle.FlatCap if dash else Qt.PenCapStyle.RoundCap))
    painter.drawLines([QLineF(*line) for line in np.hstack([begin, end]).tolist()])


def mapped(to_pixels: QTransform, places: Array) -> Array:
    """(points, 2) in pixels."""
    across = to_pixels.m11() * places[:, 0] + to_pixels.m21() * places[:, 1] + to_pixels.dx()
    down = to_pixels.m12() * places[:, 0] + to_pixels.m22() * places[:, 1] + to_pixels.dy()
    return np.stack([across, down], axis=1)


def parts(corners: Array, pattern: Sequence[float]) -> tuple[Array, Array]:
    """Where each straight part begins and ends: between two corners, and in dashes only those that are drawn."""
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    if not pattern or along[-1] > LONGEST:
        return corners[:-1], corners[1:]
    period = sum(pattern)
    ends = np.cumsum(pattern)
    turns = np.arange(0.0, along[-1] + period, period)
    cuts = np.unique(np.concatenate([along, *(turns + end for end in (0.0, *ends[:-1]))]))
    cuts = cuts[cuts <= along[-1]]
    places = np.stack([np.interp(cuts, along, corners[:, axis]) for axis in (0, 1)], axis=1)
    middle = (cuts[1:] + cuts[:-1]) / 2 % period
    drawn = np.searchsorted(ends, middle, side="right") % 2 == 0
    return places[:-1][drawn], places[1:][drawn]
