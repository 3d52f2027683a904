"""The gradient of the weights that all time steps share: ∂C/∂W = Σ_t δ_t s_tᵀ, a piece of the steps at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

import numpy as np

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.layers.recurrent.cell import Cell, S
from simulator.layers.recurrent.segment import Segment

PIECE_BYTES = 384 * 1024
"""Of states and errors of successive steps, whose share of ∂W is made at once: it finds them in the cache."""
MOST_INPUTS_BY_STEP = 3
"""Up to so many times as many inputs as samples, a product per step costs less than bringing the errors together."""


class KernelGradient(Generic[S]):
    """Σ_t δ_t s_tᵀ (gates · units, inputs + 1) over the pieces that are added."""

    def __init__(self, cell: Cell[S], inputs: int, batch: int) -> None:
        self.cell, self.inputs, self.batch = cell, inputs, batch
        self.rows = (cell.gates + len(cell.deltas) - 1) * cell.units
        """Of all errors together."""

    def allocate(self, arena: Arena, most: int) -> None:
        """Make the buffers, for pieces of at most ``most`` steps."""
        outputs = self.cell.gates * self.cell.units
        self.total, self._product = (arena.zeros(outputs, self.inputs + 1) for _ in range(2))
        step = (self.inputs + 1 + self.rows) * self.batch
        self.piece = max(1, min(most, PIECE_BYTES // (step * self.total.dtype.itemsize)))
        """Steps whose share is made at once."""
        self._by_step = self.inputs + 1 <= MOST_INPUTS_BY_STEP * self.batch
        self._sources = arena.zeros(self.piece, self.batch, self.inputs + 1)
        self._products = arena.zeros(self.piece * self._by_step, *self.total.shape)
        self._ones = arena.full(1, 1, self.piece)
        self._together = arena.zeros(0 if self._by_step else self.rows * self.piece * self.batch)

    def begin(self) -> None:
        self.total.fill(0)

    def add(self, piece: Segment[S]) -> None:
        """Sources as columns: BLAS takes them faster so than as rows."""
        sources = self._sources[: piece.length]
        np.copyto(sources, piece["s"][:-1].transpose(0, 2, 1))
        deltas = [piece[name] for name in self.cell.deltas]
        if self._by_step:
            products = self._products[: piece.length]
            self.cell.outer(deltas, sources, products)
            ones, total = self._ones[:, : piece.length], self._product.reshape(1, -1)
            np.matmul(ones, products.reshape(piece.length, -1), out=total)
        else:
            self.cell.outer(self._side_by_side(deltas), sources.reshape(-1, self.inputs + 1), self._product)
        np.add(self.total, self._product, out=self.total)

    def _side_by_side(self, deltas: Sequence[Array]) -> list[Array]:
        """(rows, steps · samples) from (steps, rows, samples) each."""
        flat, start = [], 0
        for delta in deltas:
            steps, rows, samples = delta.shape
            together = self._together[start : start + delta.size]
            np.copyto(together.reshape(rows, steps, samples), delta.transpose(1, 0, 2))
            flat.append(together.reshape(rows, -1))
            start += delta.size
        return flat
