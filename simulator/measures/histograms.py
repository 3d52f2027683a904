"""Layer × bin counts whose range moves in steps, with NaN, ±Inf and exact zeros counted."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.frame import Counts, Floats, Histograms, frozen
from simulator.numeric import Array
from simulator.stack import Stack

BINS = 64
_MANTISSA = 2.0**15
_KEEP = 0x00003F0000003F00
"""The bin numbers of two neighbouring float32, read as one 64-bit integer."""
_JOIN = 1 + 2**38
_BLOCK = 2**17
"""Entries worked on at a time, so that temporaries stay in the cache."""
_FAST_RANGE = (1e-28, 1e30)
"""Limits between which float32 holds a bin's position."""
_LADDER = np.array([factor * 10.0**power for power in range(-300, 308) for factor in (1, 2, 5)] + [1e308])
_ONES = np.ones(BINS)
_LAST = float(np.finfo(np.float64).max)
_EDGES = np.linspace((-1, 0), 1, BINS + 1, axis=1)
"""Edges as shares of the limit, of a range on both sides of zero and of one that starts there."""


def nice_limits(tops: Floats) -> Floats:
    """The smallest of 1, 2, 5 × 10^k that is not below each of ``tops`` (1 for 0)."""
    limits: Floats = np.append(_LADDER, _LAST)[np.searchsorted(_LADDER, tops)]
    limits[tops == 0] = 1.0
    return limits


class _Tally:
    """The histograms of some layers, filled stack by stack."""

    def __init__(self, depth: int) -> None:
        self.counts: Counts = np.zeros((depth, BINS), np.int64)
        self.limit: Floats = np.ones(depth)
        self.positive = np.zeros(depth, bool)
        """Whether a layer's range starts at zero."""
        self.odd: Counts = np.zeros((4, depth), np.int64)
        """NaN, +Inf, −Inf, exact zeros."""

    def set_ranges(self, layers: NDArray[np.intp], bottoms: Floats, tops: Floats) -> None:
        self.limit[layers] = nice_limits(np.maximum(np.abs(bottoms), np.abs(tops)))
        self.positive[layers] = (bottoms >= 0) & (tops > 0)

    def told(self) -> Histograms:
        edges = _EDGES[self.positive.astype(np.intp)] * self.limit[:, np.newaxis]
        return Histograms(frozen(self.counts), frozen(edges), *(frozen(row) for row in self.odd))


def _count_stack(tally: _Tally, layers: NDArray[np.intp], rows: Array) -> None:
    """Tally a stack (layers, entries)."""
    bottoms, tops = rows.min(axis=1).astype(np.float64), rows.max(axis=1).astype(np.float64)
    fast = np.isfinite(bottoms) & np.isfinite(tops)
    tally.set_ranges(layers[fast], bottoms[fast], tops[fast])
    limits = tally.limit[layers]
    fast &= (limits > _FAST_RANGE[0]) & (limits < _FAST_RANGE[1])
    fast &= rows.dtype == np.float32 and rows.shape[1] % 2 == 0
    if fast.all():
        tally.counts[layers] = _count_pairs(rows, limits, tally.positive[layers])
        zero = rows == 0
        if np.count_nonzero(zero):
            tally.odd[3, layers] = [np.count_nonzero(row) for row in zero]
    elif len(rows) > 1:
        for layer in range(len(rows)):
            _count_stack(tally, layers[layer : layer + 1], rows[layer : layer + 1])
    else:
        _count_carefully(tally, int(layers[0]), rows[0])


def _count_pairs(rows: Array, limits: Floats, positive: NDArray[np.bool_]) -> Counts:
    """Two entries at a time: half as many look-ups, which is what counting costs.

    Adding 2^15 to a bin's position leaves its number in bits 8 … 13 of the float's mantissa (resolution 1/256 bin),
    so two neighbours, read as one 64-bit integer, give a key of 12 bits without a cast. Positions are drawn in by
    1/256 bin at the ends: nothing falls outside, and zero stays exactly on its edge.
    """
    zero = np.where(positive, 0.0, BINS / 2)
    scale = (BINS - zero - 1 / 256) / limits
    position = np.multiply(rows, scale.astype(np.float32)[:, np.newaxis])
    position += (_MANTISSA + zero).astype(np.float32)[:, np.newaxis]
    key = position.view(np.int64)
    key &= _KEEP
    key *= _JOIN
    key >>= 40
    # Kept as float64, exact to 2^53, so that both sums are products.
    pairs = np.empty((len(rows), BINS * BINS))
    for layer, row in enumerate(key):
        pairs[layer] = np.bincount(row, minlength=BINS * BINS)
    table = pairs.reshape(-1, BINS, BINS)
    counts: Counts = (table @ _ONES + _ONES @ table).astype(np.int64)
    return counts


def _count_carefully(tally: _Tally, layer: int, row: Array) -> None:
    """Any magnitude, any precision, NaN and Inf set apart."""
    finite = np.isfinite(row)
    if not finite.all():
        tally.odd[:3, layer] = [np.count_nonzero(odd) for odd in (np.isnan(row), row == math.inf, row == -math.inf)]
        row = row[finite]
    if not row.size:
        return
    wide = row.astype(np.float64)
    tally.set_ranges(np.array([layer]), wide.min(keepdims=True), wide.max(keepdims=True))
    tally.odd[3, layer] = row.size - np.count_nonzero(row)
    limit, positive = tally.limit[layer], tally.positive[layer]
    place = wide / (limit / BINS) if positive else (wide + limit) / (2 * (limit / BINS))
    tally.counts[layer] = np.bincount(np.clip(place, 0, BINS - 1).astype(np.intp), minlength=BINS)


def stacked_histograms(depth: int, stacks: Sequence[Stack]) -> Histograms:
    """The histogram of every layer; a layer that is in no stack has counted nothing, between −1 and 1."""
    tally = _Tally(depth)
    for stack in stacks:
        rows = stack.array.reshape(len(stack.array), -1)
        block = max(1, _BLOCK // max(rows.shape[1], 1))
        for start in range(0, len(rows), block):
            _count_stack(tally, stack.layers[start : start + block], rows[start : start + block])
    return tally.told()


def histograms(arrays: Sequence[NDArray[np.floating]]) -> Histograms:
    """One histogram per array."""
    return stacked_histograms(
        len(arrays), [Stack(np.array([layer]), array[np.newaxis]) for layer, array in enumerate(arrays)]
    )
