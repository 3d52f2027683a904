"""The convolutional layer."""

from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.base import Layer, Shape, Tap, read_only
from simulator.layers.dense import DenseModule
from simulator.layers.dropout import AnyDropout, NoDropout
from simulator.layers.image.window_product import WindowProduct
from simulator.layers.image.windows import Padding, Windows, windows
from simulator.layers.normalization import AnyNormalization, NoNormalization
from simulator.parts.activations import AnyActivation, Tanh
from simulator.parts.initializers import AnyInitializer, GlorotNormal, Identity, Zeros
from simulator.schema.parameter import knob


class Convolution(Layer, frozen=True, kw_only=True, tag="convolution"):
    """Slides one small kernel per channel over the image: z[c] = Σ W[c] · window + b[c], a = φ(z).

    Order: W x + b, norm (``before``), φ, norm (``after``), dropout; the activation is φ(z), before a norm that stands
    after it and before dropout. Batch norm works per channel, over samples and positions; layer norm per pixel, over
    its channels; dropout drops single entries. Fan-in is k² · channels in, fan-out k² · channels out. Output: ⌈size /
    stride⌉ with padding, ⌊(size − k) / stride⌋ + 1 without; where padding is odd, the end has one more. The kernel is
    not flipped.

    LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to document recognition.
    """

    formula: ClassVar[str] = (
        r"$$z_c=b_c+\sum_i W_{ci}\star x_i,\qquad a=\varphi(z)$$"
        "\n\n"
        r"$\star$ slides a kernel over the image without flipping it."
    )

    structured: ClassVar[bool] = True
    kernels: ClassVar[bool] = True
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

    def build(self, place: tuple[int, ...], input_shape: Shape) -> "ConvolutionModule":
        grid = windows(input_shape, self.kernel, self.stride, self.padding, name="kernel")
        return ConvolutionModule(self, place, grid)


class ConvolutionModule(DenseModule[Convolution]):
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
