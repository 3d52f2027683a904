"""Lines through many points: a wide one that crosses itself costs Qt a hundred times what its parts do one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QPainter, QTransform

from simulator.arrays.numeric import Floats
from ui.chart.axes import VECTOR
from ui.chart.pens import Dash, pen_of
from ui.chart.polygons import polygon

LONGEST = 8000.0
"""Pixels of a line up to which it is drawn in dashes: in a longer one that crosses itself nobody can tell them."""


def draw_strokes(
    painter: QPainter, to_pixels: QTransform, lines: Sequence[Floats], colour: str, width: float, dash: Dash = ()
) -> None:  # fmt: skip
    """Lines through corners, (points, 2) each in data."""
    if painter.paintEngine().type() in VECTOR:
        painter.setPen(pen_of(colour, width, dash=dash))
        for line in lines:
            painter.drawPolyline(to_pixels.map(polygon(*np.ascontiguousarray(line.T))))
    elif lines:
        ends = parts([mapped(to_pixels, line) for line in lines], [width * length for length in dash])
        painter.setPen(pen_of(colour, width, cap=Qt.PenCapStyle.FlatCap if dash else Qt.PenCapStyle.RoundCap))
        painter.drawLines([QLineF(*end) for end in ends.tolist()])


def mapped(to_pixels: QTransform, places: Floats) -> Floats:
    """(points, 2) in pixels."""
    across = to_pixels.m11() * places[:, 0] + to_pixels.m21() * places[:, 1] + to_pixels.dx()
    down = to_pixels.m12() * places[:, 0] + to_pixels.m22() * places[:, 1] + to_pixels.dy()
    return np.stack([across, down], axis=1)


def parts(lines: Sequence[Floats], pattern: Sequence[float]) -> Floats:
    """(parts, 4): both ends of each straight part: between two corners, and in dashes only those that are drawn."""
    ways = np.concatenate([np.hstack([line[:-1], line[1:]]) for line in lines])
    length = float(np.hypot(ways[:, 2] - ways[:, 0], ways[:, 3] - ways[:, 1]).sum())
    return np.concatenate([_dashes(line, pattern) for line in lines]) if pattern and length <= LONGEST else ways


def _dashes(corners: Floats, pattern: Sequence[float]) -> Floats:
    """Strokes and gaps by turns, each as long as the pattern says; a stroke around a corner has two parts."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    ends = np.cumsum(pattern)
    turns = np.arange(0.0, along[-1] + ends[-1], ends[-1])
    cuts = np.unique(np.concatenate([along, *(turns + end for end in (0.0, *ends[:-1]))]))
    cuts = cuts[cuts <= along[-1]]
    places = np.stack([np.interp(cuts, along, corners[:, axis]) for axis in (0, 1)], axis=1)
    drawn = np.searchsorted(ends, (cuts[1:] + cuts[:-1]) / 2 % ends[-1], side="right") % 2 == 0
    return np.asarray(np.hstack([places[:-1], places[1:]])[drawn])
