"""The past, reduced to what a screen can show: a few hundred buckets with minimum, maximum and last value."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.record.history import History, Series


@dataclass(frozen=True)
class Buckets:
    """``low``, ``high``, ``last`` are (buckets,) or (buckets, layers); a bucket is ``width`` steps."""

    steps: Floats
    """First step of each bucket."""
    low: Floats
    high: Floats
    last: Floats
    width: int
    end: int
    """The last step recorded."""
    begins: NDArray[np.int64] = field(default_factory=lambda: np.zeros((), np.int64))
    """() or (layers,): the first step of which something is known."""

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """(buckets,) or (buckets, layers): whether something is known of a bucket, be it NaN."""
        return np.asarray(np.greater.outer(np.minimum(self.steps + self.width, self.end + 1), self.begins))

    @cached_property
    def middles(self) -> Floats:
        """Where on the step axis each bucket is drawn."""
        ends = np.minimum(self.steps + (self.width - 1), max(self.end, 0))
        return np.asarray(0.5 * (self.steps + np.maximum(ends, self.steps)))

    def bucket(self, step: float) -> int:
        """Index of the bucket nearest to ``step``."""
        return int(np.clip(np.floor((step - self.steps[0] + 0.5) / self.width), 0, len(self.steps) - 1))


def reduced(series: Series, most: int, end: int) -> Buckets:
    """At most ``most`` buckets: 2^k neighbours merge, so that a bucket never changes its contents."""
    return _reduced(series, _merging(len(series.steps), most), end)


class Places(NamedTuple):
    """In how many places a past is drawn, and of how many steps each is."""

    number: int
    width: int


def places_of(history: History, most: int) -> Places:
    """Those that :func:`reduced` makes of a column: while they are the same, only the last of them may be another."""
    merge = _merging(history.places, most)
    return Places(-(-history.places // merge), history.stride * merge)


def _merging(count: int, most: int) -> int:
    """How many neighbours are one, so that ``count`` become at most ``most``."""
    merge = 1
    while -(-count // merge) > most:
        merge *= 2
    return merge


def _reduced(series: Series, merge: int, end: int) -> Buckets:
    count = len(series.steps)
    if merge == 1:
        return Buckets(series.steps, series.low, series.high, series.last, series.stride, end, series.begins)
    low, high = _merged(series.low, merge, np.fmin), _merged(series.high, merge, np.fmax)
    last = series.last[np.minimum(np.arange(merge - 1, count + merge - 1, merge), count - 1)]
    return Buckets(series.steps[::merge], low, high, last, series.stride * merge, end, series.begins)


class GrowingBuckets:
    """A past that is reduced again and again while it grows: what is whole of it is kept, the rest is read anew."""

    def __init__(self) -> None:
        self._history: ReferenceType[History] | None = None
        self._kept: Buckets | None = None
        self.whole = 0
        """Of the buckets that were given last, so many were the same the time before."""

    def reduced(self, history: History, name: str, most: int) -> Buckets:
        """As :func:`reduced` makes them of one column or group, always the same."""
        merge, kept = _merging(history.places, most), self._kept
        goes_on = self._history is not None and self._history() is history and kept is not None
        self.whole = 0
        if kept is not None and goes_on and kept.width == history.stride * merge:
            # The last one may be of fewer steps than the others, or of a step that may still change.
            self.whole = max(len(kept.steps) - 2, 0)
        past = _reduced(history.series(name, self.whole * merge), merge, history.end)
        if kept is not None and self.whole:
            steps, low, high, last = (
                np.concatenate((getattr(kept, part)[: self.whole], getattr(past, part)))
                for part in ("steps", "low", "high", "last")
            )
            past = Buckets(steps, low, high, last, past.width, past.end, past.begins)
        self._history, self._kept = ref(history), past
        return past


def _merged(values: Floats, merge: int, extreme: np.ufunc) -> Floats:
    """(buckets, …): extremes of ``merge`` = 2^k neighbours, of the last ones as far as they go.

    Halving again and again is several times faster than reducing groups: each pass is one long loop.
    """
    short = -len(values) % merge
    if short:
        values = np.concatenate((values, np.repeat(values[-1:], short, axis=0)))
    while merge > 1:
        values, merge = extreme(values[0::2], values[1::2]), merge // 2
    return values


def envelope(x: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """One curve that touches minimum and maximum of every bucket: (2 · buckets,) or (2 · buckets, layers)."""
    y = np.empty((2 * len(low), *low.shape[1:]))
    y[0::4], y[1::4] = low[0::2], high[0::2]
    y[2::4], y[3::4] = high[1::2], low[1::2]
    return np.repeat(x, 2), y


def with_gaps(steps: Floats, after_gap: NDArray[np.bool_], *values: Floats) -> tuple[Floats, ...]:
    """Steps and values with NaN in front of each look that comes after a gap: no line leads over what nobody saw."""
    places = np.flatnonzero(after_gap)
    between = 0.5 * (steps[places - 1] + steps[places])
    return np.insert(steps, places, between), *(np.insert(each, places, np.nan) for each in values)


def buckets_for(curves: int, networks: int = 1) -> int:
    """How many buckets ``curves`` curves of each of so many networks in one plot get."""
    return min(max(12000 // max(curves * networks, 1), 96), 384, 768 // networks)
