"""A float64 copy of the network on the present batch, dropout masks included, for analyses that try things out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.arrays.arena import Arena, Scratch
from simulator.arrays.dual import zeros
from simulator.arrays.numeric import Array, Floats
from simulator.layers.base import BuildContext
from simulator.network.network import Network

if TYPE_CHECKING:
    from simulator.training.training import Training


class _OpenNetwork(Network):
    """A network whose backward pass goes on to its input."""

    def _place(self, arena: Arena, scratch: Scratch, seed: int, inputs: int) -> None:
        self.input = arena.signal(inputs, self.batch)
        context = BuildContext(self.batch, arena, scratch, seed, needs_input_gradient=True, chain=self.modules)
        for module in self.modules:
            module.allocate(context)
        self.output.allocate(context)


class DualNetwork(Network):
    """A network of dual numbers, whose passes give values and derivatives in one; it has no taps."""

    numbers = 2

    def zeros(self, shape: int | tuple[int, ...], dtype: np.dtype[np.floating]) -> Array:
        return zeros(shape, dtype)

    def _open_taps(self) -> None:
        self.taps = []


class Twin:
    """The same parameters, averages, masks and batch in buffers of its own: nothing done here reaches the training."""

    def __init__(self, training: Training, kind: type[Network] = _OpenNetwork) -> None:
        source = training.network
        experiment = training.experiment.varied([("precision", "float64")])
        self.batch = source.batch
        self.network = kind(experiment, training.data.input_shape, training.data.outputs, self.batch)
        self.y: Array = training.y.astype(np.float64)
        np.copyto(self.network.input, source.input)
        np.copyto(self.network.parameters.value, source.parameters.value)
        np.copyto(self.network.states.value, source.states.value)
        for mine, its in zip(self.network.modules, source.modules, strict=True):
            mine.load_state(its.state())

    @property
    def value(self) -> Array:
        """The flat parameters, to be moved at will."""
        return self.network.parameters.value

    def gradient(self) -> Floats:
        """∂C/∂parameters of the batch's mean loss where the parameters stand now; overwritten by the next."""
        self.network.forward(training=True)
        self.network.backward(self.y)
        gradient: Floats = self.network.parameters.gradient
        return gradient

    @property
    def output_delta(self) -> Array:
        """(units, answers, samples): ∂C/∂z of the output; one answer but for sequences that are asked at each step."""
        delta = self.network.output.delta
        return delta.reshape(-1, delta.shape[1] // self.batch, self.batch)

    def pull_back(self) -> Array:
        """∂(what ``output_delta`` is the gradient of)/∂input, (inputs, samples), after a forward pass.

        Sets the parameters' gradient likewise.
        """
        gradient = self.network.output.pull_back()
        for module in reversed(self.network.modules):
            assert gradient is not None
            gradient = module.backward(gradient)
        assert gradient is not None
        return gradient
