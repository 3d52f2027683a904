"""The plain recurrent layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, cast

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.base import Shape
from simulator.layers.recurrent.loop import ThroughTime, ThroughTimeModule
from simulator.layers.recurrent.segment import Segment
from simulator.parts.activations import AnyActivation, Tanh
from simulator.schema.parameter import knob


class Recurrent(ThroughTime, frozen=True, kw_only=True, tag="recurrent"):
    """The same weights at every step: h_t = φ(W_x x_t + W_h h_{t−1} + b), h_0 = 0.

    Going back, every step multiplies the error signal by W_hᵀ and the slopes: T plays the part of depth. With ReLU and
    recurrent weights that start as the identity it is an IRNN.

    Elman 1990, Finding structure in time; IRNN: Le, Jaitly and Hinton 2015, arXiv:1504.00941.
    """

    formula: ClassVar[str] = r"$$h_t=\varphi(W_xx_t+W_hh_{t-1}+b),\qquad h_0=0$$"

    activation: Annotated[AnyActivation, knob("activation", "The nonlinearity φ.")] = Tanh()

    def build(self, place: tuple[int, ...], input_shape: Shape) -> RecurrentModule:
        return RecurrentModule(self, place, input_shape)


class RecurrentModule(ThroughTimeModule):
    """δ_t = φ'(z_t) ⊙ ∂C/∂h_t,  ∂C/∂h_{t−1} = W_hᵀ δ_t + what the output gives there."""

    def __init__(self, spec: Recurrent, place: tuple[int, ...], input_shape: Shape) -> None:
        super().__init__(spec, place, input_shape)
        self.activation_kind = spec.activation.kind

    @property
    def activation(self) -> AnyActivation:
        return cast(AnyActivation, self.spec.activation)

    def forward_views(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        return arrays["s"][:-1], arrays["z"], arrays["h"][1:]

    def forward_steps(self, segment: Segment) -> None:
        weights, apply, dot = self.folded, self.activation.apply, np.dot
        for s, z, h in segment.forward_views:
            dot(weights, s, out=z)
            apply(z, h)

    def fill_taps(self, segment: Segment) -> None:
        self.activation.derivative(segment["z"], segment["h"][1:], segment["slope"])

    def backward_views(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        return arrays["delta"], arrays["dh"][1:], arrays["dh"][:-1]

    def backward_steps(self, start: int, segment: Segment, every: Array | None) -> None:
        self.activation.derivative(segment["z"], segment["h"][1:], segment["delta"])
        weights, cuts, dot, multiply = self.block.value[: self.width], self.cuts, np.dot, np.multiply
        may_underflow, flush = self.may_underflow, self.underflows[0].flush
        t = start + segment.length
        for delta, d, before in segment.backward_views:
            t -= 1
            multiply(delta, d, out=delta)
            if t in cuts:
                before.fill(0)
            else:
                dot(weights, delta, out=before)
                if may_underflow:
                    flush(before)
            if every is not None and t:
                np.add(before, every[t - 1], out=before)
