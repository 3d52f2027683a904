"""Small pictures side by side: how they are laid out, drawn as one image, and found again under the pointer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from simulator.arrays.numeric import Floats
from ui.chart.colour_tables import NOTHING, indexed
from ui.chart.ranges import Range

GAP = 2
LEAST = 14
"""Pixels of the image that the longer side of a tile has at least, so that gaps stay narrow."""
SHAPE = 1.5
"""Width to height of the whole, where the tiles may flow."""


@dataclass(frozen=True)
class Tiles:
    """A grid of tiles of ``height`` × ``width`` cells, each cell ``zoom`` pixels wide."""

    rows: int
    columns: int
    height: int
    width: int

    @property
    def zoom(self) -> int:
        return -(-LEAST // max(self.height, self.width))

    @property
    def pitch(self) -> tuple[int, int]:
        return self.height * self.zoom + GAP, self.width * self.zoom + GAP

    @property
    def extent(self) -> tuple[int, int]:
        """(height, width) of all tiles in pixels."""
        down, across = self.pitch
        return self.rows * down - GAP, self.columns * across - GAP

    @property
    def rect(self) -> QRectF:
        height, width = self.extent
        return QRectF(0, 0, width, height)

    def compose(self, values: Floats) -> Floats:
        """(tiles, height, width), row by row, as one picture; NaN between them and where a tile is missing."""
        picture = np.full(self.extent, np.nan)
        down, across = self.pitch
        for place, tile in enumerate(values):
            top, left = place // self.columns * down, place % self.columns * across
            large = np.repeat(np.repeat(tile, self.zoom, axis=0), self.zoom, axis=1)
            picture[top : top + large.shape[0], left : left + large.shape[1]] = large
        return picture

    def at(self, x: float, y: float) -> tuple[int, int, int] | None:
        """(tile, row, column) of the cell at a place of the picture; None between tiles."""
        down, across = self.pitch
        row, column = math.floor(y / down), math.floor(x / across)
        inner, along = math.floor((y - row * down) / self.zoom), math.floor((x - column * across) / self.zoom)
        inside = 0 <= row < self.rows and 0 <= column < self.columns
        if not (inside and 0 <= inner < self.height and 0 <= along < self.width):
            return None
        return row * self.columns + column, inner, along


def flowing(count: int, height: int, width: int) -> Tiles:
    """So many tiles in about the shape of a plot."""
    wanted = min(count, max(1, round(math.sqrt(count * SHAPE * height / width))))
    near = range(max(1, wanted - 1), min(count, wanted + 2) + 1)
    columns = min(near, key=lambda columns: (-count % columns, abs(columns - wanted), -columns))
    return Tiles(-(-count // columns), columns, height, width)


def places_of(picture: Floats, shown: Range) -> NDArray[np.uint8]:
    """Places in a colour table: NaN between tiles is nothing; see :func:`marked` for values that are lost."""
    places = indexed(picture, *shown)
    places[np.isnan(picture)] = NOTHING
    return places


def marked(values: Floats) -> Floats:
    """What is not finite as +∞, which images show amber."""
    return np.where(np.isfinite(values), values, np.inf)
