"""Layers chained over one flat parameter vector, forward and backward, with taps for the measures."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from simulator.arrays.arena import Arena, Scratch
from simulator.arrays.numeric import Array
from simulator.arrays.statistics import norm
from simulator.arrays.trace import Trace
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.layers.base import Block, BuildContext, Module, Repair, Shape, ShapeError, Tap
from simulator.layers.info import LayerInfo, inner_number
from simulator.layers.output import OutputModule
from simulator.layers.parameters import Parameters
from simulator.layers.sequence_output import EachStepOutputModule
from simulator.network.stack import Roles
from simulator.schema.numbers import decimal, number
from simulator.schema.parameter import title_of
from simulator.system.machine import GIB, shortage
from simulator.system.progress import Reporting, followed

VECTORS_HELD, HELD_PER_SLOT = 5, 3
"""As long as the parameters: values, gradients, updates, and two copies of the values to go back to and to have scored;
and for each slot of the optimiser that, a copy to go back to, and one while a step is only looked at."""
MEMORY_LIMIT = 8 * GIB
"""Bytes that a network may take; more is refused before it is spent."""


class Network(Reporting):
    """The running network of an experiment for one batch size.

    ``share`` gives a twin with its own buffers over the same parameters and running averages, for evaluation at
    another batch size while the taps keep the training step.
    """

    numbers: ClassVar[int] = 1
    """How many plain numbers an entry of its memory takes."""

    def __init__(
        self, experiment: Experiment, input_shape: Shape, outputs: int, batch: int, share: Network | None = None
    ) -> None:
        self.batch = batch
        self.dtype: np.dtype[np.floating] = np.dtype(experiment.precision)
        self.parameters: Parameters
        self.states: Parameters
        self.modules: list[Module] = []
        self._answers: dict[int, Array] = {}
        """What each of them has answered with while weights were drawn: where the signal of the next stands."""
        self.trace = Trace(norm)
        shape = input_shape
        for depth, (entry, layer) in enumerate(
            followed(tuple(experiment.expanded()), "Building the network", "layers")
        ):
            try:
                module = layer.build((depth,), shape)
            except ShapeError as error:
                named = error.within(depth + 1, title_of(type(layer)), f"layers[{entry}]")
                raise ExperimentError(str(named), named.path, named.repair, str(named)) from None
            _inform(module, str(depth + 1), entry, self.trace)
            self.modules.append(module)
            shape = module.output_shape
        self.output = self._output(experiment, shape, outputs)
        inputs = math.prod(input_shape)
        self._count(experiment.seed, inputs, 0 if share else VECTORS_HELD + HELD_PER_SLOT * experiment.optimizer.slots)
        self._check_memory()
        self._bind(share)
        self._allocate(experiment.seed, inputs)
        self._open_taps()
        self._resolvers = [resolver for module in self.modules for resolver in module.resolvers()]

    def zeros(self, shape: int | tuple[int, ...], dtype: np.dtype[np.floating]) -> Array:
        """What its memory is made of."""
        return np.zeros(shape, dtype)

    def _open_taps(self) -> None:
        self.taps: list[Tap] = [tap for module in self.modules for tap in module.taps()] + self.output.taps()
        self.roles = Roles(self.taps)

    def _output(self, experiment: Experiment, shape: Shape, units: int) -> OutputModule:
        depth = len(self.modules)
        output = _output_module(experiment, (depth,), shape, units)
        output.trace = self.trace
        activation = output.loss.activation
        output.info = LayerInfo(
            label=str(depth + 1),
            name="output",
            kind="output",
            activation="softmax" if activation is None else activation.kind,
            units=units,
            entry=-1,
        )
        return output

    def blocks(self) -> list[Block]:
        """The parameters of all layers, in the order of the flat vector."""
        return [block for module in self.modules for block in module.blocks()] + self.output.blocks()

    def frozen_ranges(self) -> list[tuple[int, int]]:
        """Where in the flat vector stands what is not to be updated, ascending."""
        frozen = [block for module in self.modules for block in module.frozen_blocks()] + self.output.frozen_blocks()
        return sorted(self.parameters.range_of(block) for block in frozen)

    def _states(self) -> list[Block]:
        return [block for module in self.modules for block in module.states()]

    def _count(self, seed: int, inputs: int, vectors: int) -> None:
        """What all will take, with stand-ins for blocks and buffers, and so many vectors as long as its parameters."""
        blocks = self.blocks()
        for block in (*blocks, *self._states()):
            block.stand_in(self.dtype)
        arena, scratch = Arena(self.dtype), Scratch(self.dtype, counting=True)
        self._place(arena, scratch, seed, inputs)
        self._entries = arena.used
        self.counted_bytes = (arena.nbytes + scratch.nbytes) * self.numbers
        self.parameter_count = sum(block.size for block in blocks)
        self.parameter_bytes = self.parameter_count * self.numbers * self.dtype.itemsize * vectors

    def _check_memory(self) -> None:
        if refusal := memory_refusal(self.counted_bytes + self.parameter_bytes):
            raise ExperimentError(refusal)

    def _bind(self, share: Network | None) -> None:
        blocks, states = self.blocks(), self._states()
        if share is not None:
            self.parameters, self.states = share.parameters, share.states
            self.parameters.bind(blocks)
            self.states.bind(states)
            return
        self.parameters = Parameters(blocks, self.dtype, self.zeros)
        self.states = Parameters(states, self.dtype, self.zeros)

    def _allocate(self, seed: int, inputs: int) -> None:
        self._arena = Arena(self.dtype, self._entries, self.zeros)
        self._scratch = Scratch(self.dtype, zeros=self.zeros)
        self._place(self._arena, self._scratch, seed, inputs)

    @property
    def buffer_bytes(self) -> int:
        return self._arena.nbytes + self._scratch.nbytes

    def _place(self, arena: Arena, scratch: Scratch, seed: int, inputs: int) -> None:
        self.input = arena.signal(inputs, self.batch)
        for depth, module in enumerate(self.modules):
            module.allocate(
                BuildContext(self.batch, arena, scratch, seed, needs_input_gradient=depth > 0, chain=self.modules)
            )
        self.output.allocate(BuildContext(self.batch, arena, scratch, seed, needs_input_gradient=bool(self.modules)))

    def clear(self) -> None:
        """Parameters and running averages as they are before the first weight is drawn."""
        for block in (*self.blocks(), *self._states()):
            block.value[...] = block.start

    def initialise(self, seed: int) -> None:
        """Draw all parameters, in depth order; the first batch stands in ``input``."""
        x = self.input
        for depth, module in enumerate(followed(self.modules, "Drawing the weights", "layers")):
            module.initialise(seed, x)
            x = self._answers[depth] = module.forward(x, training=True)
        self.output.initialise(seed, x)

    def initialise_again(self, seed: int) -> None:
        """Draw them anew where no weights are scaled by the signal: it is not followed through the layers."""
        x = self.input
        for depth, module in enumerate(followed(self.modules, "Drawing the weights", "layers")):
            module.initialise(seed, x)
            x = self._answers[depth]
        self.output.initialise(seed, x)

    def forward(self, training: bool = True) -> Array:
        """The network's answer (outputs, samples) to what stands in ``input``."""
        x = self.input
        for module in self._followed(self.modules, "The first pass forward", "layers"):
            x = module.forward(x, training)
        return self.output.forward(x)

    def backward(self, y: Array) -> None:
        """Set every gradient of the mean loss over the batch, given the targets ``y``."""
        gradient = self.output.backward(y)
        for module in self._followed(self.modules[::-1], "The first pass back", "layers"):
            assert gradient is not None
            gradient = module.backward(gradient)

    def resolve_update(self) -> None:
        """The update is proposed: bring the taps up to it."""
        for resolver in self._resolvers:
            resolver()

    def commit(self) -> None:
        for module in self.modules:
            module.commit()

    def update_spec(self, experiment: Experiment) -> None:
        """Take over an experiment that differs in live parameters only."""
        self.take_spec(experiment)
        # A tap knows its activation, whose numbers may have changed.
        self._open_taps()

    def take_spec(self, experiment: Experiment) -> None:
        """Take over an experiment that differs in what no tap knows."""
        for module, (_, layer) in zip(self.modules, experiment.expanded(), strict=True):
            module.update_spec(layer)
        self.output.spec = experiment.output

    @property
    def infos(self) -> tuple[LayerInfo, ...]:
        return tuple(tap.info for tap in self.taps)


