"""The past of one thing that is sampled: what became of it, look by look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec.structs import replace

from simulator.record.sampled_history import SampledHistory
from simulator.record.turns import TurnLog

if TYPE_CHECKING:
    from simulator.observations.sampled import Sampled, Subject
    from simulator.training.run_info import RunInfo

MOST_BYTES = 64 * 2**20
"""Of one past's values: where a sample is large, fewer columns are kept."""


def columns_for(sampled: Sampled, subject: Subject) -> int:
    """How many samples of a subject are kept: as many as they say themselves, or fewer of large ones, but two."""
    affordable = MOST_BYTES // (8 * max(math.prod(sampled.shape(subject)), 1))
    return max(min(sampled.capacity, affordable // 2 * 2), 2)


def most_bytes(sampled: Sampled, info: RunInfo) -> int:
    """What the past of any subject of a run takes at most."""
    largest = sampled.largest(info)
    return 8 * math.prod(sampled.shape(largest)) * columns_for(sampled, largest)


class Past:
    """What ``sampled`` takes of the results about one subject, and when its condition turned."""

    def __init__(self, sampled: Sampled, subject: Subject, capacity: int | None = None) -> None:
        self.sampled, self.subject = sampled, subject
        columns = columns_for(sampled, subject) if capacity is None else capacity
        self.history = SampledHistory(sampled.shape(subject), sampled.merge, columns)
        self.turns = TurnLog(sampled.conditions[0])

    @property
    def nbytes(self) -> int:
        return self.history.nbytes

    def add(self, step: int, result: Any, info: RunInfo) -> None:
        """Take in one look."""
        before = self.history.end if self.history.steps.size else None
        self.turns.add(step, self.sampled.condition(result), before)
        self.history.add(step, self.sampled.sampled(result, info))

    def as_of(self, step: int) -> Past:
        """What had been seen at ``step``, to be looked at: it shares its arrays with this one."""
        earlier = copy(self)
        earlier.history, earlier.turns = self.history.as_of(step), self.turns.until(step + 1)
        return earlier

    def until(self, step: int) -> Past:
        """A past of its own of what was seen before ``step``."""
        cut = Past(self.sampled, self.subject)
        cut.history, cut.turns = self.history.until(step), self.turns.until(step)
        return cut

    def handed_on(self, labels: Sequence[str], stay: Mapping[str, str]) -> Past | None:
        """That of another network with layers of these labels, which goes on with the run; None where it has none.

        ``stay`` are layers of both: label there → label here.
        """
        subject, values = self.subject, self.history.values
        if self.sampled.of_all_layers:
            places = [self.subject.labels.index(stay[label]) if label in stay else -1 for label in labels]
            values = np.where(np.array(places) < 0, np.nan, values[..., places])
            subject = replace(subject, labels=tuple(labels))
        elif subject.labels:
            there = {here: label for label, here in stay.items()}
            if any(label not in there for label in subject.labels):
                return None
            subject = replace(subject, labels=tuple(there[label] for label in subject.labels))
        made = Past(self.sampled, subject)
        if made.history.capacity < self.history.capacity:
            return None
        made.history = self.history.with_values(values)
        made.turns.restore(self.turns.entries)
        return made
