"""Counts of many layers, with what fits no histogram counted beside."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Array, Counts, Floats


class Histograms(Struct, frozen=True):
    """Layer × bin counts of one quantity, with what does not fit a histogram counted beside it.

    A layer's range is ±r (or 0 … r where nothing is negative) with r the next of 1, 2, 5 × 10^k, so it moves in
    steps and holds every finite value.
    """

    counts: Counts
    """(layers, bins)"""
    edges: Floats
    """(layers, bins + 1)"""
    nan: Counts
    plus_inf: Counts
    minus_inf: Counts
    zeros: Counts
    """(layers,) each; exact zeros are in ``counts`` too."""

    @property
    def totals(self) -> Counts:
        totals: Counts = self.counts.sum(axis=1)
        return totals


def set_apart(values: Array) -> tuple[Array, tuple[int, int, int, int]]:
    """The finite ones of ``values``, flat where others are left out; how many are NaN, +∞, −∞ and exactly 0."""
    finite = np.isfinite(values)
    zeros = values.size - int(np.count_nonzero(values))
    if finite.all():
        return values, (0, 0, 0, zeros)
    nan, above, below = (
        int(np.count_nonzero(lost)) for lost in (np.isnan(values), values == np.inf, values == -np.inf)
    )
    return values[finite], (nan, above, below, zeros)


def binned(places: Array, bins: int) -> Counts:
    """(bins,) how many ``places``, in bins from 0 on, lie in each; what rounding puts beyond an end is in the last."""
    return np.bincount(np.clip(places, 0, bins - 1).astype(np.intp), minlength=bins)
