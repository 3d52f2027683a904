"""The past of one thing that is sampled: what became of it, look by look."""

from __future__ import annotations

import math
from copy import copy
from typing import TYPE_CHECKING, Any

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
