"""Every step's scalars in bounded memory: thinned by halves, with minimum and maximum kept."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from copy import copy, deepcopy
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

NEVER = -1
CAPACITY = 1024
MOST_BYTES = 256 * 2**20
"""Of one history: where there are many columns, fewer buckets are kept."""


def buckets_for(columns: int) -> int:
    """How many buckets of so many columns are kept: ``CAPACITY``, or half, a quarter … of it, but two."""
    capacity = CAPACITY
    while capacity > 2 and 3 * 8 * capacity * columns > MOST_BYTES:
        capacity //= 2
    return capacity


class HistoryArrays(Struct, frozen=True):
    """All that a history holds besides its columns and counts."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    last: NDArray[np.float64]
    """(buckets, columns) each."""
    lost: NDArray[np.int64]
    """(2, columns): since when each has not been finite, first and without a break; ``NEVER`` where it is."""
    provisional: NDArray[np.float64]
    """(1, columns), or (0, columns) where the step after the last is made."""


class Rows(Struct, frozen=True):
    """Consecutive steps from the worker: ``values[i, c]`` is column ``columns[c]`` at step ``first_step + i``."""

    first_step: int
    columns: tuple[str, ...]
    values: NDArray[np.float64]
    provisional: NDArray[np.float64] | None = None
    """The step after the last row, while its update has not been made and may still change."""

    def __reduce__(self) -> tuple[Callable[..., Rows], tuple[Any, ...]]:
        """With its columns as bytes, which are made of them once in a run, and read once."""
        return _rows_of, (_written(self.columns), self.first_step, self.values, self.provisional)


@functools.lru_cache(maxsize=16)
def _written(columns: tuple[str, ...]) -> bytes:
    return msgspec.json.encode(columns)


@functools.lru_cache(maxsize=16)
def _read(columns: bytes) -> tuple[str, ...]:
    return msgspec.json.decode(columns, type=tuple[str, ...])


def _rows_of(columns: bytes, first_step: int, *values: Any) -> Rows:
    return Rows(first_step, _read(columns), *values)


class Series(Struct, frozen=True):
    """A past, ready to draw: one entry per bucket of ``stride`` steps. Arrays are (buckets,) or (buckets, layers)."""

    steps: NDArray[np.float64]
    """First step of each bucket."""
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    last: NDArray[np.float64]
    stride: int
    begins: NDArray[np.int64] = field(default_factory=lambda: np.zeros((), np.int64))
    """() or (layers,): the first step of which something is known; the NaN before it are none that were seen."""


