"""Successive time steps of a layer with a state: their memory, whole and step by step.

Steps are grouped in segments of ⌈√T⌉, and on the way back in pieces of a segment that the cache holds. With
checkpoints only the last segment has memory of its own: all others share one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.layers.recurrent.cell import Cell, CellArrays, S


@dataclass
class Segment(Generic[S]):
    """Buffers of successive steps, as whole arrays and as the slabs that each step of a loop takes."""

    arrays: CellArrays
    steps: list[S] = field(default_factory=list)
    pieces: list[tuple[int, Segment[S]]] = field(default_factory=list)
    """Where those begin that it is walked back in, the last one first."""

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    @property
    def length(self) -> int:
        return len(self.arrays["delta"])


class Segments(Generic[S]):
    """The segments of ``steps`` time steps, and their memory."""

    def __init__(self, cell: Cell[S], steps: int, features: int, checkpoint: bool) -> None:
        self.cell, self.steps, self.features, self.checkpoint = cell, steps, features, checkpoint
        self.length = math.isqrt(steps - 1) + 1
        """Steps of each but the first, which is as long or shorter."""
        first = steps % self.length
        self.starts = ([0] if first else []) + list(range(first, steps, self.length))
        """First steps of the segments."""

    def allocate(self, arena: Arena, batch: int, piece: int) -> None:
        """Make the memory, to be walked back in pieces of up to ``piece`` steps."""
        self.kept = self._memory(arena, batch, self.length if self.checkpoint else self.steps)
        """The arrays that taps show: of all steps, or with checkpoints of the last segment's."""
        self.all = self._cut(arena, batch, piece)
        """(first step, segment) in the order of time."""
        self.tapped = [segment for _, segment in (self.all[-1:] if self.checkpoint else self.all)]
        """Those whose arrays taps show."""

    def _memory(self, arena: Arena, batch: int, steps: int, tapped: bool = True) -> dict[str, Array]:
        """The arrays of ``steps`` steps; what only taps show where they will show it."""
        cell = self.cell
        names = ("delta", *["z"] * (tapped or cell.keeps_z), *["slope"] * tapped)
        arrays = {name: arena.zeros(steps, cell.gates * cell.units, batch) for name in names}
        arrays["s"] = arena.zeros(steps + 1, cell.units + self.features + 1, batch)
        if arrays["s"].flags.writeable:
            arrays["s"][:, -1] = 1
        arrays["h"] = arrays["s"][:, : cell.units]
        for name in (*cell.states[1:], *cell.state_gradients):
            arrays[name] = arena.zeros(steps + 1, cell.units, batch)
        for name, rows in cell.rows.items():
            arrays[name] = arena.zeros(steps, rows * cell.units, batch)
        return arrays

    def _cut(self, arena: Arena, batch: int, piece: int) -> list[tuple[int, Segment[S]]]:
        ends = [*self.starts[1:], self.steps]
        spans = list(zip(self.starts, ends, strict=True))
        if not self.checkpoint:
            return [(start, self._segment(self.kept, start, end, piece)) for start, end in spans]
        shared = self._memory(arena, batch, self.length, tapped=False) if len(spans) > 1 else {}
        lengths = {end - start for start, end in spans[:-1]}
        by_length = {length: self._segment(shared, 0, length, piece) for length in lengths}
        last = self._segment(self.kept, 0, self.length, piece)
        return [(start, by_length[end - start]) for start, end in spans[:-1]] + [(self.starts[-1], last)]

    def _segment(self, memory: CellArrays, start: int, end: int, piece: int) -> Segment[S]:
        segment: Segment[S] = Segment(self._part(memory, start, end))
        if memory["delta"].flags.writeable:  # Or only counted: nothing will run.
            segment.steps = self.cell.steps(segment.arrays)
            count = -(-segment.length // piece)
            borders = [segment.length * number // count for number in range(count + 1)]
            segment.pieces = [(begin, self._piece(segment, begin, stop)) for begin, stop in pairwise(borders)][::-1]
        return segment

    def _piece(self, segment: Segment[S], begin: int, stop: int) -> Segment[S]:
        arrays = self._part(segment.arrays, begin, stop)
        return Segment(arrays, segment.steps[begin:stop])

    def _part(self, arrays: Mapping[str, Array], start: int, end: int) -> CellArrays:
        with_state_before = {"s", *self.cell.states, *self.cell.state_gradients}
        return {name: array[start : end + (name in with_state_before)] for name, array in arrays.items()}
