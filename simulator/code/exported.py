"""What a script is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.code.pieces import Piece, Tensor
from simulator.code.preprocessing import Preprocessing
from simulator.code.rounding import Rounding
from simulator.experiment.experiment import Experiment
from simulator.layers.base import Shape


@dataclass(frozen=True)
class ExportedNetwork:
    """A network between two steps, as it is written."""

    experiment: Experiment
    title: str
    step: int
    updates: int
    """Those that the optimiser has made: its state is taken along if there are any."""
    input_shape: Shape
    layers: Sequence[Sequence[Piece]]
    """Of each layer the modules that it is, the output's last."""
    tensors: Mapping[str, Tensor]
    """Its arrays by the names that they have in the files."""
    preprocessing: Preprocessing
    rounding: Rounding

    @property
    def code(self) -> str:
        """All expressions."""
        return " ".join(piece.code for pieces in self.layers for piece in pieces)
