"""The cells of a map as marks: each a box in its colour, hatched where it has no number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPolygonF

from ui.chart.hatching import STYLES, Hatch
from ui.chart.legend import Key
from ui.chart.marks import Mark, Surface
from ui.chart.pane import Pane
from ui.chart.pens import DASHED, SOLID, pen_of, transparent
from ui.style.theme import Theme

LOOKS: dict[str, tuple[str, Hatch, str]] = {
    "pending": ("border", "rising", "pending"),
    "diverged": ("warning", "crossed", "diverged"),
    "failed": ("muted", "grid", "failed"),
    "undefined": ("border", "dotted", "not defined"),
    "open": ("accent", "level", "target not reached"),
}
"""What a cell without a number is: its colour, its pattern, and what the legend says."""


@dataclass(frozen=True, eq=False)
class CellBoxes(Mark):
    """Boxes in data, each in a place of a colour table or, by its outcome, in a colour and pattern of its own."""

    boxes: Sequence[QRectF]
    places: NDArray[np.uint8]
    """Of the colour table, by box."""
    outcomes: Sequence[str]
    """``made``, or a key of :data:`LOOKS`, by box."""
    table: Callable[[Theme], Sequence[int]]
    _: KW_ONLY
    shares: Sequence[float] = ()
    """How far each is that is being made, by box."""
    z: float = -2.0

    def draw(self, surface: Surface) -> None:
        surface.smooth(False)
        painter, colours = surface.painter, self.table(surface.palette.theme)
        for number, (box, place, outcome) in enumerate(zip(self.boxes, self.places, self.outcomes, strict=True)):
            rect = surface.to_pixels.mapRect(box)
            if outcome == "made":
                painter.fillRect(rect, QColor.fromRgba(colours[place]))
            else:
                self._plain(surface, rect, outcome)
            if self.shares and 0 < self.shares[number] < 1:
                rect.setTop(rect.bottom() - self.shares[number] * rect.height())
                painter.fillRect(rect, transparent(surface.colour("accent"), 0.35))

    def _plain(self, surface: Surface, rect: QRectF, outcome: str) -> None:
        colour, hatch, _ = LOOKS[outcome]
        tone = surface.colour(colour)
        ground = "panel" if outcome == "pending" else colour
        surface.painter.fillRect(rect, transparent(surface.colour(ground), 1.0 if outcome == "diverged" else 0.55))
        surface.painter.fillRect(
            rect, QBrush(QColor(surface.colour("panel") if ground == colour else tone), STYLES[hatch])
        )

    def keys(self, pane: Pane) -> Sequence[Key]:
        present = {*self.outcomes}
        return [
            Key(text, colour, "cell", hatch=hatch) for name, (colour, hatch, text) in LOOKS.items() if name in present
        ]


@dataclass(frozen=True, eq=False)
class ChosenCell(Mark):
    """The box that is chosen."""

    box: QRectF
    _: KW_ONLY
    z: float = 3.0

    def draw(self, surface: Surface) -> None:
        rect = surface.to_pixels.mapRect(self.box)
        surface.painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in (("panel", 4.0), ("accent", 2.0)):
            surface.painter.setPen(pen_of(surface.colour(colour), width))
            surface.painter.drawRect(rect)


@dataclass(frozen=True, eq=False)
class TheoryLine(Mark):
    """A line of theory over cells of any colour: the text's colour within the panel's."""

    lines: Sequence[QPolygonF]
    text: str
    _: KW_ONLY
    dashed: bool = False
    z: float = 2.0

    def draw(self, surface: Surface) -> None:
        surface.smooth(True)
        for colour, width in (("panel", 4.5), ("text", 2.0)):
            dash = DASHED if self.dashed and colour == "text" else SOLID
            surface.painter.setPen(pen_of(surface.colour(colour), width, dash=dash))
            for line in self.lines:
                surface.painter.drawPolyline(surface.to_pixels.map(line))

    def keys(self, pane: Pane) -> Sequence[Key]:
        return [Key(self.text, "text", "dashed" if self.dashed else "line")]
