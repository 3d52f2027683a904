"""Small shapes that tell points apart without colour."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPolygonF

DotShape = Literal["dot", "hollow", "square", "diamond", "triangle", "right", "left"]
ORDER: tuple[DotShape, ...] = ("dot", "square", "diamond", "triangle")
"""Of the first network or class, the second …"""
CORNERS: Mapping[DotShape, tuple[tuple[float, float], ...]] = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "diamond": ((0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)),
    "triangle": ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
    "right": ((-1, -1.2), (-1, 1.2), (1.2, 0)),
    "left": ((1, -1.2), (1, 1.2), (-1.2, 0)),
}
"""In radii."""


def corners(shape: DotShape, at: QPointF, radius: float) -> QPolygonF:
    """Of one that is not round."""
    return _corners(shape, radius).translated(at)


@lru_cache(256)
def _corners(shape: DotShape, radius: float) -> QPolygonF:
    """Around 0; kept, and not to be changed."""
    return QPolygonF([QPointF(x * radius, y * radius) for x, y in CORNERS[shape]])


def draw_shape(painter: QPainter, shape: DotShape, at: QPointF, radius: float) -> None:
    """With the painter's pen and brush."""
    if shape in CORNERS:
        painter.drawPolygon(corners(shape, at, radius))
    else:
        painter.drawEllipse(at, radius - 0.5, radius - 0.5)
