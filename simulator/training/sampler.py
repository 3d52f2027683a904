"""The order in which samples come: endless epochs, each shuffled anew."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Stream, stream

Indices = NDArray[np.int64]


class Sampler:
    """Batches from an endless chain of shuffled epochs: every sample once per epoch, every batch full."""

    def __init__(self, samples: int, batch: int, seed: int) -> None:
        self.samples, self.batch = samples, batch
        self.rng = stream(seed, Stream.SHUFFLE)
        self.order: Indices = np.empty(0, np.int64)
        """The samples that still come of the epochs that have been shuffled."""

    def next(self) -> Indices:
        """The samples of the next batch, (batch,)."""
        while self.order.size < self.batch:
            self.order = np.concatenate([self.order, self.rng.permutation(self.samples)])
        batch, self.order = self.order[: self.batch], self.order[self.batch :]
        return batch

    def state(self) -> tuple[dict[str, Any], Indices]:
        """State of its generator, and the samples still to come."""
        return dict(self.rng.bit_generator.state), self.order.copy()

    def load_state(self, generator: dict[str, Any], order: Indices) -> None:
        self.rng.bit_generator.state, self.order = generator, order
