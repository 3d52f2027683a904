"""Layers as modules of PyTorch, with the arrays that they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.arrays.numeric import Array
from simulator.code.pieces import Piece, Tensor
from simulator.code.pytorch.parts import DRAWS, LIBRARY, activation, identity
from simulator.code.pytorch.recurrent import through_time
from simulator.code.words import Pieces, Words, margins
from simulator.layers.base import Affine, Shape
from simulator.layers.image.convolution import ConvolutionModule
from simulator.layers.image.pooling import Pooling
from simulator.layers.normalization.batch import BatchNormStage
from simulator.layers.normalization.layer import LayerNormStage
from simulator.layers.projection import ProjectionMap, width
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.parts.activations import Activation
from simulator.parts.initializers import Identity, Initializer


class TorchWords(Words):
    """Channels stand first; a frozen module asks for no gradient."""

    library = LIBRARY
    draws = DRAWS
    row = "nn.Sequential({})"
    # As an image of pieces × units, of whose columns the largest is taken.
    maxout = ("nn.Unflatten(1, ({0}, -1))", "nn.MaxPool2d(({0}, 1))", "nn.Flatten()")
    highway = 'Highway({{"candidate": {}, "gate": {}}})'
    zeros = "nn.init.zeros_"
    norm_names = ("weight", "bias", "running_mean", "running_var")
    count_name = "num_batches_tracked"

    def flattened(self, shape: Shape) -> Pieces:
        return [] if len(shape) == 1 else [Piece("nn.Flatten()")]

    def affine(self, map_: Affine, weights: str, biases: str, units: slice = slice(None), pieces: int = 1) -> Piece:
        made = f"nn.Linear({map_.inputs}, {len(range(*units.indices(map_.outputs)))})"
        more = [biases] * (biases != self.zeros) + [f"pieces={pieces}"] * (pieces > 1)
        return self._drawn(map_, [made, weights, *more], (map_.inputs,), units)

    def _drawn(self, map_: Affine, arguments: Sequence[str], shape: Shape, units: slice = slice(None)) -> Piece:
        """A module around W x + b; ``shape`` is that of the weights of one unit."""

        def weight(array: Array) -> Array:
            return array[:-1, units].T.reshape(-1, *shape)

        def gain(array: Array) -> Array:
            return array[:, units].reshape(-1, *[1] * len(shape))

        code = f"drawn({', '.join(arguments)})"
        bias = Tensor("bias", map_.block, lambda array: array[-1, units])
        length = self.length(map_)
        if length is None:
            return Piece(code, (Tensor("weight", map_.block, weight), bias))
        directed = "parametrizations.weight.original"
        tensors = (Tensor(f"{directed}0", length, gain), Tensor(f"{directed}1", map_.block, weight), bias)
        return Piece(f"weight_norm({code})", tensors)

    def direction(self, gain: float) -> str:
        return f"partial(direction_, gain={gain!r})"

    def activation(self, spec: Activation) -> Piece:
        return Piece(activation(spec))

    def layer_norm(self, stage: LayerNormStage, shape: Shape) -> str:
        epsilon = f", eps={stage.epsilon!r}" * (stage.epsilon != 1e-5)
        return f"{'ChannelNorm' if len(shape) == 3 else 'nn.LayerNorm'}({width(shape)}{epsilon})"

    def batch_norm(self, stage: BatchNormStage, shape: Shape) -> str:
        kind = {1: "nn.BatchNorm1d", 2: "SequenceNorm", 3: "nn.BatchNorm2d"}[len(shape)]
        given = {"eps": (stage.spec.epsilon, 1e-5), "momentum": (stage.spec.momentum, 0.1)}
        numbers = "".join(f", {name}={value!r}" for name, (value, usual) in given.items() if value != usual)
        return f"{kind}({width(shape)}{numbers})"

    def windows(self, module: ConvolutionModule) -> Pieces:
        spec, grid, map_ = module.spec, module.grid, module.affine
        around = [margins(axis) for axis in (grid.columns, grid.rows)]
        padded, circular = any(map(any, around)), spec.padding == "circular"
        step, before = f", stride={spec.stride}" * (spec.stride != 1), []
        if padded and spec.stride == 1:
            step = ', padding="same"' + ', padding_mode="circular"' * circular
        elif padded:
            flat = ", ".join(str(margin) for pair in around for margin in pair)
            before = [Piece(f"nn.{'CircularPad2d' if circular else 'ZeroPad2d'}(({flat}))")]
        made = f"nn.Conv2d({grid.channels}, {spec.channels}, {spec.kernel}{step})"
        biases = self.bias_draw(spec.bias_initializer, map_.fans)
        arguments = [made, self._kernel_draw(spec.initializer, map_.fans), *[biases] * (biases != self.zeros)]
        return [*before, self._drawn(map_, arguments, (grid.channels, spec.kernel, spec.kernel))]

    def _kernel_draw(self, spec: Initializer, fans: tuple[int, int]) -> str:
        """What draws the kernels of a convolution."""
        return identity(spec.gain) if isinstance(spec, Identity) else self.draw(spec, fans)

    def pool(self, spec: Pooling) -> str:
        made = {"max": f"nn.MaxPool2d({spec.size})", "average": f"nn.AvgPool2d({spec.size})"}
        return made.get(spec.mode, "nn.AdaptiveAvgPool2d(1)")

    def project(self, projection: ProjectionMap) -> Piece:
        inputs, outputs = width(projection.inputs), width(projection.outputs)
        image = len(projection.inputs) == 3
        made, draw = ("nn.Linear({}, {}, bias=False)", self.draw)
        if image:
            made, draw = "nn.Conv2d({}, {}, 1, bias=False)", self._kernel_draw
        code = f"drawn({made.format(inputs, outputs)}, {draw(projection.spec.initializer, (inputs, outputs))})"
        weight = Tensor("weight", projection.block, lambda array: array.T.reshape(outputs, inputs, *[1] * (2 * image)))
        return Piece(code, (weight,))

    def residual(self, parts: Sequence[tuple[str, Piece]], scale: float) -> str:
        named = ", ".join(f'"{name}": {piece.code}' for name, piece in parts)
        return f"Residual({{{named}}}{f', scale={scale!r}' * (scale != 1)})"

    def dropout(self, rate: float, scaled: bool) -> str:
        return f"{'Dropout' if scaled else 'ClassicDropout'}({rate!r})"

    def through_time(self, module: ThroughTimeModule[Any], weights: str, state: str, biases: str) -> Piece:
        return through_time(module, weights, state, biases, self.zeros)

    def frozen(self, piece: Piece) -> Piece:
        return piece.frozen(f"{piece.code}.requires_grad_(False)" if any(piece.all_tensors()) else piece.code)
