"""The libraries that a network can be written for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from simulator.code.keras.script import KerasScript
from simulator.code.keras.updates import keras_optimizer
from simulator.code.keras.words import KerasWords
from simulator.code.layers import Layers
from simulator.code.pieces import DropoutMask, Piece, Tensor
from simulator.code.pytorch.script import TorchScript
from simulator.code.pytorch.updates import torch_optimizer
from simulator.code.pytorch.words import TorchWords
from simulator.code.script import Script
from simulator.parts.optimizers import Optimizer

Pieces = Sequence[Sequence[Piece]]


@dataclass(frozen=True)
class Library:
    """How a network is written for one of them."""

    layers: Layers
    script: type[Script]
    state: Callable[[Optimizer], tuple[tuple[str, float], ...]]
    """Of each state vector of an optimiser its name, and what it is multiplied by there."""
    numbered: bool
    """Whether arrays have no lasting names but their places."""

    def arrays(self, pieces: Pieces) -> dict[str, Tensor]:
        """By the names that they have in the files."""
        tensors = self.layers.in_a_row(pieces).all_tensors()
        if not self.numbered:
            return dict(tensors)
        return {f"{place:03d}.{name.rpartition('.')[2]}": tensor for place, (name, tensor) in enumerate(tensors)}

    def masks(self, pieces: Pieces) -> dict[str, DropoutMask]:
        """By the names that they have in the files."""
        masks = self.layers.in_a_row(pieces).all_masks()
        return {f"{place:03d}" if self.numbered else name: mask for place, (name, mask) in enumerate(masks)}


LIBRARIES: Mapping[str, Library] = {
    "pytorch": Library(Layers(TorchWords()), TorchScript, lambda spec: torch_optimizer(spec).state, numbered=False),
    "keras": Library(Layers(KerasWords()), KerasScript, lambda spec: keras_optimizer(spec).state, numbered=True),
}
