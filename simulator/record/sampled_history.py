"""The past of what is only looked at now and then, in bounded memory: thinned by halves as it grows."""

from __future__ import annotations

from copy import copy, deepcopy

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats, median
from simulator.observations.sampled import CAPACITY, Merge

GAP_RATIO = 4.0
"""A column is held until the next one, but for no more than so many usual distances between columns."""
NEAR = 3


class Grid(Struct, frozen=True):
    """A past in columns of equal width."""

    values: Floats
    """(columns, …); NaN where nobody looked."""
    looked: NDArray[np.bool_]
    """(columns,): where somebody looked, or had looked just before."""
    first: int
    """The step at which the first column begins."""
    width: int
    """Steps per column."""


class SampledArrays(Struct, frozen=True):
    """All that a sampled history holds besides its counts."""

    steps: Floats
    lasts: Floats
    """(columns,) each: the steps of the first and the last look."""
    marked: NDArray[np.bool_]
    """(columns,): whether a step was seen without a look just before."""
    values: Floats
    """(columns, …)"""


def apart(distances: Floats) -> NDArray[np.bool_]:
    """Which distances between looks are gaps: more than ``GAP_RATIO`` times any of the ``NEAR`` ones around.

    A pace that changes for good, or is uneven, leaves none.
    """
    if not distances.size or distances.max() <= GAP_RATIO * distances.min():
        return np.zeros(distances.size, np.bool_)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(distances, NEAR), 2 * NEAR + 1).copy()
    around[:, NEAR] = 0
    usual = around.max(axis=1)
    return np.asarray((distances > GAP_RATIO * usual) & (usual > 0))


