"""The fully connected layer."""

import math
from typing import Annotated, ClassVar, Protocol, TypeGuard, TypeVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.affine import AffineModule, AffineSettings, DropoutSettings
from simulator.layers.base import Affine, BuildContext, Layer, Module, Shape, Tap, read_only
from simulator.layers.dropout import AnyDropout, NoDropout
from simulator.layers.info import LayerInfo
from simulator.layers.normalization import AnyNormalization, NoNormalization
from simulator.parts.activations import AnyActivation, Tanh
from simulator.parts.initializers import AnyInitializer, GlorotNormal, Zeros
from simulator.schema.parameter import knob


class Dense(Layer, frozen=True, kw_only=True, tag="dense"):
    """Every unit sees every output of the layer below: z = W a + b, a = φ(z).

    Order: W a + b, norm (``before``), φ, norm (``after``), dropout. In plots and tables z is what φ receives, behind a
    norm that stands before it, and the activation is φ(z), before a norm that stands after it and before dropout; the
    next layer receives what those make of it.
    """

    formula: ClassVar[str] = r"$$z=Wx+b,\qquad a=\varphi(z)$$"

    plain: ClassVar[bool] = True
    units: Annotated[int, knob("units", "Width of the layer.", slider=(1, 512), log=True, ge=1, le=16384)] = 100
    activation: Annotated[AnyActivation, knob("activation", "The nonlinearity φ.")] = Tanh()
    initializer: Annotated[AnyInitializer, knob("weights", "How the weights are drawn.")] = GlorotNormal()
    bias_initializer: Annotated[AnyInitializer, knob("biases", "How the biases are drawn.")] = Zeros()
    normalization: Annotated[AnyNormalization, knob("normalisation", "Whether the signal is normalised.")] = (
        NoNormalization()
    )
    dropout: Annotated[AnyDropout, knob("dropout", "Whether units are dropped while training.")] = NoDropout()

    def build(self, place: tuple[int, ...], input_shape: Shape) -> "DenseModule[Dense]":
        affine = self.normalization.affine("kernel", math.prod(input_shape), self.units)
        return DenseModule(self, place, affine, (self.units,))


class DenseSettings(AffineSettings, DropoutSettings, Protocol):
    """The fields of :class:`Dense` but its units."""

    @property
    def activation(self) -> AnyActivation: ...


SettingsT = TypeVar("SettingsT", bound=DenseSettings, covariant=True)


class DenseModule(AffineModule[SettingsT]):
    """A dense layer at work; also what is inside a layer whose units have several positions, a convolution.

    Positions are observations, as samples are: inside, arrays are (units, positions · samples).
    """

    def __init__(self, spec: SettingsT, place: tuple[int, ...], affine: Affine, output_shape: Shape) -> None:
        super().__init__(spec, place, affine, spec.normalization.stage(affine.outputs), spec.dropout.stage())
        self.output_shape = output_shape
        self.activation_kind = spec.activation.kind

    def allocate(self, context: BuildContext) -> None:
        arena, units = context.arena, self.affine.outputs
        batch = context.batch * (self.output_size // units)
        self.affine.allocate(context)
        self.u = arena.zeros(units, batch)
        self.z = arena.zeros(units, batch) if self.before else self.u
        self.out = arena.signal(self.output_size, context.batch)
        self.value = self.out[:-1].reshape(units, batch)
        self.a = arena.zeros(units, batch) if self.tail else self.value
        self.slope = arena.zeros(units, batch)
        self.delta = arena.zeros(units, batch)
        self.raw_delta = context.scratch.array(units, batch) if self.before else self.delta
        for stage in self.stages:
            stage.allocate((units, batch), arena)
        self.prepare_dropout(context)

    def forward(self, x: Array, training: bool) -> Array:
        self.x = x
        self.affine.forward(x, self.u)
        if self.before is not None:
            self.before.forward(self.u, self.z, training)
        self.spec.activation.apply(self.z, self.a)
        self.pass_tail(self.a, training)
        return self.out

    def backward(self, gradient: Array) -> Array | None:
        gradient = self.pass_tail_back(gradient.reshape(self.delta.shape), self.delta)
        self.spec.activation.derivative(self.z, self.a, self.slope)
        np.multiply(self.slope, gradient, out=self.delta)
        self.mark("slope", self.delta, arrived=True)
        return self.pass_map_back(self.delta)

    def taps(self) -> list[Tap]:
        return [affine_tap(self.info, self.affine, self.spec.activation, self.z, self.a, self.slope, self.delta)]


def is_dense(module: Module) -> TypeGuard[DenseModule[Dense]]:
    """Whether it is a dense layer itself, and not another that is made of one, as a convolution is."""
    return isinstance(module.spec, Dense)


def affine_tap(
    info: LayerInfo,
    affine: Affine,
    activation: AnyActivation | None,
    z: Array,
    a: Array,
    slope: Array | None,
    delta: Array,
) -> Tap:
    """The tap of a layer whose parameters are one kernel."""
    return Tap(
        info=info,
        activation=activation,
        z=read_only(z),
        a=read_only(a),
        slope=None if slope is None else read_only(slope),
        delta=read_only(delta),
        weights=read_only(affine.kernel[:-1]),
        weight_gradient=read_only(affine.kernel_gradient[:-1]),
        weight_update=read_only(affine.kernel_update[:-1]),
        bias_gradient=read_only(affine.kernel_gradient[-1]),
    )
