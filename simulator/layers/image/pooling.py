"""The pooling layer."""

from typing import Annotated, ClassVar, Literal

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.base import BuildContext, Layer, Module, Shape, Tap, read_only
from simulator.layers.image.windows import Windows, image_shape, windows
from simulator.schema.parameter import knob

PoolingMode = Literal["max", "average", "global"]


class Pooling(Layer, frozen=True, kw_only=True, tag="pooling"):
    """Makes each channel smaller: one number, the maximum or the mean, for each window; windows do not overlap.

    Rows and columns that fill no window are left out. ``global`` is the mean over the whole image, whatever ``size``.
    Backward: a maximum passes its gradient to the first of its largest entries, a mean 1/n of it to each of n.

    The mean over the whole image: Lin, Chen and Yan 2014, Network in network, arXiv:1312.4400.
    """

    formula: ClassVar[str] = r"$$a=\max_{window}x\quad\text{or}\quad a=\operatorname{mean}_{window}\,x$$"

    structured: ClassVar[bool] = True
    mode: Annotated[
        PoolingMode, knob("mode", "Max: the largest entry; average: the mean; global: the mean of the whole image.")
    ] = "max"
    size: Annotated[
        int, knob("size", "Height and width of a window, and the way to the next.", slider=(1, 8), ge=1, le=1024)
    ] = 2

    def build(self, place: tuple[int, ...], input_shape: Shape) -> Module:
        if self.mode == "global":
            return GlobalModule(self, image_shape(input_shape))
        grid = windows(input_shape, self.size, self.size, "valid", name="size")
        return MaxModule(self, grid) if self.mode == "max" else AverageModule(self, grid)


class PoolingModule(Module):
    """What pooling modules share: no parameters, and a signal between two shapes."""

    def __init__(self, spec: Pooling, input_shape: Shape, output_shape: Shape) -> None:
        self.spec, self.input_shape, self.output_shape = spec, input_shape, output_shape

    def allocate(self, context: BuildContext) -> None:
        self.out = context.arena.signal(self.output_size, context.batch)
        self.value = self.out[:-1].reshape(*self.output_shape, context.batch)
        self.needs_gradient = context.needs_input_gradient
        if context.needs_input_gradient:
            self.image_gradient = context.scratch.array(*self.input_shape, context.batch)

    def forward(self, x: Array, training: bool) -> Array:
        self.pool(x[:-1].reshape(*self.input_shape, -1))
        return self.out

    def pool(self, image: Array) -> None:
        """Set ``value`` from an image (channels, height, width, batch)."""
        raise NotImplementedError

    def spread(self, gradient: Array) -> None:
        """Set ``image_gradient`` from the gradient with respect to ``value``."""
        raise NotImplementedError

    def backward(self, gradient: Array) -> Array | None:
        if not self.needs_gradient:
            return None
        self.spread(gradient.reshape(self.value.shape))
        back = self.image_gradient.reshape(-1, gradient.shape[-1])
        self.mark("pooling", back)
        return back

    def update_spec(self, spec: Layer) -> None:
        self.spec = spec

    def taps(self) -> list[Tap]:
        """``a`` is (channels, positions · samples); ``maps`` (channels, height, width, samples)."""
        value = read_only(self.value)
        return [Tap(info=self.info, a=value.reshape(self.output_shape[0], -1), extras={"maps": value})]


class WindowModule(PoolingModule):
    """Pooling over windows side by side."""

    def __init__(self, spec: Pooling, grid: Windows) -> None:
        super().__init__(spec, grid.shape, (grid.channels, grid.rows.positions, grid.columns.positions))
        self.size = spec.size

    def entries(self, image: Array) -> list[Array]:
        """The i-th entry of every window as one array, for all i."""
        _, high, wide = self.output_shape
        whole = image[:, : high * self.size, : wide * self.size]
        return [whole[:, i :: self.size, j :: self.size] for i in range(self.size) for j in range(self.size)]

    def spread(self, gradient: Array) -> None:
        if self.image_gradient.size > gradient.size * self.size**2:
            self.image_gradient.fill(0)
        self.share(gradient, self.entries(self.image_gradient))

    def share(self, gradient: Array, out: list[Array]) -> None:
        """Give each entry of the windows its part of the gradient."""
        raise NotImplementedError


class MaxModule(WindowModule):
    """Max pooling at work."""

    def allocate(self, context: BuildContext) -> None:
        super().allocate(context)
        self.free = np.empty(self.value.shape, bool)
        self.hit = np.empty(self.value.shape, bool)

    def pool(self, image: Array) -> None:
        self.pooled = self.entries(image)
        np.copyto(self.value, self.pooled[0])
        for entry in self.pooled[1:]:
            np.maximum(entry, self.value, out=self.value)

    def share(self, gradient: Array, out: list[Array]) -> None:
        free, hit = self.free, self.hit
        free.fill(True)
        for entry, part in zip(self.pooled[:-1], out[:-1], strict=True):
            np.equal(entry, self.value, out=hit)
            np.logical_and(hit, free, out=hit)
            np.greater(free, hit, out=free)
            np.multiply(gradient, hit, out=part)
        # What is still free is in the last entry, or was a NaN, which equals nothing.
        np.multiply(gradient, free, out=out[-1])


class AverageModule(WindowModule):
    """Average pooling at work."""

    def pool(self, image: Array) -> None:
        entries = self.entries(image)
        np.copyto(self.value, entries[0])
        for entry in entries[1:]:
            np.add(self.value, entry, out=self.value)
        np.multiply(self.value, 1 / self.size**2, out=self.value)

    def share(self, gradient: Array, out: list[Array]) -> None:
        np.multiply(gradient, 1 / self.size**2, out=out[0])
        for part in out[1:]:
            np.copyto(part, out[0])


class GlobalModule(PoolingModule):
    """Global average pooling at work: (channels, height, width) to (channels, 1, 1)."""

    def __init__(self, spec: Pooling, input_shape: Shape) -> None:
        super().__init__(spec, input_shape, (input_shape[0], 1, 1))

    def pool(self, image: Array) -> None:
        np.mean(image, axis=(1, 2), keepdims=True, out=self.value)

    def spread(self, gradient: Array) -> None:
        _, high, wide = self.input_shape
        np.multiply(gradient, 1 / (high * wide), out=self.image_gradient)
