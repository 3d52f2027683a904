"""Levels and bands to compare with; each has a name, which the legend tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QTransform

from ui.chart.legend import Key
from ui.chart.marks import Item, pen_of, transparent
from ui.chart.ranges import Range

if TYPE_CHECKING:
    from ui.chart.canvas import Pane


@dataclass(frozen=True)
class Level:
    """A height as drawn, what it means, and the band around it if it has one; short names where room is short."""

    height: float
    name: str
    short: str = ""
    band: Range | None = None
    band_name: str = ""
    band_short: str = ""


class Guide(Item):
    """A dashed line across a pane, and a faint band."""

    def __init__(self, pane: Pane, level: Level | None = None, z: float = -3.0) -> None:
        super().__init__(pane, z)
        self.level = level
        self.colour = "#000000"

    def stand_at(self, level: Level | None) -> None:
        """None: there is nothing to compare with."""
        if level != self.level:
            self.level = level
            self.update()

    @property
    def keys(self) -> list[Key]:
        """The names of what can be seen of it."""
        level, (low, high) = self.level, self.pane.shown[1]
        if level is None or not self.isVisible():
            return []
        keys = [Key(level.name, self.colour, "dashed", level.short)] if low <= level.height <= high else []
        if level.band is not None and level.band[0] < high and level.band[1] > low:
            keys.append(Key(level.band_name, self.colour, "band", level.band_short))
        return keys

    def draw(self, painter: QPainter, there: QTransform) -> None:
        level = self.level
        if level is None:
            return
        x0, x1 = self.pane.shown[0]
        if level.band is not None:
            band = QRectF(x0, level.band[0], x1 - x0, level.band[1] - level.band[0])
            painter.fillRect(there.mapRect(band), transparent(self.colour, 0.09))
        painter.setPen(pen_of(self.colour, 1.0, dashed=True, alpha=0.8))
        painter.drawLine(there.map(QPointF(x0, level.height)), there.map(QPointF(x1, level.height)))
