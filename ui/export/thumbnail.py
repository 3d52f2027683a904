"""Small pictures of plots without any words: what a start page or a list shows instead of a name."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter

from ui.plots.base import Plot
from ui.style.theme import Theme

SIZE = QSize(240, 140)
"""Pixels of the screen; a picture has twice as many each way, so that it is sharp on fine screens."""
SCALE = 2
MARGIN = 6


def thumbnail(plot: Plot[Any], theme: Theme) -> QImage:
    """What the plot draws now, without axes, legend and title, in a theme."""
    image = QImage(SIZE * SCALE, QImage.Format.Format_RGB32)
    image.fill(QColor(theme.panel))
    twin = plot.twin(theme)
    twin.canvas.strip()
    twin.drawing.palette.wordless = True
    twin.canvas.lay_out(SIZE.width() - 2 * MARGIN, SIZE.height() - 2 * MARGIN)
    twin.redraw()
    with QPainter(image) as painter:
        inset = MARGIN * SCALE
        twin.canvas.paint_on(painter, QRectF(image.rect()).adjusted(inset, inset, -inset, -inset))
    twin.deleteLater()
    return image
