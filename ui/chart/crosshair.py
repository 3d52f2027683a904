"""The hair line that the pointer draws behind it."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QTransform

from ui.chart.drawing import PaneItem
from ui.chart.marks import Palette
from ui.chart.pane import Pane
from ui.chart.pens import pen_of


class Crosshair(PaneItem):
    """The vertical hair line under the pointer; never part of an exported picture."""

    def __init__(self, pane: Pane, palette: Palette) -> None:
        super().__init__(pane, 8.0)
        self.palette = palette
        self.place: float | None = None
        self.setVisible(False)

    def put(self, x: float | None) -> None:
        if x != self.place:
            self.place = x
            self.setVisible(x is not None)
            self.update()

    def draw(self, painter: QPainter, to_pixels: QTransform) -> None:
        if self.place is not None:
            y0, y1 = self.pane.shown[1]
            painter.setPen(pen_of(self.palette.colour("muted"), 1.0, alpha=0.6))
            painter.drawLine(to_pixels.map(QPointF(self.place, y0)), to_pixels.map(QPointF(self.place, y1)))
