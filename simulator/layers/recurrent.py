"""The plain recurrent layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, cast

import numpy as np

from simulator.activations import AnyActivation, Tanh
from simulator.layers.base import Shape
from simulator.layers.stretch import Stretch
from simulator.layers.through_time import ThroughTime, ThroughTimeModule
from simulator.numeric import Array
from simulator.parameter import knob


class Recurrent(ThroughTime, frozen=True, kw_only=True, tag="recurrent"):
    """The same weights at every step: h_t = φ(W_x x_t + W_h h_{t−1} + b), h_0 = 0.

    Going back, every step multiplies the error signal by W_hᵀ and the slopes: T plays the part of depth. With ReLU and
    recurrent weights that start as the identity it is an IRNN.

    Elman 1990, Finding structure in time; IRNN: Le, Jaitly and Hinton 2015, arXiv:1504.00941.
    """

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

    def forth(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        return arrays["s"][:-1], arrays["z"], arrays["h"][1:]

    def run(self, stretch: Stretch) -> None:
        weights, apply, dot = self.folded, self.activation.apply, np.dot
        for s, z, h in stretch.forth:
            dot(weights, s, out=z)
            apply(z, h)

    def tell(self, stretch: Stretch) -> None:
        self.activation.derivative(stretch["z"], stretch["h"][1:], stretch["slope"])

    def back(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        return arrays["delta"], arrays["dh"][1:], arrays["dh"][:-1]

    def retrace(self, start: int, stretch: Stretch, every: Array | None) -> None:
        self.activation.derivative(stretch["z"], stretch["h"][1:], stretch["delta"])
        weights, cuts, dot, multiply = self.block.value[: self.width], self.cuts, np.dot, np.multiply
        faint, flush = self.faint, self.underflows[0].flush
        t = start + stretch.length
        for delta, d, before in stretch.back:
            t -= 1
            multiply(delta, d, out=delta)
            if t in cuts:
                before.fill(0)
            else:
                dot(weights, delta, out=before)
                if faint:
                    flush(before)
            if every is not None and t:
                np.add(before, every[t - 1], out=before)
