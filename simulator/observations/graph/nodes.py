"""The boxes of the computation graph: their arrays in the running network, and one norm of each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Array
from simulator.arrays.statistics import norm
from simulator.layers.affine import AffineModule
from simulator.layers.base import Module, Tap
from simulator.layers.output import OutputModule
from simulator.network.network import Network
from simulator.observations.base import AnalysisRow, CellValue, Observation
from simulator.schema.parameter import title_of
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training

BoxRole = Literal[
    "input", "weights", "norm", "slope", "activation", "tail", "layer", "delta", "weight_gradient", "bias_gradient"
]


class Box(Struct, frozen=True):
    """One box of the computation graph."""

    key: str
    """``role:depth``, depth counted from 0; the input's is -1."""
    layer: int
    """Row of the layer in the run's ``layers``; -1 for the input."""
    role: BoxRole
    title: str
    norm: float
    """Frobenius norm; of a signal the root of the mean square norm of a sample."""
    shape: tuple[int, int]
    """Signals units × observations, weights outputs × inputs."""

    @property
    def backward(self) -> bool:
        return self.role in ("delta", "weight_gradient", "bias_gradient")


class Graph(Struct, frozen=True):
    """The network as boxes, in depth order."""

    boxes: tuple[Box, ...]


SIGNALS = frozenset({"input", "norm", "slope", "activation", "tail", "layer", "delta"})
"""Roles whose arrays are (units, observations)."""


@dataclass(frozen=True)
class Node:
    """A box and what stands in it: signals (units, samples), weights outputs × inputs."""

    layer: int
    role: BoxRole
    title: str
    array: Array
    scale: float = 1.0
    """By what the array is to be multiplied: δ is stored per batch and told per sample."""
    place: int = 0
    """Depth of the module in the network; -1 for the input."""

    @property
    def key(self) -> str:
        return f"{self.role}:{self.place}"

    @property
    def matrix(self) -> Array:
        """The array in float64, as it is told."""
        flat = self.array.reshape(len(self.array), -1)
        matrix: Array = flat.astype(np.float64) * self.scale
        return matrix

    def box(self, batch: int) -> Box:
        share = self.scale / (math.sqrt(batch) if self.role in SIGNALS else 1.0)
        shape = self.array.reshape(len(self.array), -1).shape
        return Box(self.key, self.layer, self.role, self.title, float(norm(self.array)) * share, shape)


def nodes(network: Network) -> list[Node]:
    """Every box in depth order; the arrays are those of the step that the network has just evaluated."""
    placed = [Node(-1, "input", "X", network.input[:-1], place=-1)]
    batch, row = network.batch, 0
    for place, module in enumerate(network.modules):
        taps = module.taps()
        plain = len(taps) == 1 and taps[0].weights is not None and taps[0].slope is not None
        made = _plain(module, taps[0], row, batch) if plain else _composite(module, taps, row, batch)
        placed += [_at(node, place) for node in made]
        row += len(taps)
    (tap,) = network.output.taps()
    made = _plain(network.output, tap, row, batch)
    return placed + [_at(node, len(network.modules)) for node in made]


class GraphObservation(Observation[Graph], frozen=True, tag="graph"):
    """The norm in every box of the computation graph."""

    share = 0.05
    standard = True
    order = 4
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "graph.csv": ("step", "layer", "box", "title", "norm", "rows", "columns")
    }

    def observe(self, training: Training) -> Graph:
        network = training.network
        return Graph(tuple(node.box(network.batch) for node in nodes(network)))

    def rows(self, result: Graph, info: RunInfo) -> Iterator[AnalysisRow]:
        for box in result.boxes:
            label = info.layers[box.layer].label if box.layer >= 0 else "input"
            rows, columns = box.shape
            cells: dict[str, CellValue] = {"box": box.role, "title": box.title, "norm": box.norm}
            yield AnalysisRow("graph.csv", {"layer": label, **cells, "rows": rows, "columns": columns})


def _at(node: Node, place: int) -> Node:
    return Node(node.layer, node.role, node.title, node.array, node.scale, place)


def _plain(module: Module | OutputModule, tap: Tap, row: int, batch: int) -> Iterator[Node]:
    """A layer of one kernel: all of its factors."""
    output = tap.info.kind == "output"
    assert tap.weights is not None
    yield Node(row, "weights", "W", tap.weights.T)
    if isinstance(module, AffineModule) and module.before is not None and tap.z is not None:
        yield Node(row, "norm", "norm", tap.z)
    if tap.slope is not None and not output:
        yield Node(row, "slope", "S", tap.slope)
    yield Node(row, "activation", "Ŷ" if output else "A", tap.a)
    if isinstance(module, AffineModule) and module.tail:
        yield Node(row, "tail", "dropout" if module.dropout is not None else "norm", module.value)
    yield from _backward(tap, row, batch)


def _backward(tap: Tap, row: int, batch: int) -> Iterator[Node]:
    if tap.delta is not None:
        yield Node(row, "delta", "δ", tap.delta, float(batch))
    if tap.weight_gradient is not None:
        yield Node(row, "weight_gradient", "∂W", tap.weight_gradient.T)
    if tap.bias_gradient is not None:
        yield Node(row, "bias_gradient", "∂b", tap.bias_gradient[:, np.newaxis])


def _composite(module: Module, taps: list[Tap], row: int, batch: int) -> Iterator[Node]:
    """A layer that is more than one map: its answer, the error signal that reaches it, all its gradients as one row."""
    rows = [tap.info.label == module.info.label for tap in taps]
    own = rows.index(True) if True in rows else len(taps) - 1
    yield Node(row + own, "layer", title_of(type(module.spec)).lower(), taps[own].a)
    known = [taps[own].delta, *(tap.delta for tap in taps)]
    delta = next((array for array in known if array is not None), None)
    if delta is not None:
        yield Node(row + own, "delta", "δ", delta, float(batch))
    blocks = module.blocks()
    if blocks:
        whole = np.concatenate([block.gradient.ravel() for block in blocks])
        yield Node(row + own, "weight_gradient", "∂W, ∂b", whole[np.newaxis])
