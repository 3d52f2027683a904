"""f on a grid over a window."""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.landscape.function import Objective, Window
from simulator.system.progress import advance


def values_on(objective: Objective, window: Window, cells: int) -> Floats:
    """(cells, cells): f at the middle of each cell; row 0 at the smallest y."""
    (x0, x1), (y0, y1) = window
    middle = (np.arange(cells) + 0.5) / cells
    x, y = np.meshgrid(x0 + (x1 - x0) * middle, y0 + (y1 - y0) * middle)
    values = np.empty(x.size)
    with np.errstate(all="ignore"):
        for place in range(0, x.size, objective.at_once):
            advance("Contours", place, x.size, "places")
            part = slice(place, place + objective.at_once)
            values[part] = objective.value(x.ravel()[part], y.ravel()[part])
    return values.reshape(x.shape)
