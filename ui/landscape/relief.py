"""Contours of a function of two parameters: levels that are even in the logarithm of f − f*."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainterPath

from simulator.arrays.numeric import Floats
from simulator.landscape.function import Objective, Window
from simulator.landscape.grid import values_on
from simulator.landscape.race import RacedPath
from ui.chart.colour_tables import FIRST, LAST, colour_table, indexed
from ui.chart.heat import Heat
from ui.chart.marks import Surface
from ui.chart.pens import pen_of
from ui.landscape.kept import KeptPicture
from ui.style.colours import mix, ramp
from ui.style.theme import Theme

MOST_LEVELS = 28
MOST_DECADES = 8.0
"""Below the highest contour by so much, nothing is told apart."""
STEPS = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Decades between two contours."""


@dataclass(frozen=True, eq=False)
class Relief:
    """f on a grid over a window, and what heights are counted from."""

    window: Window
    values: Floats
    """(rows, columns): f at the middle of each cell; row 0 at the smallest y."""
    base: float
    """f*: the lowest minimum, or where nobody knows it, the least f that was seen."""
    known: bool
    """Whether ``base`` is a minimum that is known."""

    @cached_property
    def heights(self) -> Floats:
        """log₁₀ (f − f*); +∞ where f is not finite, −∞ at f*."""
        with np.errstate(all="ignore"):
            heights = np.log10(np.maximum(self.values - self.base, 0.0))
        return np.where(np.isfinite(self.values), heights, np.inf)

    def value_at(self, x: float, y: float) -> float | None:
        """f of the cell at a place; None outside."""
        (x0, x1), (y0, y1) = self.window
        rows, columns = self.values.shape
        row, column = int((y - y0) / (y1 - y0) * rows), int((x - x0) / (x1 - x0) * columns)
        inside = x >= x0 and y >= y0 and row < rows and column < columns
        return float(self.values[row, column]) if inside else None

    @cached_property
    def range(self) -> tuple[float, float]:
        """The least and the greatest height that is told apart."""
        heights = self.heights
        finite = heights[np.isfinite(heights)]
        if not finite.size:
            return -1.0, 0.0
        top = float(finite.max())
        low = max(float(finite.min()), top - MOST_DECADES)
        return (low, top) if top > low else (top - 1.0, top)

    @property
    def levels(self) -> list[float]:
        """Heights of the contours, evenly spaced at round numbers."""
        low, top = self.range
        step = next((each for each in STEPS if (top - low) / each <= MOST_LEVELS), STEPS[-1])
        return [step * place for place in range(math.ceil(low / step), math.floor(top / step) + 1)]


def relief_of(objective: Objective, window: Window, base: float | None, cells: int) -> Relief:
    """f on ``cells`` × ``cells`` places; heights are counted from ``base``, or else from the least of them."""
    return relief(window, values_on(objective, window, cells), base)


def relief(window: Window, values: Floats, base: float | None) -> Relief:
    finite = values[np.isfinite(values)]
    least = float(finite.min()) if finite.size else 0.0
    return Relief(window, values, least if base is None else base, base is not None)


def counted_from_least(relief: Relief, paths: Sequence[RacedPath]) -> Relief:
    """Where nobody knows the minimum, heights are counted from the least f that was seen, paths included."""
    seen = [path.values[np.isfinite(path.values)] for path in paths]
    least = min((float(values.min()) for values in seen if values.size), default=relief.base)
    return relief if relief.known or least >= relief.base else replace(relief, base=least)


@lru_cache(4)
def relief_table(theme: Theme) -> list[int]:
    """The colours of heights: from the panel to a grey on which every path can be read; kept, not to be changed."""
    shades = ramp((theme.panel, mix(theme.panel, theme.muted, 0.45)), LAST - FIRST + 1)
    return [*colour_table(theme, theme.muted)[:FIRST], *(QColor(shade).rgba() for shade in shades)]


