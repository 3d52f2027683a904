"""Layer × bin counts whose range moves in steps, with NaN, ±Inf and exact zeros counted."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.frame import Histograms, frozen
from simulator.numeric import Array

BINS = 64
_SMALLEST = 1e-300
_MANTISSA = 2.0**15


def nice_limit(top: float) -> float:
    """The smallest of 1, 2, 5 × 10^k that is not below ``top`` (1 for 0)."""
    if top == 0:
        return 1.0
    top = max(top, _SMALLEST)
    base = 10.0 ** math.floor(math.log10(top))
    for factor in (1, 2, 5, 10, 20):
        if factor * base >= top:
            return min(factor * base, np.finfo(np.float64).max)
    return top


def _counts(flat: Array, low: float, high: float, bins: int) -> NDArray[np.int64]:
    width = high / bins - low / bins
    if flat.dtype != np.float32 or bins != BINS or not 1e-30 < width < 1e30:
        scaled = (flat.astype(np.float64) - low) / width
        return np.bincount(np.clip(scaled, 0, bins - 1).astype(np.intp), minlength=bins)
    return _count_pairs(flat, low, width)


def _count_pairs(flat: Array, low: float, width: float) -> NDArray[np.int64]:
    """64 bins, two entries at a time: half as many look-ups, which is what counting costs.

    Adding 2^15 to a bin position leaves it in bits 8 … 13 of the float's mantissa (resolution 1/256 bin), so two
    neighbours, read as one 64-bit integer, give a key of 12 bits without a cast.
    """
    odd = flat.size % 2
    position = np.multiply(flat[: flat.size - odd], np.float32(1 / width))
    position += np.float32(_MANTISSA - low / width)
    np.minimum(position, np.float32(_MANTISSA + BINS - 0.5), out=position)
    key = position.view(np.int64)
    high = key >> 34
    key >>= 8
    key &= 0x3F
    high &= 0xFC0
    key |= high
    pairs = np.bincount(key, minlength=BINS * BINS).reshape(BINS, BINS)
    counts = pairs.sum(axis=0) + pairs.sum(axis=1)
    if odd:
        counts[min(int((float(flat[-1]) - low) / width), BINS - 1)] += 1
    return counts


def histogram_into(x: Array, counts: NDArray[np.int64], edges: NDArray[np.float64]) -> tuple[int, int, int, int]:
    """Fill one layer's counts and edges; (NaN, +Inf, −Inf, exact zeros)."""
    flat = x.ravel()
    low, high = float(flat.min()), float(flat.max())
    nan = plus = minus = 0
    if not (math.isfinite(low) and math.isfinite(high)):
        nan = int(np.count_nonzero(np.isnan(flat)))
        plus = int(np.count_nonzero(flat == math.inf))
        minus = int(np.count_nonzero(flat == -math.inf))
        flat = flat[np.isfinite(flat)]
        low, high = (float(flat.min()), float(flat.max())) if flat.size else (0.0, 0.0)
    limit = nice_limit(max(abs(low), abs(high)))
    bottom = 0.0 if low >= 0 and high > 0 else -limit
    counts[:] = _counts(flat, bottom, limit, counts.size)
    # By halves: from −limit to limit may be further than the largest float.
    edges[:] = 2 * np.linspace(bottom / 2, limit / 2, counts.size + 1)
    return nan, plus, minus, int(flat.size - np.count_nonzero(flat))


def histograms(arrays: Sequence[Array], bins: int = BINS) -> Histograms:
    """One histogram per array (layer)."""
    counts = np.zeros((len(arrays), bins), np.int64)
    edges = np.zeros((len(arrays), bins + 1))
    odd = np.zeros((4, len(arrays)), np.int64)
    for layer, array in enumerate(arrays):
        odd[:, layer] = histogram_into(array, counts[layer], edges[layer])
    nan, plus, minus, zeros = (frozen(row) for row in odd)
    return Histograms(frozen(counts), frozen(edges), nan, plus, minus, zeros)