class SampledHistory:
    """Values of one shape, look by look.

    ``capacity`` columns hold ``stride`` looks each, ``merge`` made one value of them; when all are full, neighbours
    merge and the stride doubles. Looks on either side of a gap share no column while there is room.
    """

    def __init__(self, shape: tuple[int, ...], merge: Merge, capacity: int = CAPACITY) -> None:
        if capacity < 2 or capacity % 2:
            raise ValueError(f"capacity must be even and at least 2, not {capacity}")
        self.capacity, self.merge = capacity, merge
        self.stride = 1
        self.end = -1
        """The last step looked at."""
        self._columns = 0
        self._in_last = 0
        self._missed = False
        self._steps, self._lasts = np.zeros(capacity), np.zeros(capacity)
        self._after_gap = np.zeros(capacity, np.bool_)
        self._values: Floats = np.full((capacity, *shape), np.nan)

    @property
    def steps(self) -> Floats:
        """(columns,): the step at which each column begins."""
        return self._steps[: self._columns].copy()

    @property
    def lasts(self) -> Floats:
        """(columns,): the step of each column's last look."""
        return self._lasts[: self._columns].copy()

    @property
    def after_gap(self) -> NDArray[np.bool_]:
        """(columns,): whether nobody looked for a while before the column began."""
        gaps = self._after_gap[: self._columns].copy()
        gaps[1:] |= apart(self._steps[1 : self._columns] - self._lasts[: self._columns - 1])
        gaps[:1] = False
        return gaps

    @property
    def values(self) -> Floats:
        """(columns, …)"""
        return self._values[: self._columns].copy()

    @property
    def in_last(self) -> int:
        """Looks in the last column."""
        return self._in_last

    @property
    def missed(self) -> bool:
        """Whether nobody looked at a step after the last look."""
        return self._missed

    @property
    def nbytes(self) -> int:
        return self._values.nbytes

    def add(self, step: int, values: Floats) -> None:
        """Take in one look; a second look at the same step replaces the first where that has a column of its own."""
        if step != self.end:
            self._advance(step)
        place = self._columns - 1
        self._lasts[place] = step
        self._values[place] = values if self._in_last == 1 else self.merge(self._values[place], values)
        self.end = step

    def miss(self, step: int) -> None:
        """Nobody looked at this step, though there was something to see: a gap begins."""
        self._missed = self._missed or step > self.end

    def until(self, step: int) -> SampledHistory:
        """A past of its own of the columns that lie before ``step`` as a whole."""
        earlier = deepcopy(self)
        earlier._columns = int(np.searchsorted(self.lasts, step))
        earlier._values[earlier._columns :] = np.nan
        earlier.end = int(self._lasts[earlier._columns - 1]) if earlier._columns else -1
        earlier._in_last, earlier._missed = self.stride, False
        return earlier

    def as_of(self, step: int) -> SampledHistory:
        """The columns that lie at or before ``step`` as a whole, to be looked at.

        It shares its arrays with this one, takes in nothing, and holds until :attr:`stride` is another.
        """
        earlier = copy(self)
        earlier._columns = int(np.searchsorted(self._lasts[: self._columns], step, side="right"))
        earlier.end = int(self._lasts[earlier._columns - 1]) if earlier._columns else -1
        earlier._in_last, earlier._missed = self.stride, False
        return earlier

    def with_values(self, values: Floats) -> SampledHistory:
        """A past of its own of the same looks, at which these values, (columns, …), were seen."""
        other = deepcopy(self)
        other._values = np.full((self.capacity, *values.shape[1:]), np.nan)
        other._values[: len(values)] = values
        return other

    @property
    def arrays(self) -> SampledArrays:
        """Copies of all that it holds."""
        marks = self._after_gap[: self._columns].copy()
        return SampledArrays(self.steps, self.lasts, marks, self.values)

    def restore(self, arrays: SampledArrays, stride: int, in_last: int, missed: bool) -> None:
        """Become the history that had these columns, ``in_last`` looks in the last; ``missed``: then came a gap."""
        count = len(arrays.steps)
        self._steps[:count], self._lasts[:count] = arrays.steps, arrays.lasts
        self._after_gap[:count], self._values[:count] = arrays.marked, arrays.values
        self._columns, self.end = count, int(arrays.lasts[-1]) if count else -1
        self.stride, self._in_last, self._missed = stride, in_last, missed

    def _advance(self, step: int) -> None:
        if self._columns and self._in_last < self.stride and not self._missed:
            self._in_last += 1
            return
        if self._columns == self.capacity:
            self._halve()
        self._steps[self._columns], self._after_gap[self._columns] = step, self._missed
        self._missed = False
        self._columns += 1
        self._in_last = 1

    def _halve(self) -> None:
        first = self._pairs()
        last = np.append(first[1:], self.capacity) - 1
        kept = len(first)
        # A column without a partner is merged with itself, which leaves it as it is.
        self._values[:kept] = self.merge(self._values[first], self._values[last])
        self._values[kept:] = np.nan
        self._steps[:kept], self._lasts[:kept] = self._steps[first], self._lasts[last]
        self._after_gap[:kept] = self._after_gap[first]
        self._columns, self.stride = kept, 2 * self.stride

    def _pairs(self) -> NDArray[np.intp]:
        """Where each of the new columns begins: with every second one, or with the first one after a gap."""
        starts, place = [], 0
        gaps = self.after_gap
        while place < self.capacity:
            starts.append(place)
            place += 1 if place + 1 < self.capacity and gaps[place + 1] else 2
        few = len(starts) <= 0.75 * self.capacity
        return np.array(starts, np.intp) if few else np.arange(0, self.capacity, 2)

    def grid(self, columns: int) -> Grid:
        """At most ``columns`` columns of equal width; ValueError while nobody has looked."""
        if not self._columns:
            raise ValueError("nobody has looked yet")
        steps = self._steps[: self._columns]
        first, width = int(steps[0]), 1
        while (self.end - first) // width >= columns:
            width *= 2
        filled, values = self._gathered(((steps - first) // width).astype(np.intp))
        own = np.arange((self.end - first) // width + 1)
        source = np.searchsorted(filled, own, side="right") - 1
        usual = float(median(np.diff(steps))) if len(steps) > 1 else 1.0
        looked = (own - filled[source]) * width <= max(GAP_RATIO * usual, width)
        cells = values[source]
        cells[~looked] = np.nan
        return Grid(cells, looked, first, width)

    def _gathered(self, places: NDArray[np.intp]) -> tuple[NDArray[np.intp], Floats]:
        """The columns of a grid that have looks, and what stands for these."""
        filled, inverse = np.unique(places, return_inverse=True)
        merged: Floats = np.full((len(filled), *self._values.shape[1:]), np.nan)
        empty = np.ones(len(filled), np.bool_)
        for row, place in enumerate(inverse):
            values = self._values[row]
            merged[place] = values if empty[place] else self.merge(merged[place], values)
            empty[place] = False
        return filled, merged
