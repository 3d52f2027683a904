"""Spikes: steps at which loss or gradient rise far above what they have been lately."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable

SPIKE_DECADES = 1.0
"""A spike rises so far above the running median."""
MEDIAN_STEPS = 64
"""Steps that the median is of,"""
LEAST_STEPS = 8
"""and of how many at least."""


class RunningMedian:
    """The median of the last ``MEDIAN_STEPS`` values, in decades."""

    def __init__(self) -> None:
        self._values: deque[float] = deque()
        self._sorted: list[float] = []

    def rises(self, value: float) -> bool:
        """Whether a value lies far above the median of those before, which it then joins."""
        decades = math.log10(value) if 0 < value < math.inf else math.nan
        if math.isnan(decades):
            return False
        enough = len(self._sorted) >= LEAST_STEPS
        spike = enough and decades > self._sorted[len(self._sorted) // 2] + SPIKE_DECADES
        self._values.append(decades)
        insort(self._sorted, decades)
        if len(self._values) > MEDIAN_STEPS:
            del self._sorted[bisect_left(self._sorted, self._values.popleft())]
        return spike


class SpikeWatch:
    """Looks at the loss and the gradient's norm of every step."""

    def __init__(self) -> None:
        self._medians = RunningMedian(), RunningMedian()
        self.spiking = False
        """Whether the last step was one."""

    def begins(self, values: Iterable[float]) -> bool:
        """Whether a spike begins at a step with these values: none had at the step before."""
        before = self.spiking
        rising = [median.rises(value) for median, value in zip(self._medians, values, strict=True)]
        self.spiking = any(rising)
        return self.spiking and not before
