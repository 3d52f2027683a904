"""Arrays as polygons."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QPolygonF

Array = NDArray[np.float64]


def polygon(x: Array, y: Array) -> QPolygonF:
    if not len(x):
        return QPolygonF()
    return pg.functions.arrayToQPolygonF(x, y)


def pieces(x: Array, y: Array) -> list[QPolygonF]:
    """The curve through all finite points, cut where ``y`` is not finite."""
    good = np.isfinite(y)
    if good.all():
        return [polygon(x, y)]
    return [polygon(x[a:b], y[a:b]) for a, b in unbroken(good)]


def unbroken(good: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where each run of True begins and ends."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], good.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
