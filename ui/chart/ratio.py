"""What one image is beside another of the same kind: log₁₀ of their ratio, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from ui.chart.colour_tables import diverging_table, indexed
from ui.chart.heat import Heat
from ui.chart.legend import Key

LEAST_REACH = 0.1
"""What the colours span at least, either way."""
ZERO_HERE = Key("0 here alone", "muted", "cell", short="0 here", hatch="dotted")


def log_ratio(image: Heat, base: Heat, rows: Mapping[int, int]) -> Floats:
    """log₁₀ of the values of ``image`` by those of ``base``: (rows, columns) as the former has them.

    ``rows``: which row of the base a row is held against, where rows are layers; columns go by where they lie. −∞:
    only the image is 0; +∞: the base is, or one is not finite; NaN: one has nothing there, or both are 0.
    """
    if image.logs is None or base.logs is None:
        return np.full(image.places.shape, np.nan)
    height, across = len(image.logs), _columns(image, base)
    down = np.array([rows.get(row, -1) if image.of_layers else row for row in range(height)], np.int64)
    if not image.of_layers and len(base.logs) != height:
        down[:] = -1
    known = ((down >= 0) & (down < len(base.logs)))[:, np.newaxis] & (across >= 0)
    its = base.logs[np.clip(down, 0, len(base.logs) - 1)[:, np.newaxis], across]
    return _apart(image.logs, np.where(known, its, np.nan))


def _columns(image: Heat, base: Heat) -> NDArray[np.int64]:
    """The column of the base in which the middle of each column lies; -1 outside."""
    width, count = image.places.shape[1], base.places.shape[1]
    middles = image.rect.left() + (np.arange(width) + 0.5) * image.rect.width() / width
    places = np.floor((middles - base.rect.left()) / base.rect.width() * count).astype(np.int64)
    return np.where((places >= 0) & (places < count), places, -1)


def _apart(mine: Floats, its: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        apart = mine - its
    lost = (np.isposinf(mine) & ~np.isnan(its)) | (np.isposinf(its) & ~np.isnan(mine))
    return np.asarray(np.where(lost, np.inf, apart))


def largest_magnitude(ratios: Iterable[Floats]) -> float:
    """The largest magnitude that is finite."""
    largest = [float(np.abs(part[np.isfinite(part)]).max()) for part in ratios if np.isfinite(part).any()]
    return max([LEAST_REACH, *largest])


def ratio_image(image: Heat, ratio: Floats, reach: float) -> Heat:
    """The same cells with these values, in colours from −reach to +reach."""
    places = np.ascontiguousarray(indexed(ratio, -reach, reach))
    return replace(image, places=places, logs=ratio, table=diverging_table, zero=ZERO_HERE)
