"""The libraries that a network can be written for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from simulator.code.exported import Exported
from simulator.code.keras import layers as keras_layers
from simulator.code.keras import script as keras_script
from simulator.code.keras import updates as keras_updates
from simulator.code.pieces import Mask, Piece, Tensor
from simulator.code.pytorch import layers as torch_layers
from simulator.code.pytorch import script as torch_script
from simulator.code.pytorch import updates as torch_updates
from simulator.layers.base import Shape
from simulator.network.network import Network
from simulator.parts.optimizers import Optimizer

Pieces = Sequence[Sequence[Piece]]


@dataclass(frozen=True)
class Library:
    """How a network is written for one of them."""

    title: str
    by_layer: Callable[[Network, Shape], Pieces]
    """Of each layer the modules that it is, given the shape of one sample."""
    arrays: Callable[[Pieces], dict[str, Tensor]]
    masks: Callable[[Pieces], dict[str, Mask]]
    """By the names that they have in the files."""
    state: Callable[[Optimizer], tuple[tuple[str, float], ...]]
    """Of each state vector of an optimiser its name, and what it is multiplied by there."""
    script: Callable[[Exported], str]
    most_lines: int


def _numbered(pieces: Pieces) -> dict[str, Tensor]:
    """In the order in which Keras lists them, which knows no other lasting names."""
    tensors = keras_layers.in_a_row([list(each) for each in pieces]).all_tensors()
    return {f"{place:03d}.{name.rpartition('.')[2]}": tensor for place, (name, tensor) in enumerate(tensors)}


def _numbered_masks(pieces: Pieces) -> dict[str, Mask]:
    masks = keras_layers.in_a_row([list(each) for each in pieces]).all_masks()
    return {f"{place:03d}": mask for place, (_, mask) in enumerate(masks)}


LIBRARIES: Mapping[str, Library] = {
    "pytorch": Library(
        "PyTorch",
        torch_layers.by_layer,
        lambda pieces: dict(torch_layers.in_a_row([list(each) for each in pieces]).all_tensors()),
        lambda pieces: dict(torch_layers.in_a_row([list(each) for each in pieces]).all_masks()),
        lambda spec: torch_updates.rule(spec).state,
        torch_script.script,
        torch_script.MOST_LINES,
    ),
    "keras": Library(
        "Keras",
        keras_layers.by_layer,
        _numbered,
        _numbered_masks,
        lambda spec: keras_updates.rule(spec).state,
        keras_script.script,
        keras_script.MOST_LINES,
    ),
}
