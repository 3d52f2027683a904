"""Levels and bands to compare with; each has a name, which the legend tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF

from ui.chart.legend import Key
from ui.chart.marks import PlainMark, Surface
from ui.chart.pane import Pane
from ui.chart.pens import DASHED, pen_of, transparent
from ui.chart.ranges import Range


class Level(Struct, frozen=True):
    """A height as drawn, what it means, and the band around it if it has one; short names where room is short."""

    height: float
    name: str
    short: str = ""
    band: Range | None = None
    band_name: str = ""
    band_short: str = ""


@dataclass(frozen=True, eq=False)
class Guide(PlainMark):
    """A dashed line across a pane, and a faint band; without a level there is nothing to compare with."""

    level: Level | None
    _: KW_ONLY
    colour: str = "muted"
    z: float = -3.0

    @property
    def visible(self) -> bool:
        return self.level is not None

    def keys(self, pane: Pane) -> Sequence[Key]:
        """The names of what can be seen of it."""
        level, (low, high) = self.level, pane.shown[1]
        if level is None:
            return ()
        keys = [Key(level.name, self.colour, "dashed", level.short)] if low <= level.height <= high else []
        if level.band is not None and level.band[0] < high and level.band[1] > low:
            keys.append(Key(level.band_name, self.colour, "band", level.band_short))
        return keys

    def draw(self, surface: Surface) -> None:
        level, colour = self.level, surface.colour(self.colour)
        if level is None:
            return
        (x0, x1), painter = surface.pane.shown[0], surface.painter
        if level.band is not None:
            band = QRectF(x0, level.band[0], x1 - x0, level.band[1] - level.band[0])
            painter.fillRect(surface.to_pixels.mapRect(band), transparent(colour, 0.09))
        painter.setPen(pen_of(colour, 1.0, dash=DASHED, alpha=0.8))
        ends = (QPointF(x, level.height) for x in (x0, x1))
        painter.drawLine(*map(surface.to_pixels.map, ends))