def _output_module(experiment: Experiment, place: tuple[int, ...], shape: Shape, units: int) -> OutputModule:
    spec, loss, answers = experiment.output, experiment.objective, experiment.data.answers
    if not answers:
        return OutputModule(spec, loss, place, math.prod(shape), units)
    try:
        return EachStepOutputModule(spec, loss, place, shape, units, answers)
    except ShapeError as error:
        # Without layers the data's own sequence comes here, which is long enough.
        last = experiment.layers[-1]
        repair = Repair("give every state", {"output": "all"}) if hasattr(last, "output") else None
        where = f"layers[{len(experiment.layers) - 1}]"
        named = str(error.within(place[0], title_of(type(last)), ""))
        raise ExperimentError(named, where, repair, named) from None


def _inform(module: Module, label: str, entry: int, trace: Trace) -> None:
    """Tell a module and its children what they are called and where they mark what they do to the gradient."""
    module.trace = trace
    module.info = LayerInfo(
        label=label,
        name=f"{title_of(type(module.spec))} {label}",
        kind=module.spec.kind,
        activation=module.activation_kind,
        units=module.units,
        entry=entry,
    )
    children = module.children()
    for inner, child in enumerate(children, 1):
        _inform(child, f"{label}.{inner_number(inner, len(children))}", entry, trace)


def memory_refusal(amount: int) -> str:
    """Why a network may not take ``amount`` bytes; ``""`` where it may."""
    lack = f"the limit is {number(MEMORY_LIMIT / GIB)} GiB" if amount > MEMORY_LIMIT else shortage(amount)
    return lack and f"the network would need {decimal(amount / GIB, 1)} GiB of memory; {lack}"
