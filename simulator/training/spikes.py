"""Spikes: steps at which loss or gradient rise far above what they have been lately."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

SPIKE_RATIO = 10.0
"""A spike rises to so many times the running median."""
MEDIAN_STEPS = 64
"""Steps that the median is of,"""
LEAST_STEPS = 8
"""and of how many at least."""


class RunningMedian:
    """The median of the last ``MEDIAN_STEPS`` values; of an even number of them the higher of the middle two."""

    def __init__(self) -> None:
        self._values: deque[float] = deque()
        self._sorted: list[float] = []

    def rises(self, value: float) -> bool:
        """Whether a value lies far above the median of those before, which it then joins."""
        if not 0 < value < math.inf:
            return False
        values, ordered = self._values, self._sorted
        count = len(ordered)
        spike = count >= LEAST_STEPS and value > SPIKE_RATIO * ordered[count // 2]
        values.append(value)
        insort(ordered, value)
        if count == MEDIAN_STEPS:
            del ordered[bisect_left(ordered, values.popleft())]
        return spike


class SpikeWatch:
    """Looks at the loss and the gradient's norm of every step."""

    def __init__(self) -> None:
        self._losses, self._gradients = RunningMedian(), RunningMedian()
        self.spiking = False
        """Whether the last step was one."""

    def begins(self, loss: float, gradient_norm: float) -> bool:
        """Whether a spike begins at a step with these values: none had at the step before."""
        before = self.spiking
        loss_rises, gradient_rises = self._losses.rises(loss), self._gradients.rises(gradient_norm)
        self.spiking = loss_rises or gradient_rises
        return self.spiking and not before
