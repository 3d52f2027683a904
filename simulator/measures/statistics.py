"""Means, spreads and norms that stay right where float32 sums would not.

Sums run in float64 around the mean, so float32 magnitudes from 1e-38 to 1e38 and spreads of 1e-4 of the mean come
out right; float64 data beyond 1e±150 is scaled first. NaN and Inf give NaN or Inf and are counted.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from simulator.numeric import Array


class Moments(NamedTuple):
    mean: float
    std: float
    """Population standard deviation."""


def _scaled(x: Array) -> tuple[Array, float]:
    """(x / s, s) in float64 with s chosen so that squares neither overflow nor vanish."""
    wide = x.astype(np.float64).ravel()
    if x.dtype == np.float32 or wide.size == 0:
        return wide, 1.0
    top = float(np.abs(wide).max())
    if not math.isfinite(top) or top == 0 or 1e-140 < top < 1e140:
        return wide, 1.0
    scale = math.ldexp(1.0, math.frexp(top)[1])
    return wide / scale, scale


def moments(x: Array) -> Moments:
    """Mean and population standard deviation over all entries; NaN for an empty array."""
    if x.size == 0:
        return Moments(math.nan, math.nan)
    wide, scale = _scaled(x)
    mean = float(wide.mean())
    wide -= mean
    return Moments(mean * scale, math.sqrt(float(np.dot(wide, wide)) / wide.size) * scale)


def norm(x: Array) -> float:
    """Frobenius norm √Σx²."""
    wide, scale = _scaled(x)
    return math.sqrt(float(np.dot(wide, wide))) * scale


def rms(x: Array) -> float:
    """√(mean x²)."""
    return norm(x) / math.sqrt(x.size) if x.size else math.nan


def nonfinite(x: Array) -> int:
    """How many entries are NaN or ±Inf."""
    return int(x.size - np.count_nonzero(np.isfinite(x)))
