"""f on a grid over a window."""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.landscape.function import Ground, Window
from simulator.system.progress import advance


def values_on(ground: Ground, window: Window, cells: int) -> Floats:
    """(cells, cells): f at the middle of each cell; row 0 at the smallest y."""
    (x0, x1), (y0, y1) = window
    middle = (np.arange(cells) + 0.5) / cells
    x, y = np.meshgrid(x0 + (x1 - x0) * middle, y0 + (y1 - y0) * middle)
    values = np.empty_like(x)
    rows = max(1, cells // 20)
    with np.errstate(all="ignore"):
        for row in range(0, cells, rows):
            advance("Contours", row, cells, "rows")
            part = slice(row, row + rows)
            values[part] = ground.value(x[part], y[part])
    return values
