"""All that a run needs to go on exactly where it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment
from simulator.training.nonfinite import FINITE, Known


@dataclass(frozen=True)
class Checkpoint:
    """A run between two steps; going on from it gives the same numbers as never having stopped."""

    experiment: Experiment
    step: int
    updates: int
    """Updates since the optimiser took over."""
    parameters: Array
    states: Array
    slots: tuple[Array, ...]
    sampler: tuple[dict[str, Any], Array, Array]
    """State of its generator, the samples still to come, and the present batch."""
    module_states: tuple[Any, ...]
    """What layers remember besides: the present draws of dropout and its generators."""
    known: Known = FINITE
    """Where NaN and Inf came in, before this step."""

    @property
    def nbytes(self) -> int:
        """What parameters, running averages and the optimiser's state take."""
        return sum(array.nbytes for array in (self.parameters, self.states, *self.slots))
