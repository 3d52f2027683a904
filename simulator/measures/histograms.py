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


def _counts(x: Array, low: float, high: float, bins: int) -> NDArray[np.int64]:
    width = (high - low) / bins
    # Where the scale would leave float32, count in float64.
    if x.dtype == np.float32 and not 1e-30 < width < 1e30:
        x = x.astype(np.float64)
    scaled = x * x.dtype.type(1 / width)
    scaled -= x.dtype.type(low / width)
    np.clip(scaled, 0, bins - 1, out=scaled)
    return np.bincount(scaled.astype(np.uint8), minlength=bins)


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
    edges[:] = np.linspace(bottom, limit, counts.size + 1)
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
