"""Layer × bin counts whose range moves in steps, with NaN, ±Inf and exact zeros counted."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.frame import Counts, Floats, Histograms, frozen
from simulator.numeric import Array

BINS = 64
_MANTISSA = 2.0**15
_KEEP = 0x00003F0000003F00
"""The bin numbers of two neighbouring float32, read as one 64-bit integer."""
_JOIN = 1 + 2**38
_BLOCK = 2**17
"""Entries worked on at a time, so that temporaries stay in the cache."""
_ROWS = 32
"""Layers worked on at a time, for the same reason."""
_FAST_RANGE = (1e-28, 1e30)
"""Limits between which float32 holds a bin's position."""


_LADDER = [factor * 10.0**power for power in range(-300, 308) for factor in (1, 2, 5)] + [1e308]
_SHARES = np.linspace(0, 1, BINS + 1)


def nice_limit(top: float) -> float:
    """The smallest of 1, 2, 5 × 10^k that is not below ``top`` (1 for 0)."""
    if top == 0:
        return 1.0
    place = bisect.bisect_left(_LADDER, top)
    return _LADDER[place] if place < len(_LADDER) else float(np.finfo(np.float64).max)


class _Tally:
    """The histograms of a run of layers, filled row by row."""

    def __init__(self, depth: int) -> None:
        self.counts: Counts = np.zeros((depth, BINS), np.int64)
        self.low: Floats = np.zeros(depth)
        self.high: Floats = np.zeros(depth)
        self.odd: Counts = np.zeros((4, depth), np.int64)
        """NaN, +Inf, −Inf, exact zeros."""

    def arrange(self, order: NDArray[np.intp]) -> None:
        self.counts, self.low, self.high = self.counts[order], self.low[order], self.high[order]
        self.odd = self.odd[:, order]

    def edges(self) -> Floats:
        # By halves: from −limit to limit may be further than the largest float.
        low, high = self.low[:, np.newaxis] / 2, self.high[:, np.newaxis] / 2
        half: Floats = low * (1 - _SHARES) + high * _SHARES
        return 2 * half


def _count_stack(tally: _Tally, first: int, stack: Array) -> None:
    """Tally a stack whose first layer is row ``first``."""
    rows = stack.reshape(len(stack), -1)
    if rows.shape[1] == 0:
        tally.low[first : first + len(rows)], tally.high[first : first + len(rows)] = -1.0, 1.0
        return
    block = min(_ROWS, max(1, _BLOCK // rows.shape[1]))
    for start in range(0, len(rows), block):
        _count_block(tally, first + start, rows[start : start + block])


def _count_block(tally: _Tally, first: int, rows: Array) -> None:
    here = slice(first, first + len(rows))
    bottoms, tops = rows.min(axis=1).tolist(), rows.max(axis=1).tolist()
    fast = rows.dtype == np.float32 and rows.shape[1] % 2 == 0
    for layer, (bottom, top) in enumerate(zip(bottoms, tops, strict=True), first):
        if math.isfinite(bottom) and math.isfinite(top):
            _set_range(tally, layer, bottom, top)
            fast = fast and _FAST_RANGE[0] < tally.high[layer] < _FAST_RANGE[1]
        else:
            fast = False
    if fast:
        tally.counts[here] = _count_pairs(rows, tally.low[here], tally.high[here])
        zero = rows == 0
        if zero.any():
            tally.odd[3, here] = [np.count_nonzero(row) for row in zero]
    else:
        for layer, row in enumerate(rows, first):
            _count_carefully(tally, layer, row)


def _set_range(tally: _Tally, layer: int, bottom: float, top: float) -> None:
    limit = nice_limit(max(abs(bottom), abs(top)))
    tally.low[layer] = 0.0 if bottom >= 0 and top > 0 else -limit
    tally.high[layer] = limit


def _count_pairs(rows: Array, low: Floats, high: Floats) -> Counts:
    """Two entries at a time: half as many look-ups, which is what counting costs.

    Adding 2^15 to a bin's position leaves its number in bits 8 … 13 of the float's mantissa (resolution 1/256 bin),
    so two neighbours, read as one 64-bit integer, give a key of 12 bits without a cast. Positions are drawn in by
    1/256 bin at the ends: nothing falls outside, and zero stays exactly on its edge.
    """
    zero = np.where(low < 0, BINS / 2, 0.0)
    room = BINS - zero
    scale = (room - 1 / 256) / high
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
    ones = np.ones(BINS)
    counts: Counts = (table @ ones + ones @ table).astype(np.int64)
    return counts


def _count_carefully(tally: _Tally, layer: int, row: Array) -> None:
    """Any magnitude, any precision, NaN and Inf set apart."""
    finite = np.isfinite(row)
    if not finite.all():
        tally.odd[:3, layer] = [np.count_nonzero(odd) for odd in (np.isnan(row), row == math.inf, row == -math.inf)]
        row = row[finite]
    bottom, top = (float(row.min()), float(row.max())) if row.size else (0.0, 0.0)
    _set_range(tally, layer, bottom, top)
    tally.odd[3, layer] = row.size - np.count_nonzero(row)
    low, high = float(tally.low[layer]), float(tally.high[layer])
    width = high / BINS - low / BINS
    place = np.clip((row.astype(np.float64) - low) / width, 0, BINS - 1)
    tally.counts[layer] = np.bincount(place.astype(np.intp), minlength=BINS)


def stacked_histograms(stacks: Sequence[Array], order: NDArray[np.intp] | None = None) -> Histograms:
    """The histogram of every layer of every stack (layers, …), one after the other, or in ``order``."""
    tally = _Tally(sum(len(stack) for stack in stacks))
    first = 0
    for stack in stacks:
        _count_stack(tally, first, stack)
        first += len(stack)
    if order is not None:
        tally.arrange(order)
    nan, plus, minus, zeros = (frozen(row) for row in tally.odd)
    return Histograms(frozen(tally.counts), frozen(tally.edges()), nan, plus, minus, zeros)


def histograms(arrays: Sequence[NDArray[np.floating]]) -> Histograms:
    """One histogram per array."""
    return stacked_histograms([array[np.newaxis] for array in arrays])
