"""What the microscope draws besides curves: the units of a layer as cells, incoming weights, and turns of fate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor

from simulator.arrays.numeric import Floats
from simulator.observations.unit import SATURATED, Unit
from simulator.record.turns import Turn
from ui.chart.colour_tables import diverging_table
from ui.chart.hatching import Hatch
from ui.chart.heat import Heat
from ui.chart.legend import LINES, Stroke
from ui.chart.marks import Bars, Mark, Surface
from ui.chart.pens import pen_of, transparent
from ui.chart.tiles import Tiles, flowing, marked, places_of
from ui.style.colours import mix
from ui.style.numbers import number, percent
from ui.style.theme import Theme

NOTHING, ALIVE, DIM, DEAD = range(4)
"""Places in the colour table of the cells."""
MOST_BARS = 512
TURNED: dict[str, str] = {
    "dead": "died", "saturated": "saturated", "alive": "alive again", "not finite": "not finite",
}  # fmt: skip
TONES: dict[str, str] = {"dead": "warning", "saturated": "muted", "alive": "accent", "not finite": "warning"}
"""Fields of the theme."""
STROKES: dict[str, Stroke] = {"dead": "line", "saturated": "dashed", "alive": "dotted", "not finite": "dash-dotted"}
"""Of the upright line where it turned."""


@dataclass(frozen=True)
class CellGrid:
    """All units of a layer as cells, row by row."""

    count: int

    @property
    def columns(self) -> int:
        wide = math.ceil(math.sqrt(16 * self.count)) if self.count > 400 else 1
        return max(min(self.count, 100), wide)

    @property
    def rows(self) -> int:
        return -(-self.count // self.columns)

    def at(self, x: float, y: float) -> int:
        """The unit there, counted from 0; -1 none."""
        column, row = math.floor(x), math.floor(y)
        unit = row * self.columns + column
        return unit if 0 <= column < self.columns and row >= 0 and unit < self.count else -1


def cells_of(unit: Unit) -> CellGrid:
    return CellGrid(len(unit.means))


def cell_marks(unit: Unit, pane: int) -> Sequence[Mark]:
    """The cells of all units, the watched one framed."""
    grid = cells_of(unit)
    places = np.full(grid.rows * grid.columns, NOTHING, np.uint8)
    places[: grid.count] = _cell_places(unit)
    row, column = divmod(unit.index, grid.columns)
    image, rect = places.reshape(grid.rows, grid.columns), QRectF(0, 0, grid.columns, grid.rows)
    hatches: dict[int, Hatch] = {DIM: "rising", DEAD: "crossed"}
    cells = Heat("cells", image, rect, cell_table, pane=pane, zero=None, lost=None, hatches=hatches)
    return [cells, CellFrame("watched", QRectF(column, row, 1, 1), pane=pane)]


@lru_cache(16)
def cell_table(theme: Theme) -> list[int]:
    shades = [theme.panel, mix(theme.panel, theme.forward, 0.6), mix(theme.panel, theme.muted, 0.35), theme.warning]
    colours = [QColor(0, 0, 0, 0).rgba(), *(QColor(shade).rgba() for shade in shades[1:])]
    return [*colours, *[colours[-1]] * (256 - len(colours))]


@dataclass(frozen=True, eq=False)
class CellFrame(Mark):
    """A rectangle of data with a strong edge."""

    rect: QRectF
    _: KW_ONLY
    z: float = 1.0

    def draw(self, surface: Surface) -> None:
        surface.painter.setPen(pen_of(surface.colour("text"), 2.0))
        surface.painter.setBrush(Qt.BrushStyle.NoBrush)
        surface.painter.drawRect(surface.to_pixels.mapRect(self.rect))


def _cell_places(unit: Unit) -> NDArray[np.uint8]:
    dim = np.where(unit.saturations >= SATURATED, DIM, ALIVE)
    return np.where(np.isfinite(unit.means), np.where(unit.dead, DEAD, dim), NOTHING).astype(np.uint8)


def incoming_tiles(unit: Unit) -> Tiles | None:
    """Where incoming weights lie that look at an image, every channel of every map as one tile; None: bars."""
    return flowing(unit.weights.size // math.prod(unit.image[1:]), *unit.image[1:]) if unit.image else None


def incoming_image(unit: Unit, tiles: Tiles, reach: float, pane: int) -> Heat:
    """Incoming weights as images."""
    images = marked(unit.weights.T.reshape(-1, *unit.image[1:]))
    # The pane counts upwards, pictures downwards.
    places = np.flipud(places_of(tiles.compose(images), (-reach, reach)))
    return Heat("incoming image", places, tiles.rect, diverging_table, pane=pane, zero=None, lost=None)


def incoming_bars(unit: Unit, pane: int) -> Bars:
    """One bar per weight; where there are many, the largest of each few."""
    values = unit.weights.T.ravel()
    chosen = values[strongest(values, MOST_BARS)]
    width = len(values) / max(len(chosen), 1)
    known = [(place * width, value) for place, value in enumerate(chosen.tolist()) if math.isfinite(value)]
    boxes = [QRectF(left + 0.1 * width, min(value, 0.0), 0.8 * width, abs(value)) for left, value in known]
    colours = ["forward" if value > 0 else "accent" for _, value in known]
    return Bars("incoming", boxes, colours, alpha=0.85, least=(1.0, 0.0), pane=pane)


def strongest(values: Floats, most: int) -> NDArray[np.intp]:
    """Indices of at most ``most`` values, of each few neighbours the one farthest from 0."""
    if len(values) <= most:
        return np.arange(len(values))
    size = -(-len(values) // most)
    padded = np.zeros(size * -(-len(values) // size))
    padded[: len(values)] = np.abs(np.nan_to_num(values))
    rows = padded.reshape(-1, size)
    return np.asarray(rows.argmax(axis=1) + size * np.arange(len(rows)))


@dataclass(frozen=True, eq=False)
class Turns(Mark):
    """Upright lines where the unit was first seen to have died, saturated or come back, and when it may have."""

    turns: Sequence[Turn]
    _: KW_ONLY
    z: float = 3.0

    def draw(self, surface: Surface) -> None:
        (left, right), (low, high) = surface.pane.shown
        painter, to_pixels = surface.painter, surface.to_pixels
        for turn in self.turns:
            tone = surface.colour(TONES[turn.condition])
            seen = turn.step if turn.after is None else turn.after
            span = QRectF(seen, low, turn.step - seen, high - low)
            painter.fillRect(to_pixels.mapRect(span), transparent(tone, 0.12))
            if left <= turn.step <= right:
                painter.setPen(pen_of(tone, 1.0, dash=LINES[STROKES[turn.condition]]))
                painter.drawLine(to_pixels.map(QPointF(turn.step, high)), to_pixels.map(QPointF(turn.step, low)))


def words_of(unit: Unit) -> str:
    """``active 34 % · saturated 2 % · ‖∂C/∂w‖ 1.20·10⁻³``"""
    shares = (("active", unit.active), ("saturated", unit.saturated))
    parts = [f"{word} {percent(share)}" for word, share in shares if share == share]
    if unit.weights.size:
        parts.append(f"‖∂C/∂w‖ {number(unit.gradient_norm, fixed=True)}")
    return " · ".join(parts)
