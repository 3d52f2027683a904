"""What a network would take, counted without taking it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arena import Arena, Scratch
from simulator.experiment import Experiment
from simulator.layers.base import Block, Shape
from simulator.network import Network, lack_of
from simulator.numeric import Array


@dataclass(frozen=True)
class Need:
    """Trained parameters of a network, and bytes of all that training it holds: buffers, parameters, optimiser."""

    parameters: int
    memory_bytes: int

    @property
    def lack(self) -> str:
        """Why a network may not take so much; ``""`` where it may."""
        return lack_of(self.memory_bytes)


def need_of(experiment: Experiment, input_shape: Shape, outputs: int, batch: int) -> Need:
    """What the experiment needs; ExperimentError where its layers do not fit together."""
    counted = _Counted(experiment, input_shape, outputs, batch)
    vectors = 3 + experiment.optimizer.slots
    return Need(counted.size, counted.buffers + vectors * counted.size * counted.dtype.itemsize)


class _CountingScratch(Scratch):
    """Stand-ins that take no memory."""

    def array(self, *shape: int) -> Array:
        if shape not in self._arrays:
            self._arrays[shape] = np.broadcast_to(self.dtype.type(0), shape)
        return self._arrays[shape]


class _Counted(Network):
    """A network of stand-ins: every size, no memory."""

    def _bind(self, share: Network | None) -> None:
        blocks = self._blocks()
        self.size = sum(block.size for block in blocks)
        for block in (*blocks, *self._states()):
            self._stand_in(block)

    def _stand_in(self, block: Block) -> None:
        block.value = block.gradient = block.update = np.broadcast_to(self.dtype.type(0), block.shape)

    def _allocate(self, seed: int, inputs: int) -> None:
        count, scratch = Arena(self.dtype), _CountingScratch(self.dtype)
        self._place(count, scratch, seed, inputs)
        self.buffers = count.nbytes + scratch.nbytes

    def _open_taps(self) -> None:
        """Nothing can be read."""
