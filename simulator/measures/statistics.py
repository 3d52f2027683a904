"""Means, spreads and norms: fast where float32 sums are safe, and right where they would not be.

All work on stacks: arrays whose first axis is the layer, one result per layer. The fast path is one BLAS product over
each layer. It is taken only where its result proves it safe: the sum of squares lies far from float32's ends, and the
spread is not small beside the mean. Elsewhere the sums run in float64, around the mean, and scaled where even float64
would overflow. NaN and Inf give NaN or Inf.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from simulator.frame import Floats
from simulator.numeric import Array

CHUNK = 65536
"""Entries per product: float32 partial sums stay short."""
_SAFE = {np.dtype(np.float32): (1e-28, 1e30), np.dtype(np.float64): (1e-270, 1e280)}
"""Sums of squares between these have neither lost small squares nor overflowed."""
_ONE_PASS = 0.01
"""Share of mean² below which the variance is not read off Σx² and Σx any more."""


class Moments(NamedTuple):
    """(layers,) each; ``std`` is the population standard deviation, ``norm`` the Frobenius norm √Σx²."""

    mean: Floats
    std: Floats
    norm: Floats


@functools.lru_cache(maxsize=64)
def _ones(size: int, dtype: np.dtype[np.floating]) -> Array:
    return np.ones(size, dtype)


def _squares(rows: Array) -> Floats:
    """Σx² of each layer in the array's own precision, chunk by chunk."""
    if rows.ndim == 3:
        pieces: Floats = np.add.reduce(np.vecdot(rows, rows), axis=1, dtype=np.float64)
        return pieces
    size = rows.shape[1]
    if size <= CHUNK:
        squares: Floats = np.vecdot(rows, rows).astype(np.float64)
        return squares
    total = np.zeros(len(rows))
    for start in range(0, size, CHUNK):
        piece = rows[:, start : start + CHUNK]
        total += np.vecdot(piece, piece)
    return total


def _unsafe(squares: Floats, dtype: np.dtype[np.floating]) -> list[int]:
    """Rows whose sum of squares proves nothing."""
    low, high = _SAFE[dtype]
    return [row for row, value in enumerate(squares.tolist()) if not low < value < high]


def in_memory_order(stack: Array) -> Array:
    """A stack (layers, units, steps, samples) as (layers, slabs, entries), as it lies in memory, not copied.

    Others as (layers, entries).
    """
    if stack.ndim < 4:
        return stack.reshape(len(stack), -1)
    order = sorted(range(1, stack.ndim), key=lambda axis: -stack.strides[axis])
    stack = stack.transpose(0, *order)
    return stack.reshape(*stack.shape[:2], -1)


def norms(stack: Array) -> Floats:
    """Frobenius norm √Σx² of each layer."""
    rows = in_memory_order(stack)
    squares = _squares(rows)
    result: Floats = np.sqrt(squares)
    for row in _unsafe(squares, rows.dtype):
        result[row] = _careful_norm(rows[row].ravel())
    return result


def moments(stack: Array) -> Moments:
    """Mean, population standard deviation and norm of each layer over all its entries."""
    rows = in_memory_order(stack)
    size = max(math.prod(rows.shape[1:]), 1)
    squares = _squares(rows)
    mean = _sums(stack if rows.ndim == 2 else rows) / size
    square_of_mean = mean * mean
    variance = squares / size - square_of_mean
    # Rounding may leave a variance below zero; such a row is narrow, and read again around its mean.
    result = Moments(mean, np.sqrt(np.maximum(variance, 0)), np.sqrt(squares))
    narrow = variance <= _ONE_PASS * square_of_mean
    if narrow.any():
        for row in np.flatnonzero(narrow).tolist():
            mean[row], result.std[row] = _around_the_mean(rows[row].ravel(), float(mean[row]))
    for row in _unsafe(squares, rows.dtype):
        mean[row], result.std[row], result.norm[row] = _careful_moments(rows[row].ravel())
    return result


def _sums(stack: Array) -> Floats:
    """Σx of each layer: by its last axis in the array's own precision, then in float64."""
    sums = np.matmul(stack, _ones(stack.shape[-1], stack.dtype))
    total: Floats = np.add.reduce(sums.reshape(len(stack), -1), axis=1, dtype=np.float64)
    return total


def _around_the_mean(row: Array, mean: float) -> tuple[float, float]:
    """Two passes: right where the spread is small beside the mean."""
    centre = row.dtype.type(mean)
    difference = (row - centre)[np.newaxis]
    squares = _squares(difference)
    if _unsafe(squares, row.dtype):
        return _careful_moments(row)[:2]
    shift = float(np.add.reduce(difference[0], dtype=np.float64)) / row.size
    variance = float(squares[0]) / row.size - shift * shift
    return float(centre) + shift, math.sqrt(max(0.0, variance))


def _scaled(row: Array) -> tuple[Array, float]:
    """(x / s, s) in float64 with s chosen so that squares neither overflow nor vanish."""
    wide = row.astype(np.float64)
    if row.dtype == np.float32 or row.size == 0:
        return wide, 1.0
    top = float(np.abs(wide).max())
    if not math.isfinite(top) or top == 0:
        return wide, 1.0
    scale = math.ldexp(1.0, min(math.frexp(top)[1], 1023))
    return wide / scale, scale


def _careful_norm(row: Array) -> float:
    wide, scale = _scaled(row)
    return math.sqrt(float(np.dot(wide, wide))) * scale


def _careful_moments(row: Array) -> tuple[float, float, float]:
    if row.size == 0:
        return math.nan, math.nan, 0.0
    wide, scale = _scaled(row)
    size = math.sqrt(float(np.dot(wide, wide))) * scale
    mean = float(wide.mean())
    wide -= mean
    return mean * scale, math.sqrt(float(np.dot(wide, wide)) / wide.size) * scale, size


def norm(x: Array) -> float:
    """Frobenius norm √Σx² of one array."""
    return float(norms(x.reshape(1, -1))[0])


def nonfinite(x: Array) -> int:
    """How many entries are NaN or ±Inf."""
    return int(x.size - np.count_nonzero(np.isfinite(x)))
