"""Patterns that say without colour what a colour says."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter

from ui.chart.pens import transparent

Hatch = Literal["", "rising", "falling", "crossed", "grid", "level", "upright", "dotted"]
"""How a filled shape is told from another; empty: it is plain."""
PLAIN: Hatch = ""
STYLES: dict[Hatch, Qt.BrushStyle] = {
    "rising": Qt.BrushStyle.BDiagPattern,
    "falling": Qt.BrushStyle.FDiagPattern,
    "crossed": Qt.BrushStyle.DiagCrossPattern,
    "grid": Qt.BrushStyle.CrossPattern,
    "level": Qt.BrushStyle.HorPattern,
    "upright": Qt.BrushStyle.VerPattern,
    "dotted": Qt.BrushStyle.Dense6Pattern,
}
STRENGTH = 0.75
"""How strong a pattern lies over its shape."""


def hatching(hatch: Hatch, colour: str) -> QBrush:
    """What is laid over a shape; nothing where it is plain."""
    return QBrush(transparent(colour, STRENGTH), STYLES[hatch]) if hatch else QBrush(Qt.BrushStyle.NoBrush)


def hatch_cells(painter: QPainter, cells: NDArray[np.bool_], room: QRectF, hatch: Hatch, colour: str) -> None:
    """Lay a pattern over those of (rows, columns) cells in ``room`` that are chosen."""
    place = room.toAlignedRect() & painter.window()
    if place.isEmpty() or not cells.any():
        return
    layer = QImage(place.size(), QImage.Format.Format_ARGB32_Premultiplied)
    layer.fill(Qt.GlobalColor.transparent)
    with QPainter(layer) as over:
        over.drawImage(room.translated(-place.topLeft().toPointF()), _mask(cells))
        over.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        over.fillRect(QRect(0, 0, place.width(), place.height()), hatching(hatch, colour))
    painter.drawImage(place.topLeft(), layer)


def _mask(cells: NDArray[np.bool_]) -> QImage:
    """Opaque where a cell is chosen."""
    rows, columns = cells.shape
    data = np.ascontiguousarray(cells, np.uint8).tobytes()
    mask = QImage(data, columns, rows, columns, QImage.Format.Format_Indexed8)
    mask.setColorTable([QColor(0, 0, 0, 0).rgba(), QColor(0, 0, 0).rgba()])
    return mask.copy()
