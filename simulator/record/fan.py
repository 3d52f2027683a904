"""One experiment trained from several seeds, as one run: medians, with quartiles in place of least and largest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec.structs import replace

from simulator.arrays.numeric import Floats
from simulator.arrays.quantiles import SHARES, quantiles
from simulator.observations.base import Observation, Observed
from simulator.observations.registry import observations
from simulator.record.frame import Frame
from simulator.record.history import NEVER, History, HistoryArrays
from simulator.record.past import Past
from simulator.record.record import Record
from simulator.record.sampled_history import SampledArrays

LEAST_SEEDS = 5
"""Of fewer, quartiles say nothing."""
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
    """Of each bucket the median of the seeds' last values, from quartile to quartile; of what is sampled the median."""
    low_record: Record
    """The same past with the first quartile of what is sampled."""
    high_record: Record
    """The same past with the third quartile of what is sampled."""

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays that hold the past."""
        return self.record.nbytes + sum(
            past.nbytes for each in (self.low_record, self.high_record) for past in each.pasts.values()
        )


def fan_of(runs: Sequence[tuple[Frame, Record]]) -> Fan:
    """Of runs that differ in the seed alone: their last frames and records, of equally many steps."""
    low, median, high = _frames([frame for frame, _ in runs])
    firsts = [record.first for _, record in runs if record.first is not None]
    first = _frames(firsts) if firsts else [None] * len(SHARES)
    history, pasts = _history([record.history for _, record in runs]), _pasts([record for _, record in runs])
    records = [Record(history, frame) for frame in first]
    for record, own in zip(records, pasts, strict=True):
        record.pasts, record.live_changes = own, runs[0][1].live_changes
    return Fan(len(runs), low, median, high, records[1], records[0], records[2])


def _frames(frames: Sequence[Frame]) -> list[Frame]:
    """Quartile, median, quartile of scalars, measures and what spans seeds; what else was seen is left out."""
    head = frames[0]
    names = [name for name in head.scalars if all(name in frame.scalars for frame in frames)]
    scalars = {name: quantiles(np.array([frame.scalars[name] for frame in frames])) for name in names}
    measures = {name: quantiles(np.array([frame.measures[name] for frame in frames])) for name in head.measures}
    defined = {name: np.all([frame.defined[name] for frame in frames], axis=0) for name in head.defined}
    observed = {each: _observed(each, frames) for each in head.observations if each.spans_seeds}
    return [
        replace(
            head,
            scalars={name: float(values[place]) for name, values in scalars.items()},
            measures={name: values[place] for name, values in measures.items()},
            defined=defined,
            observations={each: parts[place] for each, parts in observed.items()},
        )
        for place in range(len(SHARES))
    ]


def _observed(observation: Observation[Any], frames: Sequence[Frame]) -> list[Observed[Any]]:
    """Quartile, median, quartile of what was found; where one seed has nothing, why."""
    observed = [frame.observations[observation] for frame in frames if observation in frame.observations]
    head, refusal = observed[0], next((each.refusal for each in observed if each.refusal), "")
    if len(observed) < len(frames) or refusal:
        return [Observed(head.step, refusal=refusal or "it is not known of every seed")] * len(SHARES)
    try:
        parts = observation.over_seeds([each.result for each in observed])
    except ValueError as error:
        return [Observed(head.step, refusal=str(error))] * len(SHARES)
    seconds = max(each.seconds for each in observed)
    return [Observed(head.step, part, seconds=seconds) for part in parts]


def _pasts(records: Sequence[Record]) -> list[dict[str, Past]]:
    """Quartile, median, quartile of what was sampled, at steps at which every seed was looked at."""
    spanning = {kind.past.name for kind in observations() if kind.past is not None and kind.spans_seeds}
    pasts: list[dict[str, Past]] = [{} for _ in SHARES]
    for name in spanning:
        own = [record.pasts[name] for record in records if name in record.pasts]
        if len(own) == len(records) and all(past.subject == own[0].subject for past in own):
            for place, past in enumerate(_past(own)):
                pasts[place][name] = past
    return pasts


def _past(pasts: Sequence[Past]) -> list[Past]:
    head, arrays = pasts[0], [past.history.arrays for past in pasts]
    common = arrays[0].lasts
    for each in arrays[1:]:
        common = np.intersect1d(common, each.lasts)
    rows = [np.searchsorted(each.lasts, common) for each in arrays]
    parts = quantiles(np.stack([each.values[row] for each, row in zip(arrays, rows, strict=True)]))
    steps, marked = arrays[0].steps[rows[0]], arrays[0].marked[rows[0]]
    made = []
    for part in parts:
        past = Past(head.sampled, head.subject, head.history.capacity)
        history = head.history
        past.history.restore(SampledArrays(steps, common, marked, part), history.stride, history.in_last, False)
        made.append(past)
    return made


def _history(histories: Sequence[History]) -> History:
    head, held_out = histories[0], np.array([name.startswith(HELD_OUT) for name in histories[0].columns])
    arrays = [history.arrays for history in histories]
    values = [np.where(held_out & np.isnan(each.last), each.high, each.last) for each in arrays]
    low, middle, high = quantiles(np.array(values))
    lost = _lost(middle, head.start, head.stride)
    none = np.empty((0, len(head.columns)))
    made = HistoryArrays(low, high, middle, lost, none)
    return History.restored(
        head.columns, head.capacity, head.start, head.stride, head.steps, made, head.begins
    )  # fmt: skip


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
