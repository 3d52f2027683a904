"""The convolutional layer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated

import numpy as np

from simulator.activations import AnyActivation, Tanh
from simulator.initializers import AnyInitializer, GlorotNormal, Identity, Zeros
from simulator.layers.base import Layer, Product, Room, Shape, Tap, read_only
from simulator.layers.dense import DenseModule
from simulator.layers.dropout import AnyDropout, NoDropout
from simulator.layers.normalization import AnyNormalization, NoNormalization
from simulator.layers.windows import Padding, Windows, add, windows
from simulator.numeric import Array
from simulator.parameter import knob


class Convolution(Layer, frozen=True, kw_only=True, tag="convolution"):
    """Slides one small kernel per channel over the image: z[c] = Σ W[c] · window + b[c], a = φ(z).

    Order: W x + b, norm (``before``), φ, norm (``after``), dropout. Batch norm works per channel, over samples and
    positions. Fan-in is k² · channels in, fan-out k² · channels out. Output: ⌈size / stride⌉ with padding,
    ⌊(size − k) / stride⌋ + 1 without; where padding is odd, the end has one more. The kernel is not flipped.
    """

    channels: Annotated[
        int, knob("channels", "How many kernels, so how many feature maps.", slider=(1, 128), log=True, ge=1, le=4096)
    ] = 8
    kernel: Annotated[
        int, knob("kernel", "Height and width of the window.", slider=(1, 11), ge=1, le=1024, unit="pixels")
    ] = 3
    stride: Annotated[
        int, knob("stride", "Pixels from one window to the next.", slider=(1, 4), ge=1, le=1024, unit="pixels")
    ] = 1
    padding: Annotated[
        Padding,
        knob(
            "padding",
            "Same: zeros around the image keep its size; valid: none; circular: the image goes on at its other side.",
        ),
    ] = "same"
    activation: Annotated[AnyActivation, knob("activation", "The nonlinearity φ.")] = Tanh()
    initializer: Annotated[AnyInitializer, knob("weights", "How the kernels are drawn.")] = GlorotNormal()
    bias_initializer: Annotated[AnyInitializer, knob("biases", "How the biases are drawn.")] = Zeros()
    normalization: Annotated[AnyNormalization, knob("normalisation", "Whether the signal is normalised.")] = (
        NoNormalization()
    )
    dropout: Annotated[AnyDropout, knob("dropout", "Whether units are dropped while training.")] = NoDropout()

    def build(self, place: tuple[int, ...], input_shape: Shape) -> ConvolutionModule:
        grid = windows(input_shape, self.kernel, self.stride, self.padding, name="kernel")
        return ConvolutionModule(self, place, grid)


class WindowProduct(Product):
    """A kernel meets every window of the signal.

    Band by band of the image, the windows of all positions and samples are copied into one fixed buffer of tiles
    (k² · channels + 1, columns), the last row ones for the biases, and multiplied; backward, the products are added
    to where the windows lie.
    """

    signal: Array | None
    seen: list[Array]

    def __init__(self, grid: Windows) -> None:
        self.grid = grid

    def allocate(self, room: Room, inputs: int, outputs: int) -> None:
        grid, batch = self.grid, room.batch
        self.image_shape, self.signal_shape = (*grid.shape, batch), (math.prod(grid.shape), batch)
        self.band = grid.band(batch)
        self.cut = self.band.tiles(outputs, batch)
        tiles = math.prod(self.cut)
        width = self.band.positions * batch // tiles
        self.tiled = room.arena.full(1, tiles, inputs + 1, width)
        self.tiled_windows = self.tiled[:, :-1].reshape(self.band.view_shape(self.cut, batch))
        self.split_shape = (outputs, grid.positions // self.band.positions, tiles, width)
        self.padded = room.arena.zeros(*grid.padded_shape, batch) if grid.padded else None
        self.signal = None
        self.parts = room.scratch.array(tiles, inputs + 1, outputs)
        self.back: Array | None = None
        if room.needs_input_gradient:
            self._allocate_back(room, (tiles, inputs, width))

    def _allocate_back(self, room: Room, shape: Shape) -> None:
        back = self.back = room.scratch.array(*shape)
        self.back_windows = back.reshape(self.tiled_windows.shape)
        self.padded_gradient = room.scratch.array(*self.grid.padded_shape, room.batch)
        self.places: list[Array] = []
        self.image_gradient = room.scratch.array(*self.image_shape)

    def _windows(self, padded: Array, writeable: bool = False) -> list[Array]:
        """The windows of each band."""
        return [self.band.view(padded[here], self.cut, writeable) for here in self.grid.bands(self.band)]

    def _split(self, array: Array) -> Array:
        """(outputs, positions · samples) as (bands, tiles, outputs, columns)."""
        return array.reshape(self.split_shape).transpose(1, 2, 0, 3)

    def _look(self, x: Array) -> None:
        """Have ``seen`` show the windows of the signal."""
        image = x[:-1].reshape(self.image_shape)
        if self.signal is not x:
            self.signal = x
            self.seen = self._windows(image if self.padded is None else self.padded)
        if self.padded is not None:
            self.grid.pad(image, self.padded)

    def forward(self, kernel: Array, x: Array, out: Array) -> None:
        self._look(x)
        for seen, here in zip(self.seen, self._split(out), strict=True):
            np.copyto(self.tiled_windows, seen)
            np.matmul(kernel.T, self.tiled, out=here)

    def kernel_gradient(self, x: Array, gradient: Array, out: Array) -> None:
        out.fill(0)
        for seen, here in zip(self.seen, self._split(gradient), strict=True):
            # The windows of a single band are still there from the forward pass.
            if len(self.seen) > 1:
                np.copyto(self.tiled_windows, seen)
            np.matmul(self.tiled, here.swapaxes(1, 2), out=self.parts)
            np.add(out, self.parts.sum(axis=0), out=out)

    def backward(self, kernel: Array, gradient: Array) -> Array | None:
        if self.back is None:
            return None
        self.padded_gradient.fill(0)
        self.places = self.places or self._windows(self.padded_gradient, writeable=True)
        for places, here in zip(self.places, self._split(gradient), strict=True):
            np.matmul(kernel[:-1], here, out=self.back)
            add(self.back_windows, places)
        if self.padded is None:
            return self.padded_gradient.reshape(self.signal_shape)
        np.copyto(self.image_gradient, self.grid.fold(self.padded_gradient))
        return self.image_gradient.reshape(self.signal_shape)


class ConvolutionModule(DenseModule):
    """A convolution at work: a dense layer over the windows of its input."""

    def __init__(self, spec: Convolution, place: tuple[int, ...], grid: Windows) -> None:
        affine = spec.normalization.affine("kernel", grid.entries, spec.channels)
        affine.fans = grid.entries, spec.kernel**2 * spec.channels
        affine.product = WindowProduct(grid)
        super().__init__(spec, place, affine, (spec.channels, grid.rows.positions, grid.columns.positions))
        self.grid = grid

    def initialise(self, seed: int, x: Array) -> None:
        super().initialise(seed, x)
        if isinstance(self.spec.initializer, Identity):
            self._pass_through(self.spec.initializer.gain)

    def _pass_through(self, gain: float) -> None:
        """The identity of a convolution: each channel goes on from the middle of its window."""
        kernel, middle = self.spec.kernel, (self.spec.kernel - 1) // 2
        weights = self.affine.block.value[:-1].reshape(self.grid.channels, kernel, kernel, -1)
        weights.fill(0)
        np.fill_diagonal(weights[:, middle, middle], gain)

    def taps(self) -> list[Tap]:
        """Besides the usual, ``kernels`` (outputs, inputs, k, k) and ``maps`` (channels, height, width, samples)."""
        (tap,) = super().taps()
        assert tap.weights is not None
        kernel = self.spec.kernel
        kernels = tap.weights.T.reshape(-1, self.grid.channels, kernel, kernel)
        maps = read_only(self.out[:-1].reshape(*self.output_shape, -1))
        return [replace(tap, extras={**tap.extras, "kernels": kernels, "maps": maps})]
