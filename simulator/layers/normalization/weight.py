"""Weight norm: the length of a unit's weights apart from their direction."""

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.base import Affine, Block, BuildContext
from simulator.layers.normalization.base import Normalization
from simulator.parts.initializers import Initializer


class WeightNorm(Normalization, frozen=True, tag="weight"):
    """Writes the weights of each unit as a length g times a direction: W = g v/‖v‖, and learns g and v.

    At first v is what the initialiser drew and g = ‖v‖, so that W is the draw itself. With D = v/‖v‖, per unit: ∂g = Σ
    ∂W D, ∂v = g/‖v‖ (∂W − ∂g D). Plots and tables show W, ∂W and the change of W that the updates of v and g make. L1
    and L2 act on v, and W depends on v by its direction only: so L2 shrinks v, which raises its effective rate, but W
    does not decay, since its length is g. AdamW's decay acts on g too, so there W does decay. A unit whose v is 0 has
    no direction: its W is 0 and it does not learn.

    Salimans and Kingma 2016, Weight normalization, arXiv:1602.07868.
    """

    label: ClassVar[str] = "weight norm"
    formula: ClassVar[str] = r"$$W=g\,\frac{v}{\|v\|}$$"

    def affine(self, name: str, inputs: int, outputs: int) -> Affine:
        return DirectedAffine(name, inputs, outputs)


class DirectedAffine(Affine):
    """u = W x + b with W = g v/‖v‖: v and b in one block, g in another.

    W itself is a buffer, made anew by each forward pass; its gradient and its update are buffers too.
    """

    def __init__(self, name: str, inputs: int, outputs: int) -> None:
        super().__init__(name, inputs, outputs)
        self.gain = Block("gain", (1, outputs))

    def blocks(self) -> list[Block]:
        return [self.block, self.gain]

    @property
    def kernel(self) -> Array:
        return self._kernel

    @property
    def kernel_gradient(self) -> Array:
        return self._gradient

    @property
    def kernel_update(self) -> Array:
        return self._update

    def allocate(self, context: BuildContext) -> None:
        super().allocate(context)
        shape = self.block.shape
        self._kernel, self._gradient, self._update = (context.arena.zeros(*shape) for _ in range(3))
        self.direction, self.scratch = (context.arena.zeros(self.inputs, self.outputs) for _ in range(2))
        self.length, self.inverse = context.arena.zeros(1, self.outputs), context.arena.zeros(1, self.outputs)

    def initialise(self, weights: Initializer, biases: Initializer, seed: int, place: tuple[int, ...]) -> None:
        super().initialise(weights, biases, seed, place)
        self._measure_length()
        np.copyto(self.gain.value, self.length)

    def rescale(self, factor: float) -> None:
        super().rescale(factor)
        self.gain.value[...] *= factor

    def _measure_length(self) -> None:
        """‖v‖ of each unit, and 1/‖v‖ or 0."""
        v = self.block.value[:-1]
        np.multiply(v, v, out=self.scratch)
        np.sum(self.scratch, axis=0, keepdims=True, out=self.length)
        np.sqrt(self.length, out=self.length)
        self.inverse.fill(0)
        np.reciprocal(self.length, out=self.inverse, where=self.length != 0)

    def forward(self, x: Array, out: Array) -> None:
        self._measure_length()
        np.multiply(self.block.value[:-1], self.inverse, out=self.direction)
        np.multiply(self.direction, self.gain.value, out=self._kernel[:-1])
        np.copyto(self._kernel[-1], self.block.value[-1])
        super().forward(x, out)

    def backward(self, x: Array, gradient: Array) -> Array | None:
        back = super().backward(x, gradient)
        inner = self._gradient[:-1]
        np.multiply(inner, self.direction, out=self.scratch)
        np.sum(self.scratch, axis=0, keepdims=True, out=self.gain.gradient)
        np.multiply(self.direction, self.gain.gradient, out=self.scratch)
        np.subtract(inner, self.scratch, out=self.scratch)
        np.multiply(self.scratch, self.gain.value * self.inverse, out=self.block.gradient[:-1])
        np.copyto(self.block.gradient[-1], self._gradient[-1])
        return back

    def resolvers(self) -> list[Callable[[], None]]:
        return [self._resolve_update]

    def _resolve_update(self) -> None:
        """ΔW = s'(v+Δv) − s v with s = g/‖v‖, written so that a tiny change is not lost in the difference."""
        v, change = self.block.value[:-1], self.block.update[:-1]
        np.add(v, v, out=self.scratch)
        np.add(self.scratch, change, out=self.scratch)
        np.multiply(self.scratch, change, out=self.scratch)
        square = self.scratch.sum(axis=0, keepdims=True)
        later = np.sqrt(np.maximum(self.length * self.length + square, 0))
        growth = square / (later + self.length)
        pull = (self.gain.update * self.length - self.gain.value * growth) / (self.length * later)
        push = (self.gain.value + self.gain.update) / later
        still = self.inverse == 0
        pull[still] = push[still] = 0
        np.multiply(v, pull, out=self._update[:-1])
        np.multiply(change, push, out=self.scratch)
        np.add(self._update[:-1], self.scratch, out=self._update[:-1])
        np.copyto(self._update[-1], self.block.update[-1])
