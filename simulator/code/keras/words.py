"""Layers as layers of Keras, with the arrays that they hold; channels stand last."""

from __future__ import annotations

from typing import Any

from simulator.arrays.numeric import Array
from simulator.code.keras.parts import DRAWS, LIBRARY, activation
from simulator.code.keras.recurrent import through_time
from simulator.code.pieces import Piece, Tensor
from simulator.code.words import Fans, Pieces, Words, margins
from simulator.layers.base import Affine, Shape
from simulator.layers.image.convolution import ConvolutionModule
from simulator.layers.image.pooling import Pooling
from simulator.layers.normalization.batch import BatchNormStage
from simulator.layers.normalization.layer import LayerNormStage
from simulator.layers.projection import ProjectionMap, width
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer, Normal, VarianceScaled


class KerasWords(Words):
    """An image's channels are put last before all, and first again where a vector is made of it."""

    library = LIBRARY
    draws = DRAWS
    row = "keras.Sequential([{}])"
    zeros = '"zeros"'
    norm_names = ("gamma", "beta", "moving_mean", "moving_variance")
    channels_last = True

    def first(self, shape: Shape) -> list[Pieces]:
        return [[Piece("keras.layers.Permute((2, 3, 1))")]] if len(shape) == 3 else []

    def flattened(self, shape: Shape) -> Pieces:
        if len(shape) == 1:
            return []
        return [Piece("keras.layers.Permute((3, 1, 2))")] * (len(shape) == 3) + [Piece("keras.layers.Flatten()")]

    def affine(self, map_: Affine, weights: str, biases: str, units: slice = slice(None), pieces: int = 1) -> Piece:
        if pieces > 1:
            weights, biases = (
                each if each == self.zeros else f"pieces({pieces}, lambda: {each})" for each in (weights, biases)
            )
        return self._around(map_, f"Dense({len(range(*units.indices(map_.outputs)))}", weights, biases, units)

    def _around(
        self, map_: Affine, made: str, weights: str, biases: str, units: slice = slice(None), window: Shape = ()
    ) -> Piece:
        """A layer around W x + b, ``made`` but for its start; ``window`` is (channels, k, k)."""

        def kernel(array: Array) -> Array:
            rows = array[:-1, units]
            return rows if not window else rows.reshape(*window, -1).transpose(1, 2, 0, 3)

        starts = f"kernel_initializer={weights}" + f", bias_initializer={biases}" * (biases != self.zeros)
        code = f"keras.layers.{made}, {starts})"
        bias = Tensor("bias", map_.block, lambda array: array[-1, units])
        tensors = (Tensor("kernel", map_.block, kernel), bias)
        length = self.length(map_)
        if length is None:
            return Piece(code, tensors)
        return Piece(f"WeightNorm({code})", (Tensor("gain", length, lambda array: array[0, units]), *tensors))

    def direction(self, gain: float) -> str:
        return f"Direction({gain!r})"

    def bias_draw(self, spec: Initializer, fans: Fans) -> str:
        if isinstance(spec, VarianceScaled):
            return self.draw(Normal(std=(spec.weight_variance / fans[0]) ** 0.5), fans)
        return super().bias_draw(spec, fans)

    def activation(self, spec: Activation) -> Piece:
        return Piece(f"keras.layers.Activation({activation(spec)})")

    def layer_norm(self, stage: LayerNormStage, shape: Shape) -> str:
        return f"keras.layers.LayerNormalization(epsilon={stage.epsilon!r})"

    def batch_norm(self, stage: BatchNormStage, shape: Shape) -> str:
        return f"BatchNorm(momentum={1 - stage.spec.momentum!r}, epsilon={stage.spec.epsilon!r})"

    def windows(self, module: ConvolutionModule) -> Pieces:
        spec, grid, map_ = module.spec, module.grid, module.affine
        around = margins(grid.rows), margins(grid.columns)
        circular = spec.padding == "circular" and any(map(any, around))
        padding = "valid" if spec.padding == "valid" or circular else "same"
        step = f", strides={spec.stride}" if spec.stride != 1 else ""
        made = f'Conv2D({spec.channels}, {spec.kernel}{step}, padding="{padding}"'
        weights, biases = self.draw(spec.initializer, map_.fans), self.bias_draw(spec.bias_initializer, map_.fans)
        window = (grid.channels, spec.kernel, spec.kernel)
        before = [Piece(f"Circular({around[0]}, {around[1]})")] if circular else []
        return [*before, self._around(map_, made, weights, biases, window=window)]

    def pool(self, spec: Pooling) -> str:
        made = {"max": f"MaxPooling2D({spec.size})", "average": f"AveragePooling2D({spec.size})"}
        return f"keras.layers.{made.get(spec.mode, 'GlobalAveragePooling2D(keepdims=True)')}"

    def through_time(self, module: ThroughTimeModule[Any], weights: str, state: str, biases: str) -> Piece:
        return through_time(module, weights, state, biases)

    def project(self, projection: ProjectionMap) -> Piece:
        outputs = width(projection.outputs)
        starts = f"use_bias=False, kernel_initializer={self.draw(projection.spec.initializer, (0, outputs))}"
        kernel = Tensor("kernel", projection.block, lambda array: array)
        return Piece(f"keras.layers.Dense({outputs}, {starts})", (kernel,))
