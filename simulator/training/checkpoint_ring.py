"""Checkpoints of a run from before any trouble, so that it can go back: few, and spread over its whole past."""

from __future__ import annotations

import math
from bisect import bisect_left

import numpy as np

from simulator.training.checkpoint import Checkpoint

MOST_CHECKPOINTS = 16
"""Checkpoints that a ring keeps."""
MOST_BYTES = 64 * 2**20
"""Bytes that all checkpoints of a ring may take; one is always kept."""
FIRST_STRIDE = 4
"""Steps between two checkpoints at first."""
TROUBLED_LOSS = 2.0
"""Times the loss at the start, above which a run is in trouble."""


class CheckpointRing:
    """A checkpoint every ``stride`` steps; where there is no room for more, every other goes and the stride doubles.

    In trouble, which is a loss far above that of the start or a number that is not finite, nothing is kept.
    """

    def __init__(self) -> None:
        self.stride = FIRST_STRIDE
        self.start_loss = math.nan
        """The loss at the first step that was seen."""
        self._kept: list[Checkpoint] = []

    @property
    def steps(self) -> tuple[int, ...]:
        """Where the run could go back to, ascending."""
        return tuple(checkpoint.step for checkpoint in self._kept)

    def due(self, step: int, loss: float) -> bool:
        """Whether the network after ``step`` updates should be kept, given the loss at the step before."""
        if math.isnan(self.start_loss):
            self.start_loss = loss
        newest = self._kept[-1].step if self._kept else -1
        return step % self.stride == 0 and step > newest and loss <= TROUBLED_LOSS * self.start_loss

    def keep(self, checkpoint: Checkpoint) -> None:
        """Take in the newest; one with NaN or Inf is no place to go back to."""
        if not is_finite(checkpoint):
            return
        self._kept.append(checkpoint)
        most = min(MOST_CHECKPOINTS, max(1, MOST_BYTES // max(checkpoint.nbytes, 1)))
        while len(self._kept) > most:
            self.stride *= 2
            self._kept = [kept for kept in self._kept if kept.step % self.stride == 0]

    def before(self, step: int) -> Checkpoint | None:
        """The last one of before ``step``."""
        place = bisect_left(self.steps, step)
        return self._kept[place - 1] if place else None

    def go_back(self, step: int) -> None:
        """Forget what came after ``step``: the run takes another way from there."""
        self._kept = [kept for kept in self._kept if kept.step <= step]


def is_finite(checkpoint: Checkpoint) -> bool:
    """Whether all numbers of the network and of its optimiser are."""
    arrays = (checkpoint.parameters, checkpoint.states, *checkpoint.slots)
    return all(bool(np.isfinite(array).all()) for array in arrays)
