"""One experiment trained from several seeds, as one run: medians, with quartiles in place of least and largest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from simulator.arrays.numeric import Floats
from simulator.record.frame import Frame
from simulator.record.history import NEVER, History, HistoryArrays
from simulator.record.record import Record

LEAST_SEEDS = 5
"""Of fewer, quartiles say nothing."""
SHARES = (0.25, 0.5, 0.75)
HELD_OUT = "validation"
"""How the columns begin that have a value now and then only."""


@dataclass(frozen=True)
class Fan:
    """The last step over all seeds, and the past."""

    seeds: int
    low: Frame
    """First quartiles."""
    median: Frame
    high: Frame
    """Third quartiles."""
    record: Record
    """Of each bucket the median of the seeds' last values, from quartile to quartile."""


def quantiles(values: Floats, shares: Sequence[float] = SHARES) -> tuple[Floats, ...]:
    """Along the first axis, between neighbours by a straight line; NaN counts as beyond all others.

    Source: Hyndman and Fan (1996), definition 7.
    """
    ordered = np.sort(values, axis=0)
    return tuple(_between(ordered, share * (len(values) - 1)) for share in shares)


def _between(ordered: Floats, at: float) -> Floats:
    below, above, part = ordered[int(np.floor(at))], ordered[int(np.ceil(at))], at % 1
    with np.errstate(invalid="ignore"):
        apart = np.where(below == above, 0.0, part * (above - below)) if part else np.zeros_like(below)
        return np.asarray(below + apart)


def fan_of(runs: Sequence[tuple[Frame, Record]]) -> Fan:
    """Of runs that differ in the seed alone: their last frames and records, of equally many steps."""
    low, median, high = _frames([frame for frame, _ in runs])
    first = [record.first for _, record in runs if record.first is not None]
    record = Record(_history([record.history for _, record in runs]), _frames(first)[1] if first else None)
    return Fan(len(runs), low, median, high, record)


def _frames(frames: Sequence[Frame]) -> list[Frame]:
    """Quartile, median, quartile of scalars and measures; what else was seen is of one seed, and left out."""
    head = frames[0]
    names = [name for name in head.scalars if all(name in frame.scalars for frame in frames)]
    scalars = {name: quantiles(np.array([frame.scalars[name] for frame in frames])) for name in names}
    measures = {name: quantiles(np.array([frame.measures[name] for frame in frames])) for name in head.measures}
    defined = {name: np.all([frame.defined[name] for frame in frames], axis=0) for name in head.defined}
    return [
        replace(
            head,
            scalars={name: float(values[place]) for name, values in scalars.items()},
            measures={name: values[place] for name, values in measures.items()},
            defined=defined,
            observations={},
        )
        for place in range(len(SHARES))
    ]


def _history(histories: Sequence[History]) -> History:
    head, held_out = histories[0], np.array([name.startswith(HELD_OUT) for name in histories[0].columns])
    arrays = [history.arrays for history in histories]
    values = [np.where(held_out & np.isnan(each.last), each.high, each.last) for each in arrays]
    low, middle, high = quantiles(np.array(values))
    lost = _lost(middle, head.start, head.stride)
    none = np.empty((0, len(head.columns)))
    made = HistoryArrays(low, high, middle, lost, none)
    return History.restored(head.columns, head.capacity, head.start, head.stride, head.steps, made)


def _lost(values: Floats, start: int, stride: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """(2, columns): since when the median is not finite, first and without a break."""
    lost = np.full((2, values.shape[1]), NEVER, np.int64)
    for place, finite in enumerate(np.isfinite(values).T):
        gone = np.flatnonzero(~finite)
        if gone.size:
            unbroken = int(np.flatnonzero(finite)[-1]) + 1 if finite.any() else 0
            lost[0, place] = start + int(gone[0]) * stride
            lost[1, place] = start + unbroken * stride if unbroken < len(finite) else NEVER
    return lost
