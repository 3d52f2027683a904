"""Counts of many layers, with what fits no histogram counted beside."""

from __future__ import annotations

from msgspec import Struct

from simulator.arrays.numeric import Counts, Floats


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
