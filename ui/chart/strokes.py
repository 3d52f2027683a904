"""Polylines through arrays: to make a polygon takes as long as to draw it, so one is written again and again."""

from __future__ import annotations

from functools import lru_cache

import pyqtgraph as pg
from PySide6.QtGui import QPainter, QPolygonF

from simulator.arrays.numeric import Floats


@lru_cache(512)
def _page(points: int) -> tuple[QPolygonF, Floats]:
    """A polygon of so many points, and its places: (points, 2)."""
    page = pg.functions.create_qpolygonf(points)
    return page, pg.functions.ndarray_from_qpolygonf(page)


def draw_stroke(painter: QPainter, across: Floats, down: Floats) -> None:
    """The line through these places of the painter; it is drawn when this returns, so what is given may change."""
    page, places = _page(len(across))
    places[:, 0], places[:, 1] = across, down
    painter.drawPolyline(page)
