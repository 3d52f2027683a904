"""Pens and colours of what is painted, kept from frame to frame."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

Dash = tuple[float, ...]
SOLID: Dash = ()
DASHED: Dash = (4.0, 3.0)
DOTTED: Dash = (1.0, 3.0)
DASH_DOTTED: Dash = (4.0, 3.0, 1.0, 3.0)
"""Lengths of strokes and gaps in widths of the pen."""


@lru_cache(1024)
def pen_of(
    colour: str,
    width: float = 1.0,
    *,
    dash: Dash = SOLID,
    alpha: float = 1.0,
    cap: Qt.PenCapStyle = Qt.PenCapStyle.SquareCap,
) -> QPen:
    """Kept for the next frame: not to be changed."""
    pen = QPen(transparent(colour, alpha), width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin if width > 1 else Qt.PenJoinStyle.BevelJoin)
    pen.setCapStyle(cap)
    if dash:
        pen.setDashPattern(dash)
    return pen


@lru_cache(1024)
def transparent(colour: str, alpha: float) -> QColor:
    """Kept for the next frame: not to be changed."""
    tone = QColor(colour)
    tone.setAlphaF(alpha)
    return tone
