"""All measures of a network in one go: what must be summed is settled once, and each step sums and finishes it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.frame import Floats, frozen
from simulator.measures.base import Measure, Reading
from simulator.measures.statistics import Moments, in_memory_order, moments_from, norms_from, squares, sums
from simulator.numeric import Array
from simulator.stack import Roles


class Meter:
    """Reads ``measures`` off ``roles``."""

    def __init__(self, roles: Roles, batch: int, measures: Sequence[Measure]) -> None:
        self.roles, self.batch, self.measures = roles, batch, measures
        self.names = tuple(measure.name for measure in measures)
        present = [np.all([roles[name].present for name in measure.roles], axis=0) for measure in measures]
        self.defined: NDArray[np.bool_] = frozen(np.array(present).reshape(len(measures), roles.depth))
        moments = {name for measure in measures for name in measure.moments}
        norms = {name for measure in measures for name in measure.norms} - moments
        self._norms, self._moments = _Sums(roles, norms), _Sums(roles, moments)

    def read(self) -> tuple[Floats, NDArray[np.bool_]]:
        """(measures, layers) values and where they are defined; a value that is not defined reads NaN."""
        moments = self._moments.moments()
        norms = self._norms.norms() | {name: found.norm for name, found in moments.items()}
        reading = Reading(self.roles, self.batch, norms, moments)
        values, defined = np.full(self.defined.shape, math.nan), self.defined
        for row, measure in enumerate(self.measures):
            if not self.defined[row].any():
                continue
            values[row] = measure.value(reading)
            missing = measure.undefined(reading)
            if missing is not None and missing.any():
                defined = defined.copy() if defined is self.defined else defined
                values[row, missing], defined[row, missing] = math.nan, False
        return frozen(values), frozen(defined)


class _Sums:
    """Sums over every layer of several roles, as one vector: stack by stack, each with its own layers."""

    def __init__(self, roles: Roles, names: Iterable[str]) -> None:
        self.names = sorted(names)
        self.depth = roles.depth
        self.stacks: list[tuple[slice, Array, Array]] = []
        """Where in the vector, the stack, and the stack in memory order."""
        self.arrays: list[Array] = []
        places: list[int] = []
        for row, name in enumerate(self.names):
            for stack in roles[name].stacks:
                here = slice(len(places), len(places) + len(stack.layers))
                self.stacks.append((here, stack.array, in_memory_order(stack.array)))
                self.arrays += list(stack.array)
                places += (row * roles.depth + stack.layers).tolist()
        self.places = np.array(places, np.intp)
        kinds = {array.dtype for array in self.arrays} or {np.dtype(np.float64)}
        self.precision: np.dtype[np.floating] = min(kinds, key=lambda kind: kind.itemsize)
        """The lowest among them."""
        self.sizes = np.array([max(array.size, 1) for array in self.arrays], np.float64)

    def _by_role(self, vector: Floats) -> dict[str, Floats]:
        table = np.full((len(self.names), self.depth), math.nan)
        table.reshape(-1)[self.places] = vector
        return dict(zip(self.names, table, strict=True))

    def norms(self) -> dict[str, Floats]:
        square = np.empty(len(self.arrays))
        for here, _, rows in self.stacks:
            square[here] = squares(rows)
        return self._by_role(norms_from(square, self.arrays, self.precision))

    def moments(self) -> dict[str, Moments]:
        square, total = np.empty((2, len(self.arrays)))
        for here, stack, rows in self.stacks:
            # One after the other: the second finds the stack in the cache.
            square[here] = squares(rows)
            total[here] = sums(stack)
        found = moments_from(square, total, self.sizes, self.arrays, self.precision)
        mean, std, norm = (self._by_role(vector) for vector in found)
        return {name: Moments(mean[name], std[name], norm[name]) for name in self.names}
