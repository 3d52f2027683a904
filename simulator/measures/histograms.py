"""Layer × bin counts whose range moves in steps, with NaN, ±Inf and exact zeros counted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.histograms import Histograms, binned, set_apart
from simulator.arrays.numeric import Array, Counts, Floats, frozen
from simulator.network.stack import Stack

BINS = 64
_MANTISSA = 2.0**15
_KEEP = np.uint64(0x007FFF0000003F00)
"""Layer and bin of the second of two neighbouring float32, and bin of the first, read as one 64-bit integer."""
_JOIN = np.uint64(1 + 2**26)
_SHIFT = np.uint64(34)
_LAYERS = 256
"""Layers whose numbers fit beside the bin's."""
_OFFSETS = BINS * np.arange(_LAYERS, dtype=np.float32)
_BLOCK = 2**17
"""Entries worked on at a time, so that temporaries stay in the cache."""
_FAST_RANGE = (1e-28, 1e30)
"""Limits between which float32 holds a bin's position."""
_STEPS = (factor * 10.0**power for power in range(-300, 308) for factor in (1, 2, 5))
_LADDER = np.array([0.0, *_STEPS, 1e308, np.finfo(np.float64).max])
_LIMITS = np.array([1.0, *_LADDER[1:], _LADDER[-1]])
"""The limit of what reaches as far as each of the ladder's steps, or beyond."""
_ONES = np.ones(BINS)
_WEIGHTS = np.ones(_BLOCK // 2)
_EDGES = np.linspace((-1, 0), 1, BINS + 1, axis=1)
"""Edges as shares of the limit, of a range on both sides of zero and of one that starts there."""


class _Ranges(NamedTuple):
    """All ranges that there are: those on both sides of zero by their limits, then those that start there.

    The first of both are of nothing but zeros, and on both sides.
    """

    limit: Floats
    positive: NDArray[np.intp]
    """1 where it starts at zero."""
    scale: NDArray[np.float32]
    shift: NDArray[np.float32]
    """What brings an entry to its bin's position."""
    fast: NDArray[np.bool_]
    """Whether float32 holds a bin's position."""

    def at(self, place: NDArray[np.intp]) -> _Ranges:
        limit, positive, scale, shift, fast = self
        return _Ranges(limit.take(place), positive.take(place), scale.take(place), shift.take(place), fast.take(place))


def _all_ranges() -> _Ranges:
    limit = np.concatenate([_LIMITS, _LIMITS])
    positive = np.arange(len(limit)) > len(_LIMITS)
    zero = np.where(positive, 0.0, BINS / 2)
    with np.errstate(over="ignore"):
        # Infinite where a range is too small for float32, which is counted with care.
        scale = ((BINS - zero - 1 / 256) / limit).astype(np.float32)
    fast = (limit > _FAST_RANGE[0]) & (limit < _FAST_RANGE[1])
    return _Ranges(limit, positive.astype(np.intp), scale, (_MANTISSA + zero).astype(np.float32), fast)


_RANGES = _all_ranges()


def nice_limits(tops: Floats) -> Floats:
    """The smallest of 1, 2, 5 × 10^k that is not below each of ``tops`` (1 for 0, the largest float for NaN or Inf)."""
    limits: Floats = _LIMITS[_LADDER.searchsorted(tops)]
    return limits


class _Tally:
    """The histograms of some layers, filled stack by stack."""

    def __init__(self, depth: int) -> None:
        self.counts: Counts = np.zeros((depth, BINS), np.int64)
        self.bottom, self.top = np.zeros((2, depth))
        self.odd: Counts = np.zeros((4, depth), np.int64)
        """NaN, +Inf, −Inf, exact zeros."""

    def set_ranges(self) -> None:
        """From the lowest and the highest entries; a layer with NaN or Inf has no range yet."""
        place = _LADDER.searchsorted(np.maximum(-self.bottom, self.top))
        place += np.multiply(self.bottom >= 0, len(_LIMITS))
        self.limit, self.positive, self.scale, self.shift, self.fast = _RANGES.at(place)
        """Of each layer's range."""
        self.all_fast = bool(np.logical_and.reduce(self.fast))

    def histograms(self) -> Histograms:
        edges = _EDGES.take(self.positive, axis=0)
        edges *= self.limit[:, np.newaxis]
        return Histograms(frozen(self.counts), frozen(edges), *(frozen(row) for row in self.odd))


class _Piece(NamedTuple):
    """Equal layers, as far as they fit into one block."""

    layers: NDArray[np.intp]
    rows: Array
    """(layers, entries)"""


def _batches(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """Pieces that are counted together: no more than a block of entries, or one."""
    batch: list[_Piece] = []
    entries = layers = 0
    for piece in pieces:
        entries, layers = entries + piece.rows.size, layers + len(piece.layers)
        if batch and (entries > _BLOCK or layers > _LAYERS):
            yield batch
            batch, entries, layers = [], piece.rows.size, len(piece.layers)
        batch.append(piece)
    if batch:
        yield batch


def _count_pairs(tally: _Tally, batch: Sequence[_Piece]) -> None:
    """Two entries at a time: half as many look-ups, which is what counting costs.

    Adding 2^15 to a bin's position leaves its number in bits 8 … 13 of the float's mantissa (resolution 1/256 bin),
    and adding 64 times the layer the layer's above them. So two neighbours, read as one 64-bit integer, give a key of
    layer, bin and bin without a cast. Positions are drawn in by 1/256 bin at the ends: nothing falls outside, and
    zero stays exactly on its edge.
    """
    layers = batch[0].layers if len(batch) == 1 else np.concatenate([piece.layers for piece in batch])
    depth = len(layers)
    scale = tally.scale[layers, np.newaxis]
    shift = (tally.shift[layers] + _OFFSETS[:depth])[:, np.newaxis]
    buffer = np.empty(sum(piece.rows.size for piece in batch), np.float32)
    start = first = 0
    for piece in batch:
        here = slice(first, first + len(piece.layers))
        position = buffer[start : start + piece.rows.size].reshape(piece.rows.shape)
        np.multiply(piece.rows, scale[here], out=position)
        position += shift[here]
        _count_zeros(tally, piece)
        start, first = start + piece.rows.size, here.stop
    # Without a sign: shifting it takes half as long.
    key = buffer.view(np.uint64)
    key &= _KEEP
    key *= _JOIN
    key >>= _SHIFT
    # As float64, exact to 2^53, both sums are products.
    table = _counted(key.view(np.int64), depth * BINS * BINS).reshape(depth, BINS, BINS)
    tally.counts[layers] = table @ _ONES + _ONES @ table


def _counted(keys: NDArray[np.int64], cells: int) -> Floats:
    """(cells,): how often each key occurs; the keys are below ``cells``."""
    if len(keys) <= min(2 * cells, len(_WEIGHTS)):
        # Weights of 1 add up to float64 at once: for so many cells quicker than turning integers into it.
        return cast(Floats, np.bincount(keys, _WEIGHTS[: len(keys)], cells))
    return np.bincount(keys, minlength=cells).astype(np.float64)


def _count_zeros(tally: _Tally, piece: _Piece) -> None:
    zero = np.equal(piece.rows, 0)
    if np.count_nonzero(zero):
        tally.odd[3, piece.layers] = [np.count_nonzero(row) for row in zero]


def _count_carefully(tally: _Tally, layer: int, row: Array) -> None:
    """Any magnitude, any precision, NaN and Inf set apart."""
    row, tally.odd[:, layer] = set_apart(row)
    wide = row.astype(np.float64)
    low, high = (float(wide.min()), float(wide.max())) if wide.size else (0.0, 0.0)
    limit = float(nice_limits(np.array([max(abs(low), abs(high))]))[0])
    positive = low >= 0 and high > 0
    tally.limit[layer], tally.positive[layer] = limit, positive
    # Times a power of two, which changes no digit: neither the sum nor a bin's width leaves the range of float64.
    exponent = math.frexp(limit)[1]
    wide, limit = np.ldexp(wide, -exponent), math.ldexp(limit, -exponent)
    place = wide / (limit / BINS) if positive else (wide + limit) / (2 * (limit / BINS))
    tally.counts[layer] = binned(place, BINS)


def stacked_histograms(depth: int, stacks: Sequence[Stack]) -> Histograms:
    """The histogram of every layer; a layer that is in no stack has counted nothing, between −1 and 1."""
    tally = _Tally(depth)
    whole = [_Piece(stack.layers, stack.array.reshape(len(stack.array), -1)) for stack in stacks]
    for piece in whole:
        tally.bottom[piece.layers] = np.minimum.reduce(piece.rows, axis=1)
        tally.top[piece.layers] = np.maximum.reduce(piece.rows, axis=1)
    tally.set_ranges()
    fast: list[_Piece] = []
    for layers, rows in whole:
        paired = rows.dtype == np.float32 and rows.shape[1] % 2 == 0
        if not (paired and tally.all_fast):
            quick = tally.fast[layers] & paired
            for layer in np.flatnonzero(~quick):
                _count_carefully(tally, int(layers[layer]), rows[layer])
            layers, rows = layers[quick], rows[quick]
        block = max(1, min(_LAYERS, _BLOCK // rows.shape[1]))
        fast += [_Piece(layers[at : at + block], rows[at : at + block]) for at in range(0, len(rows), block)]
    for batch in _batches(fast):
        _count_pairs(tally, batch)
    return tally.histograms()


def histograms(arrays: Sequence[NDArray[np.floating]]) -> Histograms:
    """One histogram per array."""
    return stacked_histograms(
        len(arrays), [Stack(np.array([layer]), array[np.newaxis]) for layer, array in enumerate(arrays)]
    )
