"""All parameters of a network side by side, as an optimiser sees them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.arrays.arena import MakeZeros
from simulator.arrays.numeric import Array
from simulator.layers.base import Block
from simulator.system.progress import followed


class Parameters:
    """All blocks of a network over three flat vectors: value, gradient and update."""

    def __init__(self, blocks: Sequence[Block], dtype: np.dtype[np.floating], zeros: MakeZeros = np.zeros) -> None:
        self.size = sum(block.size for block in blocks)
        # At equal distances: what is measured of all three is read as one array.
        vectors = zeros((3, self.size), dtype)
        self.gradient: Array = vectors[0]
        self.update: Array = vectors[1]
        self.value: Array = vectors[2]
        self.weight_ranges: list[tuple[int, int]] = []
        offset = 0
        for block in followed(blocks, "Making room for the parameters", ""):
            if block.weights:
                self.weight_ranges.append((offset, offset + block.weights))
            self.value[offset : offset + block.size] = block.start
            offset += block.size
        self.bind(blocks)

    def range_of(self, block: Block) -> tuple[int, int]:
        """Where a block begins and ends in these vectors."""
        start = (block.value.ctypes.data - self.value.ctypes.data) // self.value.itemsize
        return start, start + block.size

    def bind(self, blocks: Sequence[Block]) -> None:
        """Make the blocks views of these vectors; a twin network binds to the same ones."""
        offset = 0
        for block in blocks:
            here = slice(offset, offset + block.size)
            block.value = self.value[here].reshape(block.shape)
            block.gradient = self.gradient[here].reshape(block.shape)
            block.update = self.update[here].reshape(block.shape)
            offset += block.size

    def part(self, vector: Array, block: Block) -> Array:
        """The view of a vector laid out as these that belongs to ``block``."""
        start, stop = self.range_of(block)
        return vector[start:stop].reshape(block.shape)
