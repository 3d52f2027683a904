"""What a network is written as: expressions of another library, each with the arrays that it holds.

An array of the other library is a view of one of the bench's blocks, so parameters, gradients and what the optimiser
keeps of them are all read by the same :class:`Tensor`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.base import Block, Shape
from simulator.layers.dropout import DropoutStage


@dataclass(frozen=True)
class Tensor:
    """An array of the other library."""

    name: str
    block: Block
    read: Callable[[Array], Array]
    """From an array laid out as the block to the library's own layout."""
    signs: Array | None = None
    """−1 where the library's array is the bench's negated, to be broadcast; None where it nowhere is."""
    frozen: bool = False
    state: bool = False
    """Whether it is a running average, which is not trained."""
    count: bool = False
    """Whether it is the number of steps that such averages are of."""

    def value(self, array: Array) -> Array:
        """Its entries of a parameter, a gradient or a mean gradient, which is laid out as the block."""
        read = self.read(array)
        return np.array(read if self.signs is None else read * self.signs, order="C")

    def square(self, array: Array) -> Array:
        """Its entries of a mean squared gradient."""
        return np.array(self.read(array), order="C")


@dataclass(frozen=True)
class DropoutMask:
    """Where a dropout draws which entries are off."""

    stage: DropoutStage
    shape: Shape
    """Of one sample, as the library has it, channels last or first: what :meth:`dropped` gives."""
    channels_last: bool = False

    def kept(self) -> Array:
        """(samples, …): 1 where the last forward pass let an entry be, else 0."""
        samples = self.stage.mask.size // int(np.prod(self.shape))
        kept = np.moveaxis((self.stage.mask != 0).reshape(*self.shape, samples), -1, 0)
        return np.ascontiguousarray(np.moveaxis(kept, 1, -1) if self.channels_last else kept).astype(np.uint8)


@dataclass(frozen=True)
class Piece:
    """An expression that makes a part of the network."""

    code: str
    tensors: tuple[Tensor, ...] = ()
    inner: tuple[tuple[str, Piece], ...] = ()
    """Parts of it by their names."""
    mask: DropoutMask | None = None

    def frozen(self, code: str) -> Piece:
        """The same, of which nothing is updated, made by ``code``."""
        tensors = tuple(replace(each, frozen=True) for each in self.tensors)
        inner = tuple((name, piece.frozen(piece.code)) for name, piece in self.inner)
        return replace(self, code=code, tensors=tensors, inner=inner)

    def all_tensors(self, path: str = "") -> Iterator[tuple[str, Tensor]]:
        """(full name, array), inner parts included."""
        for tensor in self.tensors:
            yield f"{path}{tensor.name}", tensor
        for name, piece in self.inner:
            yield from piece.all_tensors(f"{path}{name}.")

    def all_masks(self, path: str = "") -> Iterator[tuple[str, DropoutMask]]:
        """(full name, dropout)"""
        if self.mask is not None:
            yield path.rstrip("."), self.mask
        for name, piece in self.inner:
            yield from piece.all_masks(f"{path}{name}.")