class History:
    """Bounded past of a fixed set of columns.

    ``capacity`` buckets each hold ``stride`` consecutive steps as (minimum, maximum, last). When all are full,
    neighbours merge and the stride doubles: a one-step spike stays visible for ever. Minimum and maximum skip NaN
    unless a bucket has nothing else. Values are kept in float64: a gradient of 1e-300 is a value.

    Columns are plain scalars (``"loss"``) or one per layer (``"weight_gradient_norm:0"``, …).
    """

    def __init__(self, columns: tuple[str, ...], capacity: int | None = None, start: int = 0) -> None:
        capacity = buckets_for(len(columns)) if capacity is None else capacity
        if capacity < 2 or capacity % 2:
            raise ValueError(f"capacity must be even and at least 2, not {capacity}")
        self.columns = columns
        self.capacity = capacity
        self.start = start
        """The first step that is recorded: 0, or where a checkpoint went on."""
        self.stride = 1
        self.steps = 0
        """Number of steps recorded."""
        self._shown: NDArray[np.float64] | None = None
        """The provisional step, where it is drawn as a bucket of its own."""
        self._tail_is_empty = False
        """Whether nothing is known of the steps of the last bucket: it held others too, which are of another way."""
        self._provisional: NDArray[np.float64] | None = None
        self._lost_first = np.full(len(columns), NEVER)
        self._lost_since = np.full(len(columns), NEVER)
        self._begins = np.full(len(columns), start, np.int64)
        self._place = {name: i for i, name in enumerate(columns)}
        shape = (capacity, len(columns))
        self._low = np.empty(shape)
        self._high = np.empty(shape)
        self._last = np.empty(shape)
        groups: dict[str, list[int]] = {}
        for i, name in enumerate(columns):
            groups.setdefault(name.split(":")[0], []).append(i)
        self._groups = {name: _together(places) for name, places in groups.items()}

    @property
    def end(self) -> int:
        """The last step that :meth:`series` shows, the provisional one included; ``start`` - 1 while there is none."""
        return self.start + self.steps + (self._shown is not None) - 1

    @property
    def buckets(self) -> int:
        """Those of which something is known."""
        return -(-self.steps // self.stride) - self._tail_is_empty

    def extend(self, rows: Rows) -> None:
        """Take in consecutive steps; a gap is an error. The provisional step gives way to what comes next."""
        if rows.columns != self.columns:
            raise ValueError("rows of another run")
        if rows.first_step != self.start + self.steps:
            raise ValueError(f"step {rows.first_step} does not follow step {self.start + self.steps - 1}")
        self._watch(rows)
        done = 0
        while done < len(rows.values):
            done += self._take(rows.values[done:])
        self._show(rows.provisional)

    def _watch(self, rows: Rows) -> None:
        """Keep the exact steps at which columns have not been finite: buckets lose them."""
        self._provisional = rows.provisional
        if not len(rows.values):
            return
        finite = np.isfinite(rows.values)
        first, end = rows.first_step, rows.first_step + len(finite)
        never, once = self._lost_first == NEVER, ~finite.all(axis=0)
        self._lost_first[never & once] = first + np.argmin(finite, axis=0)[never & once]
        lost, whole = ~finite[-1], ~finite.any(axis=0)
        new = np.where(whole, first, end - np.argmax(finite[::-1], axis=0))
        self._lost_since = np.where(lost, np.where(whole & (self._lost_since != NEVER), self._lost_since, new), NEVER)

    def first_lost(self, name: str) -> int | None:
        """The first step at which a column was NaN or Inf, the provisional one included."""
        place = self._place[name]
        known = int(self._lost_first[place])
        return known if known != NEVER else self._lost_now(place)

    def lost_since(self, name: str) -> int | None:
        """The first step of the unbroken time in which a column has been NaN or Inf; None where it is finite now."""
        place = self._place[name]
        known = int(self._lost_since[place])
        if self._provisional is None:
            return known if known != NEVER else None
        now = self._lost_now(place)
        return now if now is None or known == NEVER else known

    def _lost_now(self, place: int) -> int | None:
        if self._provisional is None or np.isfinite(self._provisional[place]):
            return None
        return self.start + self.steps

    def _show(self, row: NDArray[np.float64] | None) -> None:
        """Draw the provisional step where it starts a bucket of its own; inside a wider one it would not be seen."""
        bucket, offset = divmod(self.steps, self.stride)
        alone = offset == 0 or self._tail_is_empty
        self._shown = row if alone and bucket < self.capacity else None

    def _take(self, values: NDArray[np.float64]) -> int:
        """Fill as many whole or part buckets as fit without merging; the number of rows used."""
        if self.steps == self.capacity * self.stride:
            self._merge()
        stride = self.stride
        offset = self.steps % stride
        bucket = self.steps // stride
        if offset or len(values) < stride:
            count = min(stride - offset, len(values))
            part = values[:count]
            low, high = np.fmin.reduce(part, axis=0), np.fmax.reduce(part, axis=0)
            if offset and not self._tail_is_empty:
                low, high = np.fmin(low, self._low[bucket]), np.fmax(high, self._high[bucket])
            self._low[bucket], self._high[bucket], self._last[bucket] = low, high, part[-1]
            self._tail_is_empty = False
        else:
            whole = min(len(values) // stride, self.capacity - bucket)
            count = whole * stride
            part = values[:count].reshape(whole, stride, -1)
            here = slice(bucket, bucket + whole)
            self._low[here] = np.fmin.reduce(part, axis=1)
            self._high[here] = np.fmax.reduce(part, axis=1)
            self._last[here] = part[:, -1]
        self.steps += count
        return count

    def _merge(self) -> None:
        half = self.capacity // 2
        self._low[:half] = np.fmin(self._low[0::2], self._low[1::2])
        self._high[:half] = np.fmax(self._high[0::2], self._high[1::2])
        self._last[:half] = self._last[1::2]
        self.stride *= 2

    def until(self, step: int) -> History:
        """A history of its own of the steps before ``step``; it begins there if that lies outside.

        In the midst of a bucket nobody can tell its first steps from its last: of these nothing is known then.
        """
        count = step - self.start
        if not 0 <= count <= self.steps:
            return History(self.columns, self.capacity, step)
        earlier = deepcopy(self)
        earlier._tail_is_empty = count % self.stride > 0 and (count < self.steps or self._tail_is_empty)
        earlier.steps, earlier._shown, earlier._provisional = count, None, None
        earlier._begins = np.minimum(self._begins, step)
        earlier._forget_lost(step)
        return earlier

    def _forget_lost(self, step: int) -> None:
        """Nothing is known yet of columns that were not finite from ``step`` on."""
        for lost in (self._lost_first, self._lost_since):
            lost[lost >= step] = NEVER

    def as_of(self, step: int, row: NDArray[np.float64] | None = None) -> History:
        """The history as it was when ``step`` was the present one, whose values are ``row``; None: as recorded.

        What lies between the last whole bucket and that step is left out, where buckets are of several steps. It shares
        its arrays with this one, and holds until :attr:`stride` is another.
        """
        values = self.row(step) if row is None else row
        earlier = copy(self)
        earlier.steps = max(min(step - self.start, self.steps), 0) // self.stride * self.stride
        earlier._tail_is_empty = False
        earlier._lost_first, earlier._lost_since = self._lost_first.copy(), self._lost_since.copy()
        earlier._forget_lost(step)
        earlier._provisional = values
        if values is not None and self.stride == 1:
            earlier._find_lost_since(values)
        earlier._show(values)
        return earlier

    def _find_lost_since(self, row: NDArray[np.float64]) -> None:
        """Since when columns that are not finite in ``row``, the step after the last, have not been."""
        for place in np.flatnonzero(~np.isfinite(row)):
            finite = np.flatnonzero(np.isfinite(self._last[: self.steps, place]))
            unbroken = int(finite[-1]) + 1 if finite.size else int(self._begins[place]) - self.start
            self._lost_since[place] = self.start + unbroken if unbroken < self.steps else NEVER

    def row(self, step: int) -> NDArray[np.float64] | None:
        """The values of one step, where they are known exactly: a bucket ends with it."""
        bucket, offset = divmod(step - self.start, self.stride)
        if not 0 <= bucket < self.buckets or offset != self.stride - 1 or step >= self.start + self.steps:
            return None
        values: NDArray[np.float64] = self._last[bucket].copy()
        return values

    @property
    def arrays(self) -> HistoryArrays:
        """Copies of all that it holds; NaN throughout where nothing is known of a bucket."""
        n = self.buckets
        tail = np.full((int(self._tail_is_empty), len(self.columns)), np.nan)
        low, high, last = (np.concatenate([part[:n], tail]) for part in (self._low, self._high, self._last))
        lost = np.stack([self._lost_first, self._lost_since]).astype(np.int64)
        none = np.empty((0, len(self.columns)))
        provisional = none if self._provisional is None else self._provisional[np.newaxis]
        return HistoryArrays(low, high, last, lost, provisional)

    @property
    def begins(self) -> tuple[int, ...]:
        """The first step of which something is known of each column: not ``start`` for a layer that came later."""
        return tuple(self._begins.tolist())

    @classmethod
    def restored(
        cls, columns: tuple[str, ...], capacity: int, start: int, stride: int, steps: int, arrays: HistoryArrays,
        begins: Sequence[int] = (),
    ) -> History:  # fmt: skip
        """The history that had these counts and arrays."""
        made = cls(columns, capacity, start)
        if begins:
            made._begins[:] = begins
        made.stride, made.steps = stride, steps
        n = -(-steps // stride)
        made._low[:n], made._high[:n], made._last[:n] = arrays.low, arrays.high, arrays.last
        made._tail_is_empty = n > 0 and bool(np.isnan(arrays.low[-1]).all() and np.isnan(arrays.high[-1]).all())
        made._lost_first, made._lost_since = arrays.lost.copy()
        made._provisional = arrays.provisional[0].copy() if len(arrays.provisional) else None
        made._show(made._provisional)
        return made

    def only(self, columns: tuple[str, ...]) -> History:
        """The past of these columns alone."""
        places, own = [self._place[name] for name in columns], self.arrays
        low, high, last = (part[:, places] for part in (own.low, own.high, own.last))
        arrays = HistoryArrays(low, high, last, own.lost[:, places], own.provisional[:, places])
        begins = self._begins[places].tolist()
        return History.restored(columns, self.capacity, self.start, self.stride, self.steps, arrays, begins)

    def handed_on(self, columns: tuple[str, ...], sources: Sequence[str]) -> History:
        """The past of a network that goes on as another one: of each column that of one here, or of none ("").

        What comes next is the step after the last, whose values are the other network's. Where so many columns have
        no room for as long a past, it begins there.
        """
        if buckets_for(len(columns)) < self.capacity:
            return History(columns, start=self.start + self.steps)
        places = np.array([self._place.get(source, NEVER) for source in sources], np.intp)
        known, own = places != NEVER, self.arrays
        low, high, last = (np.where(known, part[:, places], np.nan) for part in (own.low, own.high, own.last))
        lost = np.where(known, own.lost[:, places], NEVER)
        begins = np.where(known, self._begins[places], self.start + self.steps).tolist()
        arrays = HistoryArrays(low, high, last, lost, np.empty((0, len(columns))))
        return History.restored(columns, self.capacity, self.start, self.stride, self.steps, arrays, begins)

    @property
    def places(self) -> int:
        """How many buckets :meth:`series` shows."""
        return self.buckets + (self._shown is not None)

    def series(self, name: str, first: int = 0) -> Series:
        """The past of a scalar column (``loss``) as (buckets,), of a per-layer group as (buckets, layers).

        ``first``: from this bucket on.
        """
        n, shown = self.buckets, self._shown
        place: int | slice | NDArray[np.int_] = self._place[name] if name in self._place else self._groups[name]
        low, high, last = (part[first:n, place] for part in (self._low, self._high, self._last))
        if shown is not None:
            low, high, last = (np.concatenate([part, shown[place][np.newaxis]]) for part in (low, high, last))
        elif not isinstance(place, np.ndarray):
            # Of columns that lie apart it is a copy anyway, which halving leaves alone.
            low, high, last = low.copy(), high.copy(), last.copy()
        steps = self.start + np.arange(first, first + len(last), dtype=np.float64) * self.stride
        return Series(steps, low, high, last, self.stride, np.asarray(self._begins[place]))

    def __contains__(self, name: str) -> bool:
        return name in self._place or name in self._groups

    def is_of_layers(self, name: str) -> bool:
        """Whether there is a column of this name for each layer."""
        return name in self._groups and name not in self._place

    @property
    def nbytes(self) -> int:
        return self._low.nbytes + self._high.nbytes + self._last.nbytes


def _together(places: Sequence[int]) -> slice | NDArray[np.int_]:
    """Columns by their places; those that lie beside each other are read several times as fast as a slice."""
    first, count = places[0], len(places)
    return slice(first, first + count) if list(places) == [*range(first, first + count)] else np.array(places)
