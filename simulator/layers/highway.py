"""The highway layer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.affine import AffineModule, scale_to_unit_variance
from simulator.layers.base import Affine, BuildContext, Layer, Shape, ShapeError, Tap, read_only, shape_text
from simulator.layers.dense import affine_tap
from simulator.layers.normalization import AnyNormalization, NoNormalization
from simulator.parts.activations import AnyActivation, Tanh, logistic
from simulator.parts.initializers import AnyInitializer, GlorotNormal, Zeros
from simulator.schema.parameter import knob


class Highway(Layer, frozen=True, kw_only=True, tag="highway"):
    """A gate decides how much of the input is transformed and how much is carried on: a = H T + x (1 − T).

    H = φ(W_H x + b_H), T = σ(W_T x + b_T), so the width stays that of the input. A negative b_T starts with the
    gate nearly shut: the layer passes signal and gradient on. The normalisation acts on H, weight norm on both maps.
    In plots z and delta are those of H, the activation is the layer's whole answer; weights and biases are of both
    maps, H's first.

    Srivastava, Greff and Schmidhuber 2015, Highway networks, arXiv:1505.00387.
    """

    formula: ClassVar[str] = r"$$a=H\odot T+x\odot(1-T),\qquad H=\varphi(W_Hx+b_H),\quad T=\sigma(W_Tx+b_T)$$"

    gates: ClassVar[tuple[str, ...]] = ("carry",)
    units: Annotated[
        int, knob("units", "Width of the layer; must be its input's.", slider=(1, 512), log=True, ge=1, le=16384)
    ] = 100
    activation: Annotated[AnyActivation, knob("activation", "The nonlinearity φ of H.")] = Tanh()
    initializer: Annotated[AnyInitializer, knob("weights", "How the weights of H and of the gate are drawn.")] = (
        GlorotNormal()
    )
    bias_initializer: Annotated[AnyInitializer, knob("biases", "How the biases of H are drawn.")] = Zeros()
    transform_bias: Annotated[
        float,
        knob(
            "transform bias",
            "The gate's first bias: −3 starts with 5\N{NARROW NO-BREAK SPACE}% transformed.",
            slider=(-6, 2),
            unit="b_T",
        ),
    ] = -1.0
    normalization: Annotated[AnyNormalization, knob("normalisation", "Whether H is normalised.")] = NoNormalization()

    def build(self, place: tuple[int, ...], input_shape: Shape) -> HighwayModule:
        if input_shape != (self.units,):
            raise ShapeError(
                f"carries its input on, so it needs {shape_text((self.units,))}, one for each of its units, but "
                f"{{before}} gives {shape_text(input_shape)}"
            )
        return HighwayModule(self, place, math.prod(input_shape))


class HighwayModule(AffineModule[Highway]):
    """A highway layer at work; one kernel, H's columns first, then the gate's."""

    def __init__(self, spec: Highway, place: tuple[int, ...], units: int) -> None:
        affine: Affine = spec.normalization.affine("kernel", units, 2 * units)
        affine.pieces, affine.fans = 2, (units, units)
        super().__init__(spec, place, affine, spec.normalization.stage(units), None)
        # Its norm acts on H, within the gate: nothing stands behind what it passes on.
        self.tail = []
        self.output_shape = (units,)
        self.activation_kind = spec.activation.kind

    def allocate(self, context: BuildContext) -> None:
        arena, units, batch = context.arena, self.spec.units, context.batch
        self.affine.allocate(context)
        self.u = arena.zeros(2 * units, batch)
        self.z = arena.zeros(units, batch) if self.before else self.u[:units]
        self.a = arena.zeros(units, batch)
        self.candidate = arena.zeros(units, batch) if self.after else self.a
        self.transform, self.carry, self.carried = (arena.zeros(units, batch) for _ in range(3))
        self.out = arena.signal(units, batch)
        self.slope = arena.zeros(units, batch)
        self.raw_delta = arena.zeros(2 * units, batch)
        self.delta = arena.zeros(units, batch) if self.before else self.raw_delta[:units]
        for stage in self.stages:
            stage.allocate((units, batch), arena)

    def initialise(self, seed: int, x: Array) -> None:
        self.affine.initialise(self.spec.initializer, self.spec.bias_initializer, seed, self.place)
        self.affine.block.value[-1, self.spec.units :] = self.spec.transform_bias
        if self.spec.initializer.data_dependent:
            scale_to_unit_variance(self.affine, x, self.u)

    def redraw(self, seed: int) -> None:
        super().redraw(seed)
        self.affine.block.value[-1, self.spec.units :] = self.spec.transform_bias

    def forward(self, x: Array, training: bool) -> Array:
        self.x = x
        units = self.spec.units
        self.affine.forward(x, self.u)
        if self.before is not None:
            self.before.forward(self.u[:units], self.z, training)
        self.spec.activation.apply(self.z, self.a)
        if self.after is not None:
            self.after.forward(self.a, self.candidate, training)
        logistic(self.u[units:], self.transform)
        np.subtract(1, self.transform, out=self.carry)
        np.multiply(x[:-1], self.carry, out=self.carried)
        np.multiply(self.candidate, self.transform, out=self.out[:-1])
        np.add(self.out[:-1], self.carried, out=self.out[:-1])
        return self.out

    def backward(self, gradient: Array) -> Array | None:
        self._gate_backward(gradient, self.raw_delta[self.spec.units :])
        np.multiply(gradient, self.carry, out=self.carried)
        np.multiply(gradient, self.transform, out=self.delta)
        self.mark("gate", self.delta)
        if self.after is not None:
            self.after.backward(self.delta, self.delta)
            self.mark("normalization", self.delta)
        self.spec.activation.derivative(self.z, self.a, self.slope)
        np.multiply(self.slope, self.delta, out=self.delta)
        self.mark("slope", self.delta, arrived=True)
        back = self.pass_map_back(self.delta)
        if back is None:
            return None
        np.add(back, self.carried, out=self.carried)
        self.mark("skip", self.carried)
        return self.carried

    def _gate_backward(self, gradient: Array, out: Array) -> None:
        """out ← ∂C/∂(gate's pre-activation) = ∂a (H − x) T (1 − T)"""
        np.subtract(self.candidate, self.x[:-1], out=out)
        np.multiply(out, gradient, out=out)
        np.multiply(out, self.transform, out=out)
        np.multiply(out, self.carry, out=out)

    def taps(self) -> list[Tap]:
        """Besides the usual, the gates ``transform`` = T and ``carry`` = 1 − T, (units, samples)."""
        tap = affine_tap(self.info, self.affine, self.spec.activation, self.z, self.out[:-1], self.slope, self.delta)
        gates = {"transform": read_only(self.transform), "carry": read_only(self.carry)}
        return [replace(tap, extras=gates)]
