"""Means, spreads and norms: fast where float32 sums are safe, and right where they would not be.

The fast path is one BLAS product over the array. It is taken only where its result proves it safe: the sum of squares
lies far from float32's ends, and the spread is not small beside the mean. Otherwise the sums run in float64, around
the mean, and scaled where even float64 would overflow. NaN and Inf give NaN or Inf.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from simulator.numeric import Array

CHUNK = 65536
"""Entries per product: float32 partial sums stay short, what is read stays in the cache."""
_SAFE = {np.dtype(np.float32): (1e-28, 1e30), np.dtype(np.float64): (1e-270, 1e280)}
"""Sums of squares between these have neither lost small squares nor overflowed."""
_ONE_PASS = 0.01
"""Share of mean² below which the variance is not read off Σx² and Σx any more."""


class Moments(NamedTuple):
    mean: float
    std: float
    """Population standard deviation."""


@functools.lru_cache(maxsize=64)
def _ones(size: int, dtype: np.dtype[np.floating]) -> Array:
    return np.ones(size, dtype)


def _plain_squares(flat: Array) -> float:
    """Σx² in the array's own precision."""
    if flat.size <= CHUNK:
        return float(np.dot(flat, flat))
    return sum(float(np.dot(piece, piece)) for piece in np.split(flat, range(CHUNK, flat.size, CHUNK)))


def _safe(squares: float, dtype: np.dtype[np.floating]) -> bool:
    low, high = _SAFE[dtype]
    return low < squares < high


def norm(x: Array) -> float:
    """Frobenius norm √Σx²."""
    flat = x.ravel()
    squares = _plain_squares(flat)
    return math.sqrt(squares) if _safe(squares, flat.dtype) else _careful_norm(flat)


def rms(x: Array) -> float:
    """√(mean x²)."""
    return norm(x) / math.sqrt(x.size) if x.size else math.nan


def moments(x: Array) -> Moments:
    """Mean and population standard deviation over all entries; NaN for an empty array."""
    if x.size == 0:
        return Moments(math.nan, math.nan)
    flat = x.ravel()
    squares = _plain_squares(flat)
    if not _safe(squares, flat.dtype):
        return _careful_moments(flat)
    mean = _plain_sum(x) / x.size
    variance = squares / x.size - mean * mean
    if variance > _ONE_PASS * mean * mean:
        return Moments(mean, math.sqrt(variance))
    return _around_the_mean(flat, mean)


def _plain_sum(x: Array) -> float:
    """Σx by rows in the array's own precision, then in float64."""
    rows = x.reshape(x.shape[0], -1)
    sums = np.dot(rows, _ones(rows.shape[1], rows.dtype))
    return float(np.add.reduce(sums, dtype=np.float64))


def _around_the_mean(flat: Array, mean: float) -> Moments:
    """Two passes: exact where the spread is small beside the mean."""
    centre = flat.dtype.type(mean)
    difference = flat - centre
    squares = _plain_squares(difference)
    if not _safe(squares, flat.dtype):
        return _careful_moments(flat)
    shift = float(np.add.reduce(difference, dtype=np.float64)) / flat.size
    return Moments(float(centre) + shift, math.sqrt(max(0.0, squares / flat.size - shift * shift)))


def _scaled(flat: Array) -> tuple[Array, float]:
    """(x / s, s) in float64 with s chosen so that squares neither overflow nor vanish."""
    wide = flat.astype(np.float64)
    if flat.dtype == np.float32:
        return wide, 1.0
    top = float(np.abs(wide).max())
    if not math.isfinite(top) or top == 0:
        return wide, 1.0
    scale = math.ldexp(1.0, math.frexp(top)[1] - 1)
    return wide / scale, scale


def _careful_norm(flat: Array) -> float:
    if flat.size == 0:
        return 0.0
    wide, scale = _scaled(flat)
    return math.sqrt(float(np.dot(wide, wide))) * scale


def _careful_moments(flat: Array) -> Moments:
    wide, scale = _scaled(flat)
    mean = float(wide.mean())
    wide -= mean
    return Moments(mean * scale, math.sqrt(float(np.dot(wide, wide)) / wide.size) * scale)


def nonfinite(x: Array) -> int:
    """How many entries are NaN or ±Inf."""
    return int(x.size - np.count_nonzero(np.isfinite(x)))
