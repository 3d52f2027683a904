"""Layer × bin counts whose range moves in steps, with NaN, ±Inf and exact zeros counted."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.histograms import Histograms, binned, set_apart
from simulator.arrays.numeric import Array, Counts, Floats, frozen
from simulator.arrays.statistics import counts
from simulator.network.stack import Roles, Stack, together

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
_KEPT = 2**20
"""Entries at a time up to which the room for them is kept from one count to the next."""
_FAST_RANGE = (1e-28, 1e30)
"""Limits between which float32 holds a bin's position."""
_STEPS = (factor * 10.0**power for power in range(-300, 308) for factor in (1, 2, 5))
_LADDER = np.array([0.0, *_STEPS, 1e308, np.finfo(np.float64).max])
_LIMITS = np.array([1.0, *_LADDER[1:], _LADDER[-1]])
"""The limit of what reaches as far as each of the ladder's steps, or beyond."""
_ONES = np.ones(BINS)
_WEIGHTS = np.ones(_BLOCK // 2)


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


class _Found:
    """What one count finds, by layer."""

    def __init__(self, depth: int) -> None:
        self.counts: Counts = np.zeros((depth, BINS), np.int64)
        self.place: NDArray[np.intp] = np.zeros(depth, np.intp)
        """Where each layer's range is among all that there are."""
        self.odd: Counts = np.zeros((4, depth), np.int64)
        """NaN, +Inf, −Inf, exact zeros."""

    def count_carefully(self, layer: int, row: Array) -> None:
        """Any magnitude, any precision, NaN and Inf set apart."""
        row, self.odd[:, layer] = set_apart(row)
        wide = row.astype(np.float64)
        low, high = (float(wide.min()), float(wide.max())) if wide.size else (0.0, 0.0)
        place = int(_LADDER.searchsorted(max(abs(low), abs(high))))
        limit, positive = float(_LIMITS[place]), low >= 0 and high > 0
        self.place[layer] = place + positive * len(_LIMITS)
        # Times a power of two, which changes no digit: neither the sum nor a bin's width leaves the range of float64.
        exponent = math.frexp(limit)[1]
        wide, limit = np.ldexp(wide, -exponent), math.ldexp(limit, -exponent)
        places = wide / (limit / BINS) if positive else (wide + limit) / (2 * (limit / BINS))
        self.counts[layer] = binned(places, BINS)


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


class _Room:
    """What the roles of one network are counted in, one after the other."""

    def __init__(self) -> None:
        self.resize(0)

    def resize(self, entries: int) -> None:
        """Anew: who works in the old one goes on there."""
        self.positions, self.zeros = np.empty(entries, np.float32), np.empty(entries, bool)


class _Part(NamedTuple):
    """A piece, with its part of what its batch works in."""

    rows: Array
    low: Array
    high: Array
    scale: Array
    shift: Array
    position: Array
    zero: NDArray[np.bool_]


class _Batch:
    """Two entries at a time: half as many look-ups, which is what counting costs.

    Adding 2^15 to a bin's position leaves its number in bits 8 … 13 of the float's mantissa (resolution 1/256 bin),
    and adding 64 times the layer the layer's above them. So two neighbours, read as one 64-bit integer, give a key of
    layer, bin and bin without a cast. Positions are drawn in by 1/256 bin at the ends: nothing falls outside, and
    zero stays exactly on its edge.
    """

    def __init__(self, pieces: Sequence[_Piece], room: _Room) -> None:
        self.layers = pieces[0].layers if len(pieces) == 1 else np.concatenate([piece.layers for piece in pieces])
        self.depth = len(self.layers)
        self.where = together(self.layers)
        self.place = np.full(self.depth, -1, np.intp)
        self.slow: list[int] = []
        """Which of its layers are counted with care."""
        self.low, self.high, self.scale, self.shift = np.empty((4, self.depth), np.float32)
        self.parts: list[_Part] = []
        start = first = 0
        for _, rows in pieces:
            here, entries = slice(first, first + len(rows)), slice(start, start + rows.size)
            ends = self.low[here], self.high[here]
            brought = self.scale[here, np.newaxis], self.shift[here, np.newaxis]
            both = room.positions[entries].reshape(rows.shape), room.zeros[entries].reshape(rows.shape)
            self.parts.append(_Part(rows, *ends, *brought, *both))
            start, first = entries.stop, here.stop
        self.positions = [row for part in self.parts for row in part.position]
        # Without a sign: shifting it takes half as long.
        self.key, self.zero = room.positions[:start].view(np.uint64), room.zeros[:start]

    def count(self, found: _Found) -> None:
        self._set_ranges()
        found.place[self.where] = self.place
        if not self.slow:
            self._count_pairs(found)
            return
        if len(self.slow) < self.depth:
            with np.errstate(all="ignore"):
                self._count_pairs(found)
        rows = [row for part in self.parts for row in part.rows]
        for which in self.slow:
            found.count_carefully(int(self.layers[which]), rows[which])

    def _set_ranges(self) -> None:
        """From the lowest and the highest entries; a layer with NaN or Inf has none that is fast."""
        for part in self.parts:
            np.minimum.reduce(part.rows, axis=1, out=part.low)
            np.maximum.reduce(part.rows, axis=1, out=part.high)
        place = _LADDER.searchsorted(np.maximum(np.negative(self.low), self.high))
        place += np.multiply(self.low >= 0, len(_LIMITS))
        if (place != self.place).any():
            self.place = place
            fast = _RANGES.fast.take(place)
            self.slow = [] if np.logical_and.reduce(fast) else np.flatnonzero(~fast).tolist()
            self.scale[:] = _RANGES.scale.take(place)
            np.add(_RANGES.shift.take(place), _OFFSETS[: self.depth], out=self.shift)

    def _count_pairs(self, found: _Found) -> None:
        """What is found of layers that are slow means nothing, and touches no other layer's."""
        for part in self.parts:
            np.multiply(part.rows, part.scale, out=part.position)
            np.equal(part.rows, 0, out=part.zero)
            np.add(part.position, part.shift, out=part.position)
        for which in self.slow:
            self.positions[which][...] = self.shift[which]
        if np.logical_or.reduce(self.zero):
            found.odd[3, self.where] = [count for part in self.parts for count in _counted_zeros(part.zero)]
        key = self.key
        key &= _KEEP
        key *= _JOIN
        key >>= _SHIFT
        table = _counted(key.view(np.int64), self.depth * BINS * BINS)
        # As float64, exact to 2^53, both sums are products.
        both = _ONES @ table.reshape(-1, BINS, BINS)
        both += (table.reshape(-1, BINS) @ _ONES).reshape(-1, BINS)
        found.counts[self.where] = both


def _counted_zeros(zero: NDArray[np.bool_]) -> Sequence[int]:
    """(layers,): as in most pieces there is none, one look tells of all layers."""
    return counts(zero) if np.logical_or.reduce(zero, axis=None) else [0] * len(zero)


def _counted(keys: NDArray[np.int64], cells: int) -> Floats:
    """(cells,): how often each key occurs; the keys are below ``cells``."""
    if len(keys) <= min(2 * cells, len(_WEIGHTS)):
        # Weights of 1 add up to float64 at once: for so many cells quicker than turning integers into it.
        return cast(Floats, np.bincount(keys, _WEIGHTS[: len(keys)], cells))
    return np.bincount(keys, minlength=cells).astype(np.float64)


class _Counting:
    """The histograms of some stacks, again and again: what follows from where they lie is settled once."""

    def __init__(self, depth: int, stacks: Sequence[Stack], room: _Room) -> None:
        self.depth = depth
        self.single: list[tuple[int, Array]] = []
        """Layers that no pairs can be made of."""
        pieces: list[_Piece] = []
        self.stays = True
        """Whether it may count again: nothing was copied, and the room is no burden."""
        for stack in stacks:
            layers, rows = stack.layers, stack.array.reshape(len(stack.array), -1)
            self.stays &= np.may_share_memory(rows, stack.array)
            if rows.dtype == np.float32 and rows.shape[1] % 2 == 0:
                block = max(1, min(_LAYERS, _BLOCK // rows.shape[1]))
                pieces += [_Piece(layers[at : at + block], rows[at : at + block]) for at in range(0, len(rows), block)]
            else:
                self.single += zip(layers.tolist(), rows, strict=True)
        batches = list(_batches(pieces))
        entries = max((sum(piece.rows.size for piece in batch) for batch in batches), default=0)
        self.stays &= entries <= _KEPT
        room = room if self.stays else _Room()
        if entries > len(room.positions):
            room.resize(entries)
        self.batches = [_Batch(batch, room) for batch in batches]

    def count(self) -> Histograms:
        found = _Found(self.depth)
        for batch in self.batches:
            batch.count(found)
        for layer, row in self.single:
            found.count_carefully(layer, row)
        return Histograms(frozen(found.counts), frozen(_edges().take(found.place, axis=0)), *frozen(found.odd))


@functools.cache
def _edges() -> Floats:
    """(ranges, bins + 1) of all that there are."""
    shares = np.linspace((-1, 0), 1, BINS + 1, axis=1)
    edges: Floats = shares.take(_RANGES.positive, axis=0)
    edges *= _RANGES.limit[:, np.newaxis]
    return edges


class _Network:
    """How the roles of one network are counted."""

    def __init__(self) -> None:
        self.room = _Room()
        self.roles: dict[str, _Counting] = {}


_NETWORKS: WeakKeyDictionary[Roles, _Network] = WeakKeyDictionary()


def role_histograms(roles: Roles, name: str) -> Histograms:
    """The histogram of every layer; a layer that has nothing in this role has counted nothing, between −1 and 1."""
    network = _NETWORKS.get(roles)
    if network is None:
        network = _NETWORKS[roles] = _Network()
    counting = network.roles.get(name)
    if counting is None:
        counting = _Counting(roles.depth, roles[name].stacks, network.room)
        if counting.stays:
            network.roles[name] = counting
    return counting.count()


def histograms(arrays: Sequence[NDArray[np.floating]]) -> Histograms:
    """One histogram per array."""
    stacks = [Stack(np.array([layer]), array[np.newaxis]) for layer, array in enumerate(arrays)]
    return _Counting(len(arrays), stacks, _Room()).count()
