"""Means, spreads and norms: fast where float32 sums are safe, and right where they would not be.

All work on stacks: arrays whose first axis is the layer, one result per layer. Sums are one thing, what follows from
them another, so that the sums of many stacks can be finished in one go. The fast path is one BLAS product over
each layer. It is taken only where its result proves it safe: the sum of squares lies far from float32's ends, and the
spread is not small beside the mean. Elsewhere the sums run in float64, around the mean, and scaled where even float64
would overflow. NaN and Inf give NaN or Inf.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Array, Floats

CHUNK_ENTRIES = 65536
"""Entries per product: float32 partial sums stay short."""
SAFE_SUMS = {np.dtype(np.float32): (1e-28, 1e30), np.dtype(np.float64): (1e-270, 1e280)}
"""Sums of squares between these have neither lost small squares nor overflowed."""
_FEWEST_WORDS, _FEWEST_LAYERS = 32, 4
"""With fewer words together, or layers, counting each layer by itself is as quick."""
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


def in_memory_order(stack: Array) -> Array:
    """A stack (layers, …) as (layers, …, entries) with runs of entries as long as they lie in memory, not copied."""
    if stack.ndim > 3:
        stack = stack.transpose(0, *sorted(range(1, stack.ndim), key=lambda axis: -stack.strides[axis]))
    while stack.ndim > 2 and stack.strides[-2] == stack.strides[-1] * stack.shape[-1]:
        stack = stack.reshape(*stack.shape[:-2], -1)
    return stack


def squares(rows: Array, out: Floats | None = None) -> Floats:
    """Σx² of each layer, in runs of no more than ``CHUNK_ENTRIES`` entries in the array's own precision.

    The axes of ``out``, if it is given, come before those that are summed.
    """
    out = np.empty(len(rows)) if out is None else out
    size = rows.shape[-1]
    if size > CHUNK_ENTRIES:
        total: Floats = np.zeros(rows.shape[:-1])
        for start in range(0, size, CHUNK_ENTRIES):
            piece = rows[..., start : start + CHUNK_ENTRIES]
            total += np.vecdot(piece, piece)
        _by_layer(total, out)
    else:
        _by_layer(np.vecdot(rows, rows), out)
    return out


def squaring(rows: Array, out: Floats) -> Callable[[], object]:
    """A call that brings :func:`squares` of what ``rows`` hold then to ``out``, by the shortest way for their shape."""
    if rows.ndim == out.ndim + 1 and rows.shape[-1] <= CHUNK_ENTRIES:
        return functools.partial(np.vecdot, rows, rows, out=out)
    return functools.partial(squares, rows, out)


def sums(stack: Array, out: Floats | None = None) -> Floats:
    """Σx of each layer: by its last axis in the array's own precision, then in float64."""
    out = np.empty(len(stack)) if out is None else out
    if stack.ndim > 3:
        stack = in_memory_order(stack)
    _by_layer(np.matmul(stack, _ones(stack.shape[-1], stack.dtype)), out)
    return out


def _by_layer(pieces: Array, out: Floats) -> None:
    """(layers, …) → (layers,)"""
    if pieces.ndim == out.ndim:
        out[...] = pieces
    else:
        np.add.reduce(pieces.reshape(*out.shape, -1), axis=-1, dtype=np.float64, out=out)


def unsafe_rows(squares: Floats, dtype: np.dtype[np.floating]) -> list[int]:
    """Rows whose sum of squares, in that precision, proves nothing."""
    low, high = SAFE_SUMS[dtype]
    # Of NaN neither end is on the right side of anything.
    if not squares.size or (np.minimum.reduce(squares) > low and np.maximum.reduce(squares) < high):
        return []
    return np.flatnonzero(~((squares > low) & (squares < high))).tolist()


