"""Small curves as painter paths."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath


def path_through(points: Iterable[QPointF | None]) -> QPainterPath:
    """From point to point; None is a gap."""
    path, drawing = QPainterPath(), False
    for point in points:
        if point is not None:
            (path.lineTo if drawing else path.moveTo)(point)
        drawing = point is not None
    return path
