"""Every kind of layer as modules of PyTorch, with the arrays that they hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.arrays.numeric import Array
from simulator.code.equivalents import NoEquivalentError, equivalent
from simulator.code.pieces import Mask, Piece, Tensor, numbered
from simulator.code.pytorch.parts import LIBRARY, activation, bias_draw, draw, kernel_draw, norm
from simulator.code.pytorch.recurrent import RECURRENT
from simulator.layers.affine import AffineModule
from simulator.layers.base import Affine, Module, Shape
from simulator.layers.dense import Dense, DenseModule
from simulator.layers.dropout import DropoutStage
from simulator.layers.flatten import Flatten, FlattenModule
from simulator.layers.highway import Highway, HighwayModule
from simulator.layers.image.convolution import Convolution, ConvolutionModule
from simulator.layers.image.pooling import Pooling, PoolingModule
from simulator.layers.image.windows import Axis
from simulator.layers.maxout import Maxout, MaxoutModule
from simulator.layers.normalization.weight import DirectedAffine
from simulator.layers.output import OutputModule
from simulator.layers.projection import ProjectionMap, width
from simulator.layers.residual import Residual, ResidualModule, SignalNorm
from simulator.layers.sequence_output import EachStepOutputModule
from simulator.network.network import Network
from simulator.schema.parameter import Part

Pieces = list[Piece]


def layer(module: Module, shape: Shape, batch: int) -> Pieces:
    """The modules in a row that a layer is, given the shape of one sample that comes in."""
    return equivalent(LAYERS, module.spec, LIBRARY)(module, shape, batch)


def flattened(shape: Shape) -> Pieces:
    """What makes a vector of a sample."""
    return [] if len(shape) == 1 else [Piece("nn.Flatten()")]


def affine(
    map_: Affine, made: str, weights: str, biases: str, units: slice = slice(None), shape: Shape = (), pieces: int = 1
) -> Piece:
    """A module around W x + b that ``made`` makes; ``units`` are those of the map that it computes.

    ``shape`` is that of the weights of one unit; drawn is each of ``pieces`` by itself.
    """

    def weight(array: Array) -> Array:
        return array[:-1, units].T.reshape(-1, *(shape or (map_.inputs,)))

    def gain(array: Array) -> Array:
        return array[:, units].reshape(-1, *[1] * len(shape or (map_.inputs,)))

    arguments = [made, weights, *[biases] * (biases != "nn.init.zeros_"), *[f"pieces={pieces}"] * (pieces > 1)]
    code = f"drawn({', '.join(arguments)})"
    bias = Tensor("bias", map_.block, lambda array: array[-1, units])
    if isinstance(map_, DirectedAffine) and not map_.block.value[:-1].any(axis=0).all():
        raise NoEquivalentError("a unit behind weight norm whose weights are all 0", LIBRARY)
    if not isinstance(map_, DirectedAffine):
        return Piece(code, (Tensor("weight", map_.block, weight), bias))
    directed = "parametrizations.weight.original"
    tensors = (
        Tensor(f"{directed}0", map_.gain, gain),
        Tensor(f"{directed}1", map_.block, weight),
        bias,
    )
    return Piece(f"weight_norm({code})", tensors)


def linear(module: AffineModule[Any], units: slice = slice(None), pieces: int = 1) -> Piece:
    """``nn.Linear``"""
    map_, spec = module.affine, module.spec
    outputs = len(range(*units.indices(map_.outputs)))
    return affine(
        map_,
        f"nn.Linear({map_.inputs}, {outputs})",
        draw(spec.initializer, map_.fans),
        bias_draw(spec.bias_initializer, map_.fans),
        units,
        pieces=pieces,
    )


def _norm(stage: Any, shape: Shape, batch: int) -> Pieces:
    """A norm inside a layer, behind or before what gives ``shape``."""
    if stage is None:
        return []
    return [norm(stage, shape, width(shape), batch * math.prod(shape) // width(shape))]


def _dropout(stage: DropoutStage | None, shape: Shape) -> Pieces:
    if stage is None:
        return []
    scaled = "" if stage.spec.scaled else ", scaled=False"
    return [Piece(f"Dropout({stage.spec.rate!r}{scaled})", mask=Mask(stage, shape))]


def _activated(spec: Any) -> Pieces:
    return [] if spec.linear else [activation(spec)]


def _dense(module: DenseModule[Dense], shape: Shape, batch: int) -> Pieces:
    return [*flattened(shape), linear(module), *_behind(module, batch)]


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
        linear(module, pieces=pieces),
        *_norm(module.before, (pieces * units,), batch),
        Piece(f"Maxout({pieces})"),
        *_norm(module.after, (units,), batch),
        *_dropout(module.dropout, (units,)),
    ]


def _highway(module: HighwayModule, shape: Shape, batch: int) -> Pieces:
    units, spec = module.spec.units, module.spec
    candidate = _together(
        [
            linear(module, slice(0, units)),
            *_norm(module.before, shape, batch),
            *_activated(spec.activation),
            *_norm(module.after, shape, batch),
        ]
    )
    bias = f"partial(nn.init.constant_, val={spec.transform_bias!r})"
    gate = affine(
        module.affine, f"nn.Linear({units}, {units})", draw(spec.initializer, module.affine.fans), bias,
        slice(units, None),
    )  # fmt: skip
    code = f"Highway({candidate.code}, {gate.code})"
    return [Piece(code, inner=(("candidate", candidate), ("gate", gate)))]


def in_a_row(layers: Sequence[Pieces]) -> Piece:
    """``nn.Sequential`` of the modules of several layers."""
    pieces = [piece for each in layers for piece in each]
    return Piece(f"nn.Sequential({', '.join(each.code for each in pieces)})", inner=numbered(pieces))


def _together(pieces: Pieces) -> Piece:
    """One module, or several in a row."""
    return pieces[0] if len(pieces) == 1 else in_a_row([pieces])


def _flatten(module: FlattenModule, shape: Shape, batch: int) -> Pieces:
    return flattened(shape)


# -- images ---------------------------------------------------------------------------------------------------------


def _convolution(module: ConvolutionModule, shape: Shape, batch: int) -> Pieces:
    spec, grid, map_ = module.spec, module.grid, module.affine
    around = _padding(spec, grid.rows, grid.columns)
    step = f", stride={spec.stride}" if spec.stride != 1 else ""
    made = f"nn.Conv2d({shape[0]}, {spec.channels}, {spec.kernel}{step}{around.get('', '')})"
    window = (grid.channels, spec.kernel, spec.kernel)
    convolution = affine(
        map_, made, kernel_draw(spec.initializer, map_.fans), bias_draw(spec.bias_initializer, map_.fans), shape=window
    )
    before = [Piece(code) for name, code in around.items() if name]
    return [*before, convolution, *_behind(module, batch)]


def _padding(spec: Convolution, rows: Axis, columns: Axis) -> dict[str, str]:
    """How an image is padded: an argument of the convolution, or a module before it."""
    margins = [(axis.before, axis.padded - axis.size - axis.before) for axis in (columns, rows)]
    mode = ', padding_mode="circular"' if spec.padding == "circular" else ""
    if not any(map(any, margins)):
        return {}
    if spec.stride == 1:
        return {"": f', padding="same"{mode}'}
    flat = ", ".join(str(margin) for pair in margins for margin in pair)
    return {"pad": f"nn.{'CircularPad2d' if mode else 'ZeroPad2d'}(({flat}))"}


def _pooling(module: PoolingModule, shape: Shape, batch: int) -> Pieces:
    spec = module.spec
    assert isinstance(spec, Pooling)
    made = {"max": f"nn.MaxPool2d({spec.size})", "average": f"nn.AvgPool2d({spec.size})"}
    return [Piece(made.get(spec.mode, "nn.AdaptiveAvgPool2d(1)"))]


# -- residual -------------------------------------------------------------------------------------------------------


def _residual(module: ResidualModule, shape: Shape, batch: int) -> Pieces:
    branch = _together(
        [
            *_around(module.before, batch),
            *stack(module.inner, shape, batch),
            *_around(module.last, batch),
        ]
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


def stack(modules: list[Module], shape: Shape, batch: int) -> Pieces:
    """The modules of layers in a row."""
    pieces: Pieces = []
    for module in modules:
        made = layer(module, shape, batch)
        pieces += [frozen(piece) for piece in made] if getattr(module.spec, "frozen", False) else made
        shape = module.output_shape
    return pieces


def frozen(piece: Piece) -> Piece:
    """The same, of which nothing is trained."""
    return piece.frozen(f"{piece.code}.requires_grad_(False)" if any(piece.all_tensors()) else piece.code)


def _projection(projection: ProjectionMap) -> Piece:
    inputs, outputs = width(projection.inputs), width(projection.outputs)
    image = len(projection.inputs) == 3
    made = f"nn.Conv2d({inputs}, {outputs}, 1, bias=False)" if image else f"nn.Linear({inputs}, {outputs}, bias=False)"

    def weight(array: Array) -> Array:
        return array.T.reshape(outputs, inputs, *[1] * (2 * image))

    code = f"drawn({made}, {(kernel_draw if image else draw)(projection.spec.initializer, (inputs, outputs))})"
    return Piece(code, (Tensor("weight", projection.block, weight),))


def output(module: OutputModule, shape: Shape) -> Pieces:
    """The output layer's map, without its activation, which belongs to the loss."""
    map_, spec = module.affine, module.spec
    made = f"nn.Linear({map_.inputs}, {map_.outputs})"
    mapped = affine(map_, made, draw(spec.initializer, map_.fans), bias_draw(spec.bias_initializer, map_.fans))
    mapped = frozen(mapped) if spec.frozen else mapped
    if isinstance(module, EachStepOutputModule):
        return [Piece(f"LastSteps({module.answers})"), mapped]
    return [*flattened(shape), mapped]


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


def by_layer(network: Network, shape: Shape) -> list[Pieces]:
    """Of each layer the modules that it is, the output's last."""
    layers: list[Pieces] = []
    for module in network.modules:
        layers.append(stack([module], shape, network.batch))
        shape = module.output_shape
    return [*layers, output(network.output, shape)]
