"""The layer that turns an image or a sequence into a vector."""

import math
from typing import ClassVar

from simulator.arrays.numeric import Array
from simulator.layers.base import BuildContext, Layer, Module, Shape, Tap, read_only


class Flatten(Layer, frozen=True, kw_only=True, tag="flatten"):
    """Forgets where the numbers of a sample lay: an image or a sequence becomes a vector; nothing is computed.

    A dense layer does the same with its input by itself.
    """

    structured: ClassVar[bool] = True

    def build(self, place: tuple[int, ...], input_shape: Shape) -> "FlattenModule":
        return FlattenModule(self, (math.prod(input_shape),))


class FlattenModule(Module):
    """A flattening at work: the signal is the same memory."""

    def __init__(self, spec: Flatten, output_shape: Shape) -> None:
        self.spec = spec
        self.output_shape = output_shape

    def allocate(self, context: BuildContext) -> None:
        # A tap reads the same array at every step, but whose it is shows in the first forward only.
        self.out = context.arena.signal(self.output_size, context.batch)

    def forward(self, x: Array, training: bool) -> Array:
        self.out[:-1] = x[:-1]
        return self.out

    def backward(self, gradient: Array) -> Array | None:
        return gradient

    def update_spec(self, spec: Layer) -> None:
        self.spec = spec

    def taps(self) -> list[Tap]:
        return [Tap(info=self.info, a=read_only(self.out[:-1]))]
