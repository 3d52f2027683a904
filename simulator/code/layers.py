"""Every kind of layer as what another library has: the order of what a layer does is the same in all libraries."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.arrays.numeric import Array
from simulator.code.equivalents import NoEquivalentError, equivalent
from simulator.code.pieces import DropoutMask, Piece, Tensor
from simulator.code.words import Pieces, Words
from simulator.layers.affine import AffineModule
from simulator.layers.base import Block, Module, Shape
from simulator.layers.dense import Dense, DenseModule
from simulator.layers.dropout import DropoutStage
from simulator.layers.flatten import Flatten, FlattenModule
from simulator.layers.highway import Highway, HighwayModule
from simulator.layers.image.convolution import Convolution, ConvolutionModule
from simulator.layers.image.pooling import Pooling, PoolingModule
from simulator.layers.maxout import Maxout, MaxoutModule
from simulator.layers.normalization.base import Stage
from simulator.layers.normalization.batch import BatchNormStage
from simulator.layers.normalization.layer import LayerNormStage
from simulator.layers.output import OutputModule
from simulator.layers.projection import width
from simulator.layers.recurrent.gru import GRU
from simulator.layers.recurrent.lstm import LSTM
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.layers.recurrent.simple import Recurrent
from simulator.layers.residual import Residual, ResidualModule, SignalNorm
from simulator.layers.sequence_output import EachStepOutputModule
from simulator.network.network import Network
from simulator.parts.initializers import Constant
from simulator.schema.parameter import Part


class Layers:
    """Writes the layers of a network in the words of one library."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def _affine(self, module: AffineModule[Any] | OutputModule, units: slice = slice(None), pieces: int = 1) -> Piece:
        """The map of a layer, started as it says."""
        map_, spec = module.affine, module.spec
        weights, biases = (
            self.words.draw(spec.initializer, map_.fans),
            self.words.bias_draw(spec.bias_initializer, map_.fans),
        )
        return self.words.affine(map_, weights, biases, units, pieces)

    def _norm(self, stage: Stage | None, shape: Shape, batch: int) -> Pieces:
        """A norm of a signal of ``shape`` inside a layer."""
        if stage is None:
            return []
        scale, shift, mean, variance = self.words.norm_names
        tensors = _flat((scale, shift), stage.blocks())
        if isinstance(stage, LayerNormStage):
            return [Piece(self.words.layer_norm(stage, shape), tensors)]
        if not isinstance(stage, BatchNormStage):
            raise NoEquivalentError(type(stage).__name__, self.words.library)
        if batch * math.prod(shape) // width(shape) < 2:
            raise NoEquivalentError("batch norm over a batch of one observation", self.words.library)
        tensors += _flat((mean, variance), stage.states(), state=True)
        if self.words.count_name:
            tensors += _flat((self.words.count_name,), stage.states()[:1], state=True, count=True)
        return [Piece(self.words.batch_norm(stage, shape), tensors)]

    def _dropout(self, stage: DropoutStage | None, shape: Shape) -> Pieces:
        if stage is None:
            return []
        mask = DropoutMask(stage, shape, channels_last=self.words.channels_last and len(shape) == 3)
        return [Piece(self.words.dropout(stage.spec.rate, stage.spec.scaled), mask=mask)]

    def _activated(self, module: DenseModule[Any] | HighwayModule, batch: int) -> Pieces:
        """A layer's φ between its norms."""
        shape, spec = module.output_shape, module.spec.activation
        phi = [] if spec.linear else [self.words.activation(spec)]
        return [*self._norm(module.before, shape, batch), *phi, *self._norm(module.after, shape, batch)]

    def _dense(self, module: DenseModule[Dense], shape: Shape, batch: int) -> Pieces:
        return [*self.words.flattened(shape), self._affine(module), *self._behind(module, batch)]

    def _behind(self, module: DenseModule[Any], batch: int) -> Pieces:
        """What a layer does with W x + b."""
        return [*self._activated(module, batch), *self._dropout(module.dropout, module.output_shape)]

    def _maxout(self, module: MaxoutModule, shape: Shape, batch: int) -> Pieces:
        pieces, units = module.spec.pieces, module.spec.units
        return [
            *self.words.flattened(shape),
            self._affine(module, pieces=pieces),
            *self._norm(module.before, (pieces * units,), batch),
            *(Piece(code.format(pieces)) for code in self.words.maxout),
            *self._norm(module.after, (units,), batch),
            *self._dropout(module.dropout, (units,)),
        ]

    def _highway(self, module: HighwayModule, shape: Shape, batch: int) -> Pieces:
        units, spec, map_ = module.spec.units, module.spec, module.affine
        candidate = self._together([self._affine(module, slice(0, units)), *self._activated(module, batch)])
        weights = self.words.draw(spec.initializer, map_.fans)
        biases = self.words.draw(Constant(value=spec.transform_bias), map_.fans)
        gate = self.words.affine(map_, weights, biases, slice(units, None))
        code = self.words.highway.format(candidate.code, gate.code)
        return [Piece(code, inner=(("candidate", candidate), ("gate", gate)))]

    def in_a_row(self, layers: Sequence[Sequence[Piece]]) -> Piece:
        """One module of those of several layers."""
        pieces = [piece for each in layers for piece in each]
        inner = tuple((str(place), piece) for place, piece in enumerate(pieces))
        return Piece(self.words.row.format(", ".join(each.code for each in pieces)), inner=inner)

    def _together(self, pieces: Pieces) -> Piece:
        return pieces[0] if len(pieces) == 1 else self.in_a_row([pieces])

    def _flatten(self, module: FlattenModule, shape: Shape, batch: int) -> Pieces:
        return self.words.flattened(shape)

    def _convolution(self, module: ConvolutionModule, shape: Shape, batch: int) -> Pieces:
        return [*self.words.windows(module), *self._behind(module, batch)]

    def _pooling(self, module: PoolingModule, shape: Shape, batch: int) -> Pieces:
        assert isinstance(module.spec, Pooling)
        return [Piece(self.words.pool(module.spec))]

    def _through_time(self, module: ThroughTimeModule[Any], shape: Shape, batch: int) -> Pieces:
        spec, units, inputs = module.spec, module.width, module.inputs
        weights = self.words.draw(spec.initializer, (module.features, units))
        state = self.words.draw(spec.recurrent_initializer, (units, units))
        return [
            self.words.through_time(
                module, weights, state, self.words.bias_draw(spec.bias_initializer, (inputs, units))
            )
        ]

    def _residual(self, module: ResidualModule, shape: Shape, batch: int) -> Pieces:
        def around(norm: SignalNorm | None) -> Pieces:
            return [] if norm is None else self._norm(norm.stage, norm.shape, batch)

        branch = self._together(
            [*around(module.before), *self._stack(module.inner, shape, batch), *around(module.last)]
        )
        skip = [] if module.projection is None else [self.words.project(module.projection)]
        beside = [*(("skip", each) for each in skip), *(("after", each) for each in around(module.after))]
        parts = (("branch", branch), *beside)
        return [Piece(self.words.residual(parts, module.factor), inner=parts)]

    def _stack(self, modules: list[Module], shape: Shape, batch: int) -> Pieces:
        """The layers of modules in a row, given the shape of one sample that comes in."""
        pieces: Pieces = []
        for module in modules:
            made = equivalent(self._kinds(), module.spec, self.words.library)(module, shape, batch)
            pieces += [self.words.frozen(each) for each in made] if getattr(module.spec, "frozen", False) else made
            shape = module.output_shape
        return pieces

    def _kinds(self) -> Mapping[type[Part], Callable[[Any, Shape, int], Pieces]]:
        return {
            Dense: self._dense,
            Maxout: self._maxout,
            Highway: self._highway,
            Flatten: self._flatten,
            Convolution: self._convolution,
            Pooling: self._pooling,
            Residual: self._residual,
            **dict.fromkeys((Recurrent, LSTM, GRU), self._through_time),
        }

    def _output(self, module: OutputModule, shape: Shape) -> Pieces:
        """The output layer's map, without its activation, which belongs to the loss."""
        mapped = self._affine(module)
        mapped = self.words.frozen(mapped) if module.spec.frozen else mapped
        if isinstance(module, EachStepOutputModule):
            return [Piece(f"LastSteps({module.answers})"), mapped]
        return [*self.words.flattened(shape), mapped]

    def by_layer(self, network: Network, shape: Shape) -> list[Pieces]:
        """Of each layer the modules that it is, the output's last, given the shape of one sample."""
        layers = self.words.first(shape)
        for module in network.modules:
            layers.append(self._stack([module], shape, network.batch))
            shape = module.output_shape
        return [*layers, self._output(network.output, shape)]


def _flat(
    names: Sequence[str], blocks: Sequence[Block], state: bool = False, count: bool = False
) -> tuple[Tensor, ...]:
    """Vectors by the library's names."""
    return tuple(
        Tensor(name, block, _reshaped, state=state, count=count) for name, block in zip(names, blocks, strict=True)
    )


def _reshaped(array: Array) -> Array:
    return array.reshape(-1)
