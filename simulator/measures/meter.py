"""All measures of a network in one go: what must be summed is settled once, and each step sums and finishes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Array, Floats, frozen
from simulator.arrays.statistics import (
    SAFE_SUMS,
    Moments,
    in_memory_order,
    norms_from,
    spread,
    spreads_from,
    squaring,
    sums,
    unsafe_rows,
)
from simulator.measures.base import Measure, Reading
from simulator.network.stack import Roles, Stack, evenly_spaced


class Meter:
    """Reads ``measures`` off ``roles``."""

    def __init__(self, roles: Roles, batch: int, measures: Sequence[Measure]) -> None:
        self.roles, self.batch, self.measures = roles, batch, measures
        self.names = tuple(measure.name for measure in measures)
        present = [np.all([roles[name].present for name in measure.roles], axis=0) for measure in measures]
        self.defined: NDArray[np.bool_] = frozen(np.array(present).reshape(len(measures), roles.depth))
        self._nothing = np.full(self.defined.shape, math.nan)
        self._somewhere = [(row, measure) for row, measure in enumerate(measures) if self.defined[row].any()]
        moments = {name for measure in measures for name in measure.moments}
        norms = {name for measure in measures for name in measure.norms} - moments
        self._sums = _Sums(roles, moments, norms)

    def read(self) -> tuple[Floats, NDArray[np.bool_]]:
        """(measures, layers) values and where they are defined; a value that is not defined reads NaN."""
        reading = Reading(self.roles, self.batch, *self._sums.read())
        values, defined = self._nothing.copy(), self.defined
        for row, measure in self._somewhere:
            values[row] = measure.value(reading)
            missing = measure.undefined(reading)
            if missing is not None and np.logical_or.reduce(missing):
                defined = defined.copy() if defined is self.defined else defined
                values[row, missing], defined[row, missing] = math.nan, False
        return frozen(values), frozen(defined)


class _Sums:
    """Sums over every layer of several roles, as one vector: stack by stack, those with moments first."""

    def __init__(self, roles: Roles, moments: Collection[str], norms: Collection[str]) -> None:
        self.names = [*sorted(moments), *sorted(norms)]
        self.rows = len(moments)
        """Roles that have moments; they come first."""
        named = [(row, stack) for row, name in enumerate(self.names) for stack in roles[name].stacks]
        own = [stack for row, stack in named if row < self.rows]
        # What has norms alone is read a kind at a time: equal stacks that lie evenly spaced, as those of weights,
        # gradients and updates do, are one array.
        alike = evenly_spaced([in_memory_order(stack.array) for row, stack in named if row >= self.rows])
        order = [*range(len(own)), *(len(own) + at for group in alike for at in group.layers.tolist())]
        placed = [named[at] for at in order]
        self.arrays: list[Array] = [array for _, stack in placed for array in stack.array]
        self.summed = sum(len(stack.layers) for stack in own)
        """Entries of the vector that have moments."""
        self.sources = self._sources(roles.depth, [(row, stack.layers) for row, stack in placed])
        self._make_room(len(self.arrays), self.summed)
        self.works = self._works(own, [group.array for group in alike])
        kinds = {array.dtype for array in self.arrays} or {np.dtype(np.float64)}
        self.precision: np.dtype[np.floating] = min(kinds, key=lambda kind: kind.itemsize)
        """The lowest among them."""
        self.sizes = np.array([max(array.size, 1) for array in self.arrays[: self.summed]], np.float64)

    def _make_room(self, entries: int, summed: int) -> None:
        """For the sums, and for what follows from them; what is read together lies side by side."""
        followed = np.empty(summed + entries + summed)
        self.margin, self.square, self.variance = np.split(followed, [summed, summed + entries])
        """By how much variances are above what they must be; Σx²; variances."""
        self.least, self.roots = followed[: summed + entries], followed[summed:]
        self.total = np.empty(summed)
        self.found: Floats = np.full(entries + 2 * summed + 1, math.nan)
        """Norms, deviations, means, and NaN."""
        self.rooted, self.mean = self.found[: entries + summed], self.found[entries + summed : -1]

    def _works(self, own: Sequence[Stack], alike: Sequence[Array]) -> list[Callable[[], object]]:
        """Calls after which all sums are in their places."""
        works, end = [], 0
        for stack in own:
            begin, end = end, end + len(stack.layers)
            works.append(squaring(in_memory_order(stack.array), self.square[begin:end]))
            # At once: it finds the stack in the cache.
            works.append(partial(sums, stack.array, self.total[begin:end]))
        for group in alike:
            begin, end = end, end + group.shape[0] * group.shape[1]
            works.append(squaring(group, self.square[begin:end].reshape(group.shape[:2])))
        return works

    def _sources(self, depth: int, placed: Sequence[tuple[int, NDArray[np.intp]]]) -> NDArray[np.intp]:
        """Of a table (kinds of numbers and roles, layers), which of what is read off the sums; its last is NaN."""
        places = [row * depth + layer for row, layers in placed for layer in layers.tolist()]
        # The norms of all roles, then the deviations and the means of those that have moments.
        deviations = len(self.names) * depth
        means, own = deviations + self.rows * depth, places[: self.summed]
        every = [*places, *(deviations + at for at in own), *(means + at for at in own)]
        sources = np.full((len(self.names) + 2 * self.rows, depth), len(every), np.intp)
        sources.ravel()[every] = np.arange(len(every))
        return sources

    def read(self) -> tuple[dict[str, Floats], dict[str, Moments]]:
        """Norms of all roles, moments of those that have them; (layers,), NaN where a layer has none."""
        for work in self.works:
            work()
        self._finish()
        table, roles = self.found.take(self.sources), len(self.names)
        std, mean = table[roles : roles + self.rows], table[roles + self.rows :]
        moments = {name: Moments(mean[row], std[row], table[row]) for row, name in enumerate(self.names[: self.rows])}
        return dict(zip(self.names, table[:roles], strict=True)), moments

    def _finish(self) -> None:
        """From the sums to norms, deviations and means."""
        square, split = self.square, self.summed
        least = spread(square[:split], self.total, self.sizes, self.mean, self.variance)
        np.subtract(self.variance, least, out=self.margin)
        low, high = SAFE_SUMS[self.precision]
        if self.arrays and np.minimum.reduce(self.least) > low and np.maximum.reduce(square) < high:
            np.sqrt(self.roots, out=self.rooted)
            return
        # One of them, or NaN among them, proves nothing.
        unsafe = unsafe_rows(square, self.precision)
        self.found[: len(square)] = norms_from(square, self.arrays, unsafe)
        own = [row for row in unsafe if row < split]
        mean, deviation = spreads_from(square[:split], self.total, self.sizes, self.arrays, own)
        self.mean[:], self.rooted[len(square) :] = mean, deviation
