"""Spikes: steps at which loss or gradient rise far above what they have been lately."""

from __future__ import annotations

import math
from collections import deque

SPIKE_RATIO = 10.0
"""A spike rises to so many times the running median."""
MEDIAN_STEPS = 64
"""Steps that the median is of, at most."""
LEAST_STEPS = 8
"""Steps without which there is no median yet."""
STALE_STEPS = 16
"""Steps from one ordering to the next."""


class RunningMedian:
    """The median of the last ``MEDIAN_STEPS`` values; of an even number of them the higher of the middle two.

    Values are put in order every ``STALE_STEPS``: until then so many of them at most have come below what was
    ``STALE_STEPS`` places below the median, so that this is a lower bound of it, beneath which nothing is looked at.
    """

    def __init__(self) -> None:
        self._values: deque[float] = deque(maxlen=MEDIAN_STEPS)
        self._bound = 0.0
        """No value up to here is far above the median."""
        self._left = MEDIAN_STEPS
        """Values that the bound is good for."""

    def rises(self, value: float) -> bool:
        """Whether a value lies far above the median of those before, which it then joins."""
        if not 0 < value < math.inf:
            return False
        spike = value > self._bound and self._is_far(value)
        self._values.append(value)
        self._left -= 1
        if not self._left:
            self._bound = SPIKE_RATIO * sorted(self._values)[MEDIAN_STEPS // 2 - STALE_STEPS]
            self._left = STALE_STEPS
        return spike

    def _is_far(self, value: float) -> bool:
        count = len(self._values)
        return count >= LEAST_STEPS and value > SPIKE_RATIO * sorted(self._values)[count // 2]


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
