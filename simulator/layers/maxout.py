"""The maxout layer."""

import math
from typing import Annotated, ClassVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.affine import AffineModule
from simulator.layers.base import Affine, BuildContext, Layer, Shape, Tap
from simulator.layers.dense import affine_tap
from simulator.layers.dropout import AnyDropout, NoDropout
from simulator.layers.normalization import AnyNormalization, NoNormalization
from simulator.parts.activations import Linear
from simulator.parts.initializers import AnyInitializer, GlorotNormal, Zeros
from simulator.schema.parameter import knob


class Maxout(Layer, frozen=True, kw_only=True, tag="maxout"):
    """Every unit is the largest of k affine pieces: a = max over p of W_p x + b_p; the gradient goes to that piece.

    Order: W x + b, norm of the pieces (``before``), max, norm (``after``), dropout. Equal pieces: the first one wins.
    Each piece is drawn like a layer of its own. There is no activation function: z is the winning piece, its slope 1,
    and the activation is that piece, before a norm that stands after it and before dropout.

    Goodfellow et al. 2013, Maxout networks, arXiv:1302.4389.
    """

    formula: ClassVar[str] = r"$$a=\max_p\,(W_px+b_p)$$"

    units: Annotated[int, knob("units", "Width of the layer.", slider=(1, 512), log=True, ge=1, le=16384)] = 100
    pieces: Annotated[
        int, knob("pieces", "k: affine maps that each unit chooses from.", slider=(1, 8), ge=1, le=64)
    ] = 2
    initializer: Annotated[AnyInitializer, knob("weights", "How the weights of each piece are drawn.")] = GlorotNormal()
    bias_initializer: Annotated[AnyInitializer, knob("biases", "How the biases are drawn.")] = Zeros()
    normalization: Annotated[AnyNormalization, knob("normalisation", "Whether the signal is normalised.")] = (
        NoNormalization()
    )
    dropout: Annotated[AnyDropout, knob("dropout", "Whether units are dropped while training.")] = NoDropout()

    def build(self, place: tuple[int, ...], input_shape: Shape) -> "MaxoutModule":
        return MaxoutModule(self, place, math.prod(input_shape))


class MaxoutModule(AffineModule[Maxout]):
    """A maxout layer at work; its kernel is inputs × (pieces · units), piece by piece."""

    def __init__(self, spec: Maxout, place: tuple[int, ...], inputs: int) -> None:
        wide = spec.pieces * spec.units
        affine: Affine = spec.normalization.affine("kernel", inputs, wide)
        affine.pieces, affine.fans = spec.pieces, (inputs, spec.units)
        norm = spec.normalization.stage(wide if spec.normalization.first else spec.units)
        super().__init__(spec, place, affine, norm, spec.dropout.stage())
        self.output_shape = (spec.units,)

    def allocate(self, context: BuildContext) -> None:
        arena, batch = context.arena, context.batch
        units, pieces = self.spec.units, self.spec.pieces
        self.affine.allocate(context)
        self.u = arena.zeros(pieces * units, batch)
        self.v = arena.zeros(pieces * units, batch) if self.before else self.u
        self.out = arena.signal(units, batch)
        self.value = self.out[:-1]
        self.a = arena.zeros(units, batch) if self.tail else self.value
        self.slope, self.delta = arena.full(1, units, batch), arena.zeros(units, batch)
        self.raw_delta = context.scratch.array(pieces * units, batch)
        self.pieces, self.piece_delta = (x.reshape(pieces, units, batch) for x in (self.v, self.raw_delta))
        self.ahead = np.zeros((pieces, units, batch), bool)
        for stage in self.stages:
            stage.allocate((pieces * units if stage is self.before else units, batch), arena)
        self.prepare_dropout(context)

    def forward(self, x: Array, training: bool) -> Array:
        self.x = x
        self.affine.forward(x, self.u)
        if self.before is not None:
            self.before.forward(self.u, self.v, training)
        self._choose()
        self.pass_tail(self.a, training)
        return self.out

    def _choose(self) -> None:
        """a ← the largest piece; ``ahead``[p]: piece p beats all before it."""
        np.copyto(self.a, self.pieces[0])
        for piece, ahead in zip(self.pieces[1:], self.ahead[1:], strict=True):
            np.greater(piece, self.a, out=ahead)
            np.maximum(piece, self.a, out=self.a)

    def backward(self, gradient: Array) -> Array | None:
        gradient = self.pass_tail_back(gradient, self.delta)
        if gradient is not self.delta:
            np.copyto(self.delta, gradient)
        self.mark("slope", self.delta, arrived=True)
        self._distribute()
        return self.pass_map_back(self.raw_delta)

    def _distribute(self) -> None:
        """Give each entry of delta to its winning piece, the last that was ahead; 0 to the others."""
        left = self.piece_delta[0]
        np.copyto(left, self.delta)
        for piece, ahead in zip(self.piece_delta[:0:-1], self.ahead[:0:-1], strict=True):
            piece.fill(0)
            np.copyto(piece, left, where=ahead)
            np.copyto(left, 0, where=ahead)

    def taps(self) -> list[Tap]:
        return [affine_tap(self.info, self.affine, Linear(), self.a, self.a, self.slope, self.delta)]
