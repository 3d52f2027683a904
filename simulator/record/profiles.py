"""The past of profiles through time in bounded memory: one column per look, thinned by halves, the largest kept."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from simulator.arrays.numeric import Floats, median
from simulator.layers.recurrent.profile import TimeProfile

HOLD = 4.0
"""A column is held until the next one, but for no more than so many usual distances between columns."""


@dataclass(frozen=True)
class ProfileImage:
    """‖∂L/∂h_t‖ of one layer, training step × time step."""

    values: Floats
    """(columns, rows): the largest norm of each column's looks and each row's time steps; NaN where nobody looked."""
    looked: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """(columns,): where somebody looked, or had looked just before."""
    first: int
    """The training step at which the first column begins."""
    width: int
    """Training steps per column."""
    times: int
    """Time steps; row r holds r · height + 1 …"""
    height: int
    """Time steps per row."""


class Profiles:
    """What every look at a network with states has seen.

    ``capacity`` columns hold ``stride`` looks each, as the largest value per row of time steps (at most ``rows``);
    when all are full, neighbours merge and the stride doubles. NaN and ∞ win over numbers.
    """

    def __init__(self, capacity: int = 256, rows: int = 512) -> None:
        if capacity < 2 or capacity % 2:
            raise ValueError(f"capacity must be even and at least 2, not {capacity}")
        self.capacity, self.rows = capacity, rows
        self.stride = 1
        self.end = -1
        """The last training step looked at."""
        self._columns = 0
        self._looks = 0
        """Looks in the last column."""
        self._steps = np.zeros(capacity)
        self._values: dict[str, Floats] = {}
        self._times: dict[str, int] = {}

    @property
    def labels(self) -> tuple[str, ...]:
        """Layers that have profiles."""
        return tuple(self._values)

    @property
    def nbytes(self) -> int:
        return sum(values.nbytes for values in self._values.values())

    def add(self, step: int, profiles: Mapping[str, TimeProfile]) -> None:
        """Take in one look; a second look at the same step replaces the first where that has a column of its own."""
        if not profiles:
            return
        reduced = {label: self._reduced(label, profile.hidden_gradient_norm) for label, profile in profiles.items()}
        again = step == self.end
        if not again:
            self._advance(step)
        place = self._columns - 1
        for label, row in reduced.items():
            column = self._values[label][place]
            np.copyto(column, row if self._looks == 1 else np.maximum(column, row))
        self.end = step

    def until(self, step: int) -> Profiles:
        """A past of its own of the columns that lie before ``step`` as a whole."""
        # A column ends before the next one begins.
        ends = np.append(self._steps[1 : self._columns] - 1, self.end)
        columns = int(np.searchsorted(ends, step)) if self._columns else 0
        if not columns:
            return Profiles(self.capacity, self.rows)
        found = deepcopy(self)
        for values in found._values.values():
            values[columns:] = np.nan
        found._columns, found._looks, found.end = columns, self.stride, int(ends[columns - 1])
        return found

    def _reduced(self, label: str, norms: Floats) -> Floats:
        """At most ``rows`` values, each the largest of as many time steps."""
        height = -(-len(norms) // self.rows)
        if label not in self._values:
            self._times[label] = len(norms)
            self._values[label] = np.full((self.capacity, -(-len(norms) // height)), np.nan)
        return np.asarray(np.maximum.reduceat(norms, np.arange(0, len(norms), height)))

    def _advance(self, step: int) -> None:
        if self._columns and self._looks < self.stride:
            self._looks += 1
            return
        if self._columns == self.capacity:
            self._merge()
        self._steps[self._columns] = step
        self._columns += 1
        self._looks = 1

    def _merge(self) -> None:
        half = self.capacity // 2
        for values in self._values.values():
            values[:half] = np.maximum(values[0::2], values[1::2])
            values[half:] = np.nan
        self._steps[:half] = self._steps[0::2]
        self._columns, self.stride = half, 2 * self.stride

    def ends(self, label: str) -> tuple[Floats, Floats, Floats]:
        """(columns,) each: the training step of the first look, the norm at the first time steps and at the last."""
        values = self._values[label][: self._columns]
        return self._steps[: self._columns], values[:, 0], values[:, -1]

    def image(self, label: str, columns: int) -> ProfileImage:
        """At most ``columns`` columns of equal width; KeyError for a layer without profiles."""
        steps, values = self._steps[: self._columns], self._values[label][: self._columns]
        first = int(steps[0])
        width = 1
        while (self.end - first) // width >= columns:
            width *= 2
        places = ((steps - first) // width).astype(np.intp)
        filled, starts = np.unique(places, return_index=True)
        held = np.maximum.reduceat(values, starts, axis=0)
        source, looked = self._held(steps, filled, (self.end - first) // width + 1, width)
        times = self._times[label]
        image = np.where(looked[:, np.newaxis], held[source], np.nan)
        return ProfileImage(image, looked, first, width, times, -(-times // self.rows))

    def _held(
        self, steps: Floats, filled: np.ndarray[tuple[int], np.dtype[np.intp]], count: int, width: int
    ) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
        """For each of ``count`` columns which of the filled ones it shows, and whether that is near enough."""
        own = np.arange(count)
        source = np.searchsorted(filled, own, side="right") - 1
        usual = float(median(np.diff(steps))) if len(steps) > 1 else 1.0
        return source, (own - filled[source]) * width <= max(HOLD * usual, width)
