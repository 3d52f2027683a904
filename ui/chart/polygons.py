"""Arrays as polygons."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QPolygonF

from simulator.arrays.numeric import Floats


def polygon(x: Floats, y: Floats) -> QPolygonF:
    if not len(x):
        return QPolygonF()
    return pg.functions.arrayToQPolygonF(x, y)


def pieces(x: Floats, y: Floats) -> list[QPolygonF]:
    """The curve through all finite points, cut where ``y`` is not finite."""
    good = np.isfinite(y)
    if good.all():
        return [polygon(x, y)]
    return [polygon(x[a:b], y[a:b]) for a, b in unbroken(good)]


def same_bits(ours: Floats, theirs: Floats) -> bool:
    """Whether both hold the same; NaN is like NaN."""
    return ours.shape == theirs.shape and np.array_equal(ours.view(np.int64), theirs.view(np.int64))


def unbroken(good: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where each run of True begins and ends."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], good.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def unbroken_rows(good: NDArray[np.bool_], least: int = 1) -> list[list[tuple[int, int]]]:
    """Where each run of ``least`` True or more begins and ends in every row."""
    if good.all():  # As most rows are: the quick way.
        return [[(0, good.shape[1])] if good.shape[1] >= least else [] for _ in good]
    padded = np.zeros((good.shape[0], good.shape[1] + 2), np.int8)
    padded[:, 1:-1] = good
    rows, edges = np.nonzero(np.diff(padded, axis=1))
    ends = np.stack((rows[::2], edges[::2], edges[1::2]), axis=1)
    runs: list[list[tuple[int, int]]] = [[] for _ in good]
    for row, first, end in ends[ends[:, 2] - ends[:, 1] >= least].tolist():
        runs[row].append((first, end))
    return runs