@dataclass(frozen=True, eq=False)
class ReliefMark(Heat):
    """The relief in greys with its contours."""

    relief: Relief | None = None
    _: KW_ONLY
    kept: KeptPicture = field(default_factory=KeptPicture)
    opaque: ClassVar[float] = 0.55

    def draw(self, surface: Surface) -> None:
        self.kept.paint(surface, self.relief, self._draw_whole)

    def _draw_whole(self, surface: Surface) -> None:
        super().draw(surface)
        if self.relief is None:
            return
        surface.painter.save()
        surface.smooth(True)
        surface.painter.setPen(pen_of(surface.colour("muted"), 0.8, alpha=self.opaque))
        for path in contours(self.relief):
            surface.painter.drawPath(surface.to_pixels.map(path))
        surface.painter.restore()


def relief_mark(relief: Relief) -> ReliefMark:
    (x0, x1), (y0, y1) = relief.window
    heights = relief.heights
    low, top = relief.range
    # At f* itself the ramp begins: it is no place without data.
    clipped = np.where(heights < low, low, heights)
    rect = QRectF(x0, y0, x1 - x0, y1 - y0)
    return ReliefMark("relief", indexed(clipped, low, top), rect, relief_table, relief, zero=None, logs=heights, z=-6.0)


def contours(relief: Relief) -> list[QPainterPath]:
    """One path for each level, of pairs of points, in data."""
    heights = relief.heights
    return [_contour(relief.window, heights, level) for level in relief.levels]


def _contour(window: Window, heights: Floats, level: float) -> QPainterPath:
    """Marching squares over the middles of cells; squares with a corner that is not finite have no line."""
    corners = [heights[:-1, :-1], heights[:-1, 1:], heights[1:, 1:], heights[1:, :-1]]
    floor = level - 4.0
    with np.errstate(all="ignore"):
        above = [corner > level for corner in corners]
        usable = ~np.logical_or.reduce([np.isposinf(corner) | np.isnan(corner) for corner in corners])
        low = [np.maximum(corner, floor) for corner in corners]
        crossed = [(above[side] != above[(side + 1) % 4]) & usable for side in range(4)]
        shares = [
            np.clip((level - low[side]) / (low[(side + 1) % 4] - low[side]), 0, 1)
            for side in range(4)
        ]  # fmt: skip
    rows, columns = np.nonzero(np.logical_or.reduce(crossed))
    ends = _ends(rows, columns, [each[rows, columns] for each in crossed], [each[rows, columns] for each in shares])
    (x0, x1), (y0, y1) = window
    x = x0 + (ends[:, 0] + 0.5) / heights.shape[1] * (x1 - x0)
    y = y0 + (ends[:, 1] + 0.5) / heights.shape[0] * (y1 - y0)
    return pg.functions.arrayToQPath(x, y, connect="pairs") if len(x) else QPainterPath()


_WAYS = ((0, 0, 1, 0), (1, 0, 0, 1), (1, 1, -1, 0), (0, 1, 0, -1))
"""Of each side of a square: column and row of its beginning, and the way along it."""
PAIRS = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))


def _ends(
    rows: NDArray[np.intp], columns: NDArray[np.intp], crossed: Sequence[NDArray[np.bool_]], shares: Sequence[Floats]
) -> Floats:
    """(2 × lines, 2): column and row of both ends of each line; where four sides are crossed, of two lines."""
    places = [
        np.stack([columns + c + dc * share, rows + r + dr * share], axis=1)
        for (c, r, dc, dr), share in zip(_WAYS, shares, strict=True)
    ]
    four = np.logical_and.reduce(list(crossed))
    lines = []
    for one, other in PAIRS:
        chosen = crossed[one] & crossed[other] & (~four | ((one, other) in ((0, 1), (2, 3))))
        lines.append(np.stack([places[one][chosen], places[other][chosen]], axis=1).reshape(-1, 2))
    return np.concatenate(lines)
