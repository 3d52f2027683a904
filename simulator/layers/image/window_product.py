"""How kernels meet the windows of an image: forth, for their own gradient, and back to the image."""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.base import BuildContext, Product
from simulator.layers.image.bands import Band, WindowTiles, bands_of
from simulator.layers.image.windows import WindowAxis, Windows, add

MOST_CHANNELS_GATHERED = 4
"""Up to so many times as many channels out as in, copying windows costs less than adding them."""


class WindowProduct(Product):
    """A kernel meets every window of the signal.

    Band by band of the image, the windows of all positions and samples are copied into one fixed buffer with ones for
    the biases, and multiplied.
    """

    signal: Array | None
    seen: list[Band]

    def __init__(self, grid: Windows) -> None:
        self.grid = grid

    def allocate(self, context: BuildContext, inputs: int, outputs: int) -> None:
        grid, batch = self.grid, context.batch
        self.image_shape = (*grid.shape, batch)
        self.bands = bands_of(grid, outputs, context, ones=True)
        bordered = self.bands.borders and grid.rows.padding == "same"
        self.padded = context.arena.zeros(*grid.padded_shape, batch) if grid.padded and not bordered else None
        self.signal = None
        products, inner, _ = self.bands.matrices.shape
        self.parts = context.scratch.array(products, inner, outputs)
        self.back: Gathered | Added | None = None
        if context.needs_input_gradient:
            gather = grid.rows.stride == 1 and outputs <= MOST_CHANNELS_GATHERED * grid.channels
            self.back = Gathered(grid, outputs, context) if gather else Added(grid, outputs, context)

    def _look(self, x: Array) -> None:
        """Have ``seen`` show the windows of the signal."""
        image = x[:-1].reshape(self.image_shape)
        if self.signal is not x:
            self.signal = x
            before = self.grid.rows.before, self.grid.columns.before
            self.seen = self.bands.windows(image, before) if self.padded is None else self.bands.windows(self.padded)
        if self.padded is not None:
            self.grid.pad(image, self.padded)

    def forward(self, kernel: Array, x: Array, out: Array) -> None:
        self._look(x)
        bands, weights = self.bands, self.bands.arranged(kernel).T
        for seen, here in zip(self.seen, bands.split(out), strict=True):
            seen.fetch()
            np.matmul(weights, bands.matrices, out=here)

    def kernel_gradient(self, x: Array, gradient: Array, out: Array) -> None:
        bands = self.bands
        total = bands.sum_for(out)
        total.fill(0)
        for seen, here in zip(self.seen, bands.split(gradient), strict=True):
            # The windows of a single band are still there from the forward pass.
            if len(self.seen) > 1:
                seen.fetch()
            np.matmul(bands.matrices, here.swapaxes(1, 2), out=self.parts)
            np.add(total, self.parts.sum(axis=0), out=total)
        bands.put_back(total, out)

    def backward(self, kernel: Array, gradient: Array) -> Array | None:
        if self.back is None:
            return None
        return self.back.backward(kernel[:-1], gradient).reshape(-1, self.image_shape[-1])


class Added:
    """∂C/∂image by adding every window's gradient to where the window lies."""

    def __init__(self, grid: Windows, outputs: int, context: BuildContext) -> None:
        self.grid = grid
        self.tiles = WindowTiles(grid, outputs, context, ones=False)
        self.padded_gradient = context.scratch.array(*grid.padded_shape, context.batch)
        self.places: list[Array] = []
        self.image_gradient = context.scratch.array(*grid.shape, context.batch)

    def backward(self, weights: Array, gradient: Array) -> Array:
        grid = self.grid
        self.padded_gradient.fill(0)
        self.places = self.places or self.tiles.views(self.padded_gradient, writeable=True)
        for places, here in zip(self.places, self.tiles.split(gradient), strict=True):
            np.matmul(weights, here, out=self.tiles.matrices)
            add(self.tiles.target, places)
        if not grid.padded:
            return self.padded_gradient
        np.copyto(self.image_gradient, grid.fold(self.padded_gradient))
        return self.image_gradient


class Gathered:
    """∂C/∂image as a convolution itself, for windows at every pixel: turned kernels meet the windows of δ.

    On a circle it is that of the padded image, whose border is then added to where it came from.
    """

    def __init__(self, grid: Windows, outputs: int, context: BuildContext) -> None:
        self.grid, batch = grid, context.batch
        self.circular = grid.padded and grid.rows.padding == "circular"
        rows, columns = (_opposite(axis, self.circular) for axis in (grid.rows, grid.columns))
        around = Windows(outputs, rows, columns)
        self.bands = bands_of(around, grid.channels, context, ones=False)
        self.padded = None if self.bands.borders else context.arena.zeros(*around.shape, batch)
        self.inside = tuple(_inside(axis, self.circular) for axis in (grid.rows, grid.columns))
        self.shape = (grid.channels, rows.positions, columns.positions, batch)
        self.padded_gradient = context.scratch.array(*self.shape)
        self.image_gradient = context.scratch.array(*grid.shape, batch)
        self.delta_shape = (outputs, grid.rows.positions, grid.columns.positions, batch)
        self.turned_shape = (grid.channels, grid.rows.kernel, grid.columns.kernel, outputs)
        self.gradient: Array | None = None
        self.seen: list[Band] = []

    def _look(self, gradient: Array) -> None:
        """Have ``seen`` show the windows of δ."""
        delta = gradient.reshape(self.delta_shape)
        if self.gradient is not gradient:
            self.gradient = gradient
            rows, columns = self.inside
            before = rows.start, columns.start
            self.seen = self.bands.windows(delta, before) if self.padded is None else self.bands.windows(self.padded)
        if self.padded is not None:
            self.padded[:, *self.inside] = delta

    def backward(self, weights: Array, gradient: Array) -> Array:
        self._look(gradient)
        flipped = weights.reshape(self.turned_shape)[:, ::-1, ::-1].transpose(3, 1, 2, 0)
        bands = self.bands
        turned = bands.arranged(flipped.reshape(-1, self.grid.channels)).T
        for seen, here in zip(self.seen, bands.split(self.padded_gradient), strict=True):
            seen.fetch()
            np.matmul(turned, bands.matrices, out=here)
        if not self.circular:
            return self.padded_gradient
        np.copyto(self.image_gradient, self.grid.fold(self.padded_gradient))
        return self.image_gradient


def _opposite(axis: WindowAxis, circular: bool) -> WindowAxis:
    """The windows of δ that reach each pixel of an axis of the image, or of the padded image."""
    return WindowAxis((axis.padded if circular else axis.size) + axis.kernel - 1, axis.kernel, 1, "valid")


def _inside(axis: WindowAxis, circular: bool) -> slice:
    """Where δ lies in what these windows slide over."""
    start = axis.kernel - 1 - (0 if circular else axis.before)
    return slice(start, start + axis.positions)
