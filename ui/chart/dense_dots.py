"""Dots that cover each other, drawn many in one call: one by one they take five times as long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPainter

from simulator.arrays.numeric import Floats
from ui.chart.pens import pen_of
from ui.chart.polygons import polygon

DENSE = 256
"""Dots from which on they are drawn so."""
GROUPS = 32
"""Colours at most: those of neighbouring layers cannot be told apart."""


def draw_dense(
    painter: QPainter, x: Floats, y: Floats, rows: NDArray[np.intp], colours: Sequence[str], width: float
) -> None:
    """A square of ``width`` pixels at each place, in the colour of its row."""
    shared = -(-len(colours) // GROUPS)
    groups = rows % len(colours) // shared
    for group in np.unique(groups).tolist():
        middle = colours[min(group * shared + shared // 2, len(colours) - 1)]
        painter.setPen(pen_of(middle, width))
        painter.drawPoints(polygon(x[groups == group], y[groups == group]))
