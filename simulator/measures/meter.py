"""All measures of a network in one go: what must be summed is settled once, and each step sums and finishes it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Array, Floats, frozen
from simulator.arrays.statistics import Moments, in_memory_order, norms_from, spreads_from, squares, sums, unsafe_rows
from simulator.measures.base import Measure, Reading
from simulator.network.stack import Roles

_NONE = np.array([math.nan])


class Meter:
    """Reads ``measures`` off ``roles``."""

    def __init__(self, roles: Roles, batch: int, measures: Sequence[Measure]) -> None:
        self.roles, self.batch, self.measures = roles, batch, measures
        self.names = tuple(measure.name for measure in measures)
        present = [np.all([roles[name].present for name in measure.roles], axis=0) for measure in measures]
        self.defined: NDArray[np.bool_] = frozen(np.array(present).reshape(len(measures), roles.depth))
        self._somewhere = [(row, measure) for row, measure in enumerate(measures) if self.defined[row].any()]
        moments = {name for measure in measures for name in measure.moments}
        norms = {name for measure in measures for name in measure.norms} - moments
        self._sums = _Sums(roles, moments, norms)

    def read(self) -> tuple[Floats, NDArray[np.bool_]]:
        """(measures, layers) values and where they are defined; a value that is not defined reads NaN."""
        reading = Reading(self.roles, self.batch, *self._sums.read())
        values, defined = np.full(self.defined.shape, math.nan), self.defined
        for row, measure in self._somewhere:
            values[row] = measure.value(reading)
            missing = measure.undefined(reading)
            if missing is not None and missing.any():
                defined = defined.copy() if defined is self.defined else defined
                values[row, missing], defined[row, missing] = math.nan, False
        return frozen(values), frozen(defined)


class _Sums:
    """Sums over every layer of several roles, as one vector: stack by stack, those with moments first."""

    def __init__(self, roles: Roles, moments: Collection[str], norms: Collection[str]) -> None:
        self.names = [*sorted(moments), *sorted(norms)]
        self.arrays: list[Array] = []
        places: list[int] = []
        self.summed = self.rows = 0
        """Entries of the vector, and roles, that have moments."""
        for row, name in enumerate(self.names):
            for stack in roles[name].stacks:
                self.arrays += list(stack.array)
                places += (row * roles.depth + stack.layers).tolist()
            if name in moments:
                self.summed, self.rows = len(places), row + 1
        # The norms of all roles, then the means and the deviations of those that have moments.
        means = len(self.names) * roles.depth
        deviations, own = means + self.rows * roles.depth, places[: self.summed]
        every = [*places, *(means + at for at in own), *(deviations + at for at in own)]
        self.sources = np.full((len(self.names) + 2 * self.rows, roles.depth), len(every), np.intp)
        """Of a table (kinds of numbers and roles, layers), which of what is read off the sums; its last is NaN."""
        self.sources.ravel()[every] = np.arange(len(every))
        self.square, self.total = np.empty(len(places)), np.empty(self.summed)
        self.works = self._works(roles)
        kinds = {array.dtype for array in self.arrays} or {np.dtype(np.float64)}
        self.precision: np.dtype[np.floating] = min(kinds, key=lambda kind: kind.itemsize)
        """The lowest among them."""
        self.sizes = np.array([max(array.size, 1) for array in self.arrays[: self.summed]], np.float64)

    def _works(self, roles: Roles) -> list[tuple[Array, Floats, Array | None, Floats]]:
        """Each stack in memory order, and itself where its sum is wanted; behind both where their sums go."""
        works, end = [], 0
        for stack in (stack for name in self.names for stack in roles[name].stacks):
            begin, end = end, end + len(stack.layers)
            square, total = self.square[begin:end], self.total[begin:end]
            works.append((in_memory_order(stack.array), square, stack.array if len(total) else None, total))
        return works

    def read(self) -> tuple[dict[str, Floats], dict[str, Moments]]:
        """Norms of all roles, moments of those that have them; (layers,), NaN where a layer has none."""
        square, total = self.square, self.total
        for rows, square_out, stack, total_out in self.works:
            squares(rows, square_out)
            if stack is not None:
                # At once: it finds the stack in the cache.
                sums(stack, total_out)
        unsafe, split, roles = unsafe_rows(square, self.precision), self.summed, len(self.names)
        own = [row for row in unsafe if row < split]
        spreads = spreads_from(square[:split], total, self.sizes, self.arrays, own)
        found: Floats = np.concatenate([norms_from(square, self.arrays, unsafe), *spreads, _NONE])
        table = found.take(self.sources)
        mean, std = table[roles : roles + self.rows], table[roles + self.rows :]
        moments = {name: Moments(mean[row], std[row], table[row]) for row, name in enumerate(self.names[: self.rows])}
        return dict(zip(self.names, table[:roles], strict=True)), moments
