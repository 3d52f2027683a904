"""Every kind of layer as layers of Keras, with the arrays that they hold; channels stand last."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.arrays.numeric import Array
from simulator.code.equivalents import NoEquivalentError, equivalent
from simulator.code.keras.parts import LIBRARY, activation, bias_draw, draw, norm
from simulator.code.keras.recurrent import RECURRENT
from simulator.code.pieces import Mask, Piece, Tensor
from simulator.layers.affine import AffineModule
from simulator.layers.base import Affine, Module, Shape
from simulator.layers.dense import Dense, DenseModule
from simulator.layers.dropout import DropoutStage
from simulator.layers.flatten import Flatten, FlattenModule
from simulator.layers.highway import Highway, HighwayModule
from simulator.layers.image.convolution import Convolution, ConvolutionModule
from simulator.layers.image.pooling import Pooling, PoolingModule
from simulator.layers.maxout import Maxout, MaxoutModule
from simulator.layers.normalization.weight import DirectedAffine
from simulator.layers.output import OutputModule
from simulator.layers.projection import ProjectionMap, width
from simulator.layers.residual import Residual, ResidualModule, SignalNorm
from simulator.layers.sequence_output import EachStepOutputModule
from simulator.network.network import Network
from simulator.schema.parameter import Part

Pieces = list[Piece]
CHANNELS_FIRST = "keras.layers.Permute((3, 1, 2))"
CHANNELS_LAST = "keras.layers.Permute((2, 3, 1))"


def layer(module: Module, shape: Shape, batch: int) -> Pieces:
    """The layers in a row that a layer is, given the shape of one sample that comes in."""
    return equivalent(LAYERS, module.spec, LIBRARY)(module, shape, batch)


def flattened(shape: Shape) -> Pieces:
    """What makes a vector of a sample, channel by channel."""
    if len(shape) == 1:
        return []
    return [Piece(CHANNELS_FIRST)] * (len(shape) == 3) + [Piece("keras.layers.Flatten()")]


def affine(map_: Affine, made: str, weights: str, biases: str, units: slice = slice(None), window: Shape = ()) -> Piece:
    """A layer around W x + b, whose arguments but those of its start ``made`` is; ``window`` is (channels, k, k)."""

    def kernel(array: Array) -> Array:
        rows = array[:-1, units]
        return rows if not window else rows.reshape(*window, -1).transpose(1, 2, 0, 3)

    starts = f"kernel_initializer={weights}" + f", bias_initializer={biases}" * (biases != '"zeros"')
    code = f"keras.layers.{made}, {starts})"
    tensors = (
        Tensor("kernel", map_.block, kernel),
        Tensor("bias", map_.block, lambda array: array[-1, units]),
    )
    if isinstance(map_, DirectedAffine) and not map_.block.value[:-1].any(axis=0).all():
        raise NoEquivalentError("a unit behind weight norm whose weights are all 0", LIBRARY)
    if not isinstance(map_, DirectedAffine):
        return Piece(code, tensors)
    return Piece(f"WeightNorm({code})", (Tensor("gain", map_.gain, lambda array: array[0, units]), *tensors))


def dense(module: AffineModule[Any], units: slice = slice(None), pieces: int = 1) -> Piece:
    """``keras.layers.Dense``"""
    map_, spec = module.affine, module.spec
    outputs = len(range(*units.indices(map_.outputs)))
    weights, biases = draw(spec.initializer), bias_draw(spec.bias_initializer, map_.fans)
    if pieces > 1:
        weights, biases = (
            each if each == '"zeros"' else f"pieces({pieces}, lambda: {each})" for each in (weights, biases)
        )
    return affine(map_, f"Dense({outputs}", weights, biases, units)


def _norm(stage: Any, shape: Shape, batch: int) -> Pieces:
    if stage is None:
        return []
    return [norm(stage, width(shape), batch * math.prod(shape) // width(shape))]


def _dropout(stage: DropoutStage | None, shape: Shape) -> Pieces:
    if stage is None:
        return []
    scaled = "" if stage.spec.scaled else ", scaled=False"
    return [Piece(f"Dropout({stage.spec.rate!r}{scaled})", mask=Mask(stage, shape, channels_last=len(shape) == 3))]


def _activated(spec: Any) -> Pieces:
    return [] if spec.linear else [Piece(f"keras.layers.Activation({activation(spec)})")]


def _dense(module: DenseModule[Dense], shape: Shape, batch: int) -> Pieces:
    return [*flattened(shape), dense(module), *_behind(module, batch)]


def _behind(module: DenseModule[Any], batch: int) -> Pieces:
    """What a layer does with W x + b."""
    shape = module.output_shape
    return [
        *_norm(module.before, shape, batch),
        *_activated(module.spec.activation),
        *_norm(module.after, shape, batch),
        *_dropout(module.dropout, shape),
    ]


def _maxout(module: MaxoutModule, shape: Shape, batch: int) -> Pieces:
    pieces, units = module.spec.pieces, module.spec.units
    return [
        *flattened(shape),
        dense(module, pieces=pieces),
        *_norm(module.before, (pieces * units,), batch),
        Piece(f"Maxout({pieces})"),
        *_norm(module.after, (units,), batch),
        *_dropout(module.dropout, (units,)),
    ]


def _highway(module: HighwayModule, shape: Shape, batch: int) -> Pieces:
    units, spec = module.spec.units, module.spec
    candidate = _together(
        [
            dense(module, slice(0, units)),
            *_norm(module.before, shape, batch),
            *_activated(spec.activation),
            *_norm(module.after, shape, batch),
        ]
    )
    bias = f"keras.initializers.Constant({spec.transform_bias!r})"
    gate = affine(module.affine, f"Dense({units}", draw(spec.initializer), bias, slice(units, None))
    inner = (("candidate", candidate), ("gate", gate))
    return [Piece(f"Highway({candidate.code}, {gate.code})", inner=inner)]


def in_a_row(layers: Sequence[Pieces]) -> Piece:
    """``keras.Sequential`` of the layers."""
    pieces = [piece for each in layers for piece in each]
    inner = tuple((str(place), piece) for place, piece in enumerate(pieces))
    return Piece(f"keras.Sequential([{', '.join(each.code for each in pieces)}])", inner=inner)


def _together(pieces: Pieces) -> Piece:
    return pieces[0] if len(pieces) == 1 else in_a_row([pieces])


def _flatten(module: FlattenModule, shape: Shape, batch: int) -> Pieces:
    return flattened(shape)


def _convolution(module: ConvolutionModule, shape: Shape, batch: int) -> Pieces:
    spec, grid, map_ = module.spec, module.grid, module.affine
    margins = [(axis.before, axis.padded - axis.size - axis.before) for axis in (grid.rows, grid.columns)]
    around = spec.padding == "circular" and any(map(any, margins))
    padding = "valid" if spec.padding == "valid" or around else "same"
    step = f", strides={spec.stride}" if spec.stride != 1 else ""
    window = (grid.channels, spec.kernel, spec.kernel)
    made = f'Conv2D({spec.channels}, {spec.kernel}{step}, padding="{padding}"'
    convolution = affine(map_, made, draw(spec.initializer), bias_draw(spec.bias_initializer, map_.fans), window=window)
    before = [Piece(f"Circular({margins[0]}, {margins[1]})")] if around else []
    return [*before, convolution, *_behind(module, batch)]


def _pooling(module: PoolingModule, shape: Shape, batch: int) -> Pieces:
    spec = module.spec
    assert isinstance(spec, Pooling)
    made = {"max": f"MaxPooling2D({spec.size})", "average": f"AveragePooling2D({spec.size})"}
    return [Piece(f"keras.layers.{made.get(spec.mode, 'GlobalAveragePooling2D(keepdims=True)')}")]


def _residual(module: ResidualModule, shape: Shape, batch: int) -> Pieces:
    branch = _together(
        [*_around(module.before, batch), *stack(module.inner, shape, batch), *_around(module.last, batch)]
    )
    skip = [] if module.projection is None else [_projection(module.projection)]
    after = _around(module.after, batch)
    arguments = [branch.code]
    if module.factor != 1:
        arguments.append(f"scale={module.factor!r}")
    arguments += [f"skip={each.code}" for each in skip] + [f"after={each.code}" for each in after]
    inner = [("branch", branch), *(("skip", each) for each in skip), *(("after", each) for each in after)]
    return [Piece(f"Residual({', '.join(arguments)})", inner=tuple(inner))]


def _around(signal_norm: SignalNorm | None, batch: int) -> Pieces:
    return [] if signal_norm is None else _norm(signal_norm.stage, signal_norm.shape, batch)


def _projection(projection: ProjectionMap) -> Piece:
    starts = f"use_bias=False, kernel_initializer={draw(projection.spec.initializer)}"
    kernel = Tensor("kernel", projection.block, lambda array: array)
    return Piece(f"keras.layers.Dense({width(projection.outputs)}, {starts})", (kernel,))


def stack(modules: list[Module], shape: Shape, batch: int) -> Pieces:
    """The layers of modules in a row."""
    pieces: Pieces = []
    for module in modules:
        made = layer(module, shape, batch)
        pieces += [each.frozen(each.code) for each in made] if getattr(module.spec, "frozen", False) else made
        shape = module.output_shape
    return pieces


def output(module: OutputModule, shape: Shape) -> Pieces:
    """The output layer's map, without its activation, which belongs to the loss."""
    map_, spec = module.affine, module.spec
    made = f"Dense({map_.outputs}"
    mapped = affine(map_, made, draw(spec.initializer), bias_draw(spec.bias_initializer, map_.fans))
    mapped = mapped.frozen(mapped.code) if spec.frozen else mapped
    if isinstance(module, EachStepOutputModule):
        return [Piece(f"LastSteps({module.answers})"), mapped]
    return [*flattened(shape), mapped]


def by_layer(network: Network, shape: Shape) -> list[Pieces]:
    """Of each layer the layers of Keras that it is, the output's last; an image's channels are put last before all."""
    layers: list[Pieces] = [[Piece(CHANNELS_LAST)]] if len(shape) == 3 else []
    for module in network.modules:
        layers.append(stack([module], shape, network.batch))
        shape = module.output_shape
    return [*layers, output(network.output, shape)]


LAYERS: Mapping[type[Part], Callable[[Any, Shape, int], Pieces]] = {
    Dense: _dense,
    Maxout: _maxout,
    Highway: _highway,
    Flatten: _flatten,
    Convolution: _convolution,
    Pooling: _pooling,
    Residual: _residual,
    **RECURRENT,
}
