"""A layer with one weight for each unit."""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.base import Block, BuildContext, Layer, Module, Shape, Tap, read_only


class Gain(Layer, frozen=True, kw_only=True, tag="gain"):
    """Multiplies every unit by a learnt gain that starts at 1."""

    def build(self, place: tuple[int, ...], input_shape: Shape) -> GainModule:
        return GainModule(self, input_shape)


class GainModule(Module):
    """a = g x, ∂g = Σ x ∂a, ∂x = g ∂a."""

    def __init__(self, spec: Gain, shape: Shape) -> None:
        self.spec, self.output_shape = spec, shape
        self.gain = Block("gain", (self.output_size, 1), start=1.0)

    def blocks(self) -> list[Block]:
        return [self.gain]

    def allocate(self, context: BuildContext) -> None:
        self.out = context.arena.signal(self.output_size, context.batch)
        self.back = context.scratch.array(self.output_size, context.batch)

    def initialise(self, seed: int, x: Array) -> None:
        self.gain.value.fill(1)

    def forward(self, x: Array, training: bool) -> Array:
        self.x = x
        np.multiply(x[:-1], self.gain.value, out=self.out[:-1])
        return self.out

    def backward(self, gradient: Array) -> Array | None:
        np.sum(self.x[:-1] * gradient, axis=1, keepdims=True, out=self.gain.gradient)
        np.multiply(gradient, self.gain.value, out=self.back)
        self.mark("weights", self.back)
        return self.back

    def update_spec(self, spec: Layer) -> None:
        self.spec = spec

    def taps(self) -> list[Tap]:
        return [Tap(info=self.info, a=read_only(self.out[:-1]))]
