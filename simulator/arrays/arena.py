"""One allocation for all buffers of a network, laid out so that alike layers lie at equal distances.

Equal layers ask for equal buffers in the same order, so the z of layer 2, 3, 4 … are evenly spaced in memory and can
be read as one array: measures then need one call for all of them. A counting arena tells the size beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from simulator.arrays.numeric import Array

_ALIGNMENT = 64
MakeZeros = Callable[[int | tuple[int, ...], "np.dtype[np.floating]"], Array]
"""What makes memory: of plain numbers, or of numbers that carry something along."""


class Arena:
    """Hands out zeroed arrays from one block of ``size`` entries; without a size it only counts."""

    def __init__(self, dtype: np.dtype[np.floating], size: int | None = None, zeros: MakeZeros = np.zeros) -> None:
        self.dtype = dtype
        self.used = 0
        self._memory = None if size is None else zeros(size, dtype)

    def zeros(self, *shape: int) -> Array:
        """A contiguous zeroed array; a read-only stand-in while counting."""
        size = math.prod(shape)
        start = self.used
        step = _ALIGNMENT // self.dtype.itemsize
        self.used += -(-size // step) * step
        if self._memory is None:
            return np.broadcast_to(self.dtype.type(0), shape)
        return self._memory[start : start + size].reshape(shape)

    def full(self, value: float, *shape: int) -> Array:
        """The same, filled with ``value``."""
        array = self.zeros(*shape)
        if self._memory is not None:
            array.fill(value)
        return array

    def signal(self, size: int, batch: int) -> Array:
        """A layer's output (size + 1, batch) with its last row of ones, the input of the next layer's biases."""
        array = self.zeros(size + 1, batch)
        if self._memory is not None:
            array[-1] = 1
        return array

    @property
    def nbytes(self) -> int:
        return self.used * self.dtype.itemsize


class Scratch:
    """Buffers that every layer may use within one call; those of one shape are one array.

    While ``counting`` they are stand-ins that take no memory.
    """

    def __init__(self, dtype: np.dtype[np.floating], counting: bool = False, zeros: MakeZeros = np.zeros) -> None:
        self.dtype, self.counting, self._zeros = dtype, counting, zeros
        self._arrays: dict[tuple[int, ...], Array] = {}

    def array(self, *shape: int) -> Array:
        """The array for this shape; it holds what its last user left."""
        if shape not in self._arrays:
            zero = np.broadcast_to(self.dtype.type(0), shape)
            self._arrays[shape] = zero if self.counting else self._zeros(shape, self.dtype)
        return self._arrays[shape]

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self._arrays.values())