def norms_from(squares: Floats, arrays: Sequence[Array] | Array, unsafe: Sequence[int]) -> Floats:
    """Frobenius norms from Σx² (layers,); ``arrays`` are read again in the rows that are ``unsafe``."""
    result: Floats = np.sqrt(squares)
    if isinstance(arrays, np.ndarray) and arrays.dtype == np.float32:
        # Of many alike rows, as a net of many time steps has them, several at a time.
        several = max(1, CHUNK_ENTRIES * len(arrays) // max(arrays.size, 1))
        for start in range(0, len(unsafe), several):
            rows = list(unsafe[start : start + several])
            together = rows[-1] - rows[0] < len(rows)
            picked = arrays[rows[0] : rows[-1] + 1] if together else arrays[rows]
            wide = picked.reshape(len(rows), -1).astype(np.float64)
            result[rows] = np.sqrt(np.vecdot(wide, wide))
        return result
    for row in unsafe:
        result[row] = _careful_norm(arrays[row].ravel())
    return result


def spread(squares: Floats, sums: Floats, sizes: Floats, mean: Floats, variance: Floats) -> Floats:
    """Bring means and variances to their places; → what a variance must be above to be told by Σx² and Σx."""
    np.divide(sums, sizes, out=mean)
    square_of_mean: Floats = mean * mean
    np.divide(squares, sizes, out=variance)
    variance -= square_of_mean
    square_of_mean *= _ONE_PASS
    return square_of_mean


def spreads_from(
    squares: Floats, sums: Floats, sizes: Floats, arrays: Sequence[Array] | Array, unsafe: Sequence[int]
) -> tuple[Floats, Floats]:
    """Means and deviations from Σx², Σx and how many entries; ``arrays`` are read again where these do not tell."""
    mean, variance = np.empty((2, len(sums)))
    least = spread(squares, sums, sizes, mean, variance)
    narrow = variance <= least
    if np.logical_or.reduce(narrow):
        # Rounding may leave a variance below zero; such a row is narrow, and read again around its mean.
        std: Floats = np.sqrt(np.maximum(variance, 0, out=variance))
        for row in np.flatnonzero(narrow).tolist():
            mean[row], std[row] = _around_the_mean(arrays[row].ravel(), float(mean[row]))
    else:
        std = np.sqrt(variance)
    for row in unsafe:
        mean[row], std[row] = _careful_moments(arrays[row].ravel())
    return mean, std


def norms(stack: Array) -> Floats:
    """Frobenius norm √Σx² of each layer."""
    square = squares(in_memory_order(stack))
    return norms_from(square, stack, unsafe_rows(square, stack.dtype))


def moments(stack: Array) -> Moments:
    """Mean, population standard deviation and norm of each layer over all its entries."""
    sizes = np.full(len(stack), max(stack[0].size, 1), np.float64)
    square = squares(in_memory_order(stack))
    unsafe = unsafe_rows(square, stack.dtype)
    return Moments(*spreads_from(square, sums(stack), sizes, stack, unsafe), norms_from(square, stack, unsafe))


def _around_the_mean(row: Array, mean: float) -> tuple[float, float]:
    """Two passes: right where the spread is small beside the mean."""
    centre = row.dtype.type(mean)
    difference = (row - centre)[np.newaxis]
    spread = squares(difference)
    if unsafe_rows(spread, row.dtype):
        return _careful_moments(row)
    shift = float(np.add.reduce(difference[0], dtype=np.float64)) / row.size
    variance = float(spread[0]) / row.size - shift * shift
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


def _careful_moments(row: Array) -> tuple[float, float]:
    """Mean and deviation."""
    if row.size == 0:
        return math.nan, math.nan
    wide, scale = _scaled(row)
    mean = float(wide.mean())
    wide -= mean
    return mean * scale, math.sqrt(float(np.dot(wide, wide)) / wide.size) * scale


def norm(x: Array) -> float:
    """Frobenius norm √Σx² of one array."""
    if x.size <= CHUNK_ENTRIES:
        # The same sum without what it takes to look after many layers: ten of these are one of those.
        flat = x.ravel("K")
        return norm_from(float(np.dot(flat, flat)), x)
    return float(norms(x[np.newaxis])[0])


def norm_from(square: float, x: Array) -> float:
    """Frobenius norm of one array from Σx², summed in its own precision; it is read again where that does not tell."""
    low, high = SAFE_SUMS[x.dtype]
    return math.sqrt(square) if low < square < high else float(norms(x[np.newaxis])[0])


def nonfinite(x: Array) -> int:
    """How many entries are NaN or ±Inf."""
    return int(x.size - np.count_nonzero(np.isfinite(x)))


def counts(stack: NDArray[np.bool_]) -> list[int]:
    """How many entries of each layer are True."""
    words, rest = divmod(stack[0].size, 8)
    together = _words_together(words) if len(stack) >= _FEWEST_LAYERS and not rest and stack.flags.c_contiguous else 0
    if not together:
        return [int(np.count_nonzero(layer)) for layer in stack]
    # Eight at a time: each byte of a sum of so few words holds the sum of theirs.
    pieces = np.add.reduce(stack.reshape(len(stack), -1).view(np.uint64).reshape(len(stack), -1, together), axis=2)
    counted: list[int] = np.add.reduce(pieces.view(np.uint8), axis=1, dtype=np.intp).tolist()
    return counted


@functools.lru_cache(maxsize=64)
def _words_together(words: int) -> int:
    """The most, of those that ``words`` are a multiple of, whose bytes of 0 or 1 add up to a byte; 0 where few are."""
    most = max(each for each in range(1, 256) if words % each == 0)
    return most if most >= _FEWEST_WORDS else 0
