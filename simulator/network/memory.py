"""What a network would take, counted without taking it."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.experiment.experiment import Experiment
from simulator.layers.base import Shape
from simulator.network.network import Network, memory_refusal


@dataclass(frozen=True)
class Need:
    """Trained parameters of a network, and bytes of all that training it holds: buffers, parameters, optimiser."""

    parameters: int
    memory_bytes: int
    refusal: str
    """Why a network may not take so much, as it will be refused; ``""`` where it may."""


def need_of(experiment: Experiment, input_shape: Shape, outputs: int, batch: int) -> Need:
    """What the experiment needs; ExperimentError where its layers do not fit together."""
    counted = _Counted(experiment, input_shape, outputs, batch)
    held = (3 + experiment.optimizer.slots) * counted.parameter_count * counted.dtype.itemsize
    refusal = memory_refusal(counted.counted_bytes + counted.parameter_bytes)
    return Need(counted.parameter_count, counted.counted_bytes + held, refusal)


class _Counted(Network):
    """A network of stand-ins: every size, no memory."""

    def _check_memory(self) -> None:
        """Whatever it takes may be known."""

    def _bind(self, share: Network | None) -> None:
        """Stand-ins stay."""

    def _allocate(self, seed: int, inputs: int) -> None:
        """Counted already."""

    def _open_taps(self) -> None:
        """Nothing can be read."""
