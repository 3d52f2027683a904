"""What the microscope draws besides curves: the units of a layer as cells, incoming weights, and turns of fate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QTransform

from simulator.observations.unit import SATURATED, Unit
from simulator.record.turns import Turn
from ui.chart.canvas import Pane
from ui.chart.heat import Heat
from ui.chart.marks import Array, Item, pen_of, transparent
from ui.chart.tiles import Tiles, diverging_table, flowing, marked, places_of
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


class Cells(Item):
    """All units of a layer as cells, row by row, the watched one framed."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane, 1.0)
        self.heat = Heat(pane)
        self.colour = "#000000"
        self.chosen, self.columns, self.count = -1, 1, 0

    def show_units(self, unit: Unit) -> tuple[int, int]:
        """(columns, rows) of the cells."""
        self.count = len(unit.means)
        self.columns = max(min(self.count, 100), math.ceil(math.sqrt(16 * self.count)) if self.count > 400 else 1)
        rows = -(-self.count // self.columns)
        places = np.full(rows * self.columns, NOTHING, np.uint8)
        places[: self.count] = _cell_places(unit)
        self.heat.set_places(places.reshape(rows, self.columns), QRectF(0, 0, self.columns, rows))
        self.chosen = unit.index
        self.update()
        return self.columns, rows

    def at(self, x: float, y: float) -> int:
        """The unit there, counted from 0; -1 none."""
        column, row = math.floor(x), math.floor(y)
        unit = row * self.columns + column
        return unit if 0 <= column < self.columns and row >= 0 and unit < self.count else -1

    def tint(self, theme: Theme) -> None:
        shades = [theme.panel, mix(theme.panel, theme.forward, 0.6), mix(theme.panel, theme.muted, 0.35), theme.warning]
        colours = [QColor(0, 0, 0, 0).rgba(), *(QColor(shade).rgba() for shade in shades[1:])]
        self.heat.set_table(colours + [colours[-1]] * (256 - len(colours)))
        self.colour = theme.text

    def draw(self, painter: QPainter, there: QTransform) -> None:
        if not 0 <= self.chosen < self.count:
            return
        row, column = divmod(self.chosen, self.columns)
        painter.setPen(pen_of(self.colour, 2.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(there.mapRect(QRectF(column, row, 1, 1)))


def _cell_places(unit: Unit) -> NDArray[np.uint8]:
    dim = np.where(unit.saturations >= SATURATED, DIM, ALIVE)
    return np.where(np.isfinite(unit.means), np.where(unit.dead, DEAD, dim), NOTHING).astype(np.uint8)


class Incoming(Item):
    """Incoming weights as bars; as images where they look at one."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane, 0.0)
        self.heat = Heat(pane)
        self.bars: list[tuple[float, float, float]] = []
        self.above, self.below = "#000000", "#000000"
        self.tiles: Tiles | None = None

    def tint(self, theme: Theme) -> None:
        self.heat.set_table(diverging_table(theme))
        self.above, self.below = theme.forward, theme.accent
        self.update()

    def show_image(self, weights: Array, shape: Sequence[int], reach: float) -> Tiles:
        """Every channel of every map as one tile; returns where they lie."""
        images = marked(weights.T.reshape(-1, *shape[1:]))
        self.bars, self.tiles = [], flowing(len(images), *shape[1:])
        places = places_of(self.tiles.compose(images), (-reach, reach))
        # The pane counts upwards, pictures downwards.
        self.heat.set_places(np.flipud(places), self.tiles.rect)
        self.update()
        return self.tiles

    def show_bars(self, values: Array) -> None:
        """One bar per weight; where there are many, the largest of each few."""
        self.heat.clear()
        self.tiles = None
        chosen = strongest(values, MOST_BARS)
        width = len(values) / max(len(chosen), 1)
        self.bars = [(i * width, width, float(v)) for i, v in enumerate(values[chosen].tolist()) if math.isfinite(v)]
        self.update()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for left, width, value in self.bars:
            box = there.mapRect(QRectF(left + 0.1 * width, min(value, 0.0), 0.8 * width, abs(value)))
            box.setWidth(max(box.width(), 1.0))
            painter.fillRect(box, transparent(self.above if value > 0 else self.below, 0.85))


def strongest(values: Array, most: int) -> NDArray[np.intp]:
    """Indices of at most ``most`` values, of each few neighbours the one farthest from 0."""
    if len(values) <= most:
        return np.arange(len(values))
    size = -(-len(values) // most)
    padded = np.zeros(size * -(-len(values) // size))
    padded[: len(values)] = np.abs(np.nan_to_num(values))
    rows = padded.reshape(-1, size)
    return np.asarray(rows.argmax(axis=1) + size * np.arange(len(rows)))


class Turns(Item):
    """Upright lines where the unit was first seen to have died, saturated or come back, and when it may have."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane, 3.0)
        self.turns: tuple[Turn, ...] = ()
        self.tones: dict[str, str] = {}

    def set_turns(self, turns: tuple[Turn, ...]) -> None:
        if turns != self.turns:
            self.turns = turns
            self.update()

    def tint(self, theme: Theme) -> None:
        self.tones = {condition: str(getattr(theme, tone)) for condition, tone in TONES.items()}
        self.update()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        (left, right), (low, high) = self.pane.shown
        for turn in self.turns:
            tone = self.tones[turn.condition]
            seen = turn.step if turn.after is None else turn.after
            span = QRectF(seen, low, turn.step - seen, high - low)
            painter.fillRect(there.mapRect(span), transparent(tone, 0.12))
            if left <= turn.step <= right:
                painter.setPen(pen_of(tone, 1.0))
                painter.drawLine(there.map(QPointF(turn.step, high)), there.map(QPointF(turn.step, low)))


def words_of(unit: Unit) -> str:
    """``active 34 % · saturated 2 % · ‖∂C/∂w‖ 1.20·10⁻³``"""
    shares = (("active", unit.active), ("saturated", unit.saturated))
    parts = [f"{word} {percent(share)}" for word, share in shares if share == share]
    if unit.weights.size:
        parts.append(f"‖∂C/∂w‖ {number(unit.gradient_norm, fixed=True)}")
    return " · ".join(parts)
