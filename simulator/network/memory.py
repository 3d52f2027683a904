"""What a network would take, counted without taking it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from simulator.experiment.experiment import Experiment
from simulator.experiment.shapes import inner_field, inner_layers
from simulator.layers.base import Layer, Module, Shape
from simulator.network.network import Network, memory_refusal
from simulator.network.threads import blas_threads
from simulator.schema.plain import FieldPath


class Need(Struct, frozen=True):
    """Trained parameters of a network, and bytes of all that training it holds: buffers, parameters, optimiser."""

    parameters: int
    memory_bytes: int
    refusal: str
    """Why a network may not take so much, as it will be refused; ``""`` where it may."""
    threads: int
    """Of its matrix products, where nobody has said how many."""
    by_place: Mapping[FieldPath, int]
    """Trained parameters of each entry of the stack with all that is inside it and all that it stands for, by its path
    (``("layers", 2, "layers", 0)``), and of the output layer."""


def need_of(experiment: Experiment, input_shape: Shape, outputs: int, batch: int) -> Need:
    """What the experiment needs; ExperimentError where its layers do not fit together."""
    counted = _Counted(experiment, input_shape, outputs, batch)
    held = (3 + experiment.optimizer.slots) * counted.parameter_count * counted.dtype.itemsize
    refusal = memory_refusal(counted.counted_bytes + counted.parameter_bytes)
    total = counted.counted_bytes + held
    return Need(counted.parameter_count, total, refusal, blas_threads(counted), _by_place(experiment, counted))


def _by_place(experiment: Experiment, network: Network) -> Mapping[FieldPath, int]:
    counts: Counter[FieldPath] = Counter()
    for module, (entry, layer) in zip(network.modules, experiment.expanded(), strict=True):
        _count_module(counts, ("layers", entry), layer, module)
    counts["output",] = sum(block.size for block in network.output.blocks())
    return counts


def _count_module(counts: Counter[FieldPath], place: FieldPath, layer: Layer, module: Module) -> None:
    counts[place] += sum(block.size for block in module.blocks())
    children, name = iter(module.children()), inner_field(type(layer))
    for entry, inner in enumerate(inner_layers(layer)):
        for _ in range(inner.repeat):
            _count_module(counts, (*place, str(name), entry), inner, next(children))


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
