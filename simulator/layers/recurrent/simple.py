"""The plain recurrent layer."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from numpy import dot, multiply

from simulator.arrays.numeric import Array
from simulator.layers.base import Module, Shape
from simulator.layers.recurrent.cell import Cell, CellArrays, Step
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.layers.recurrent.through_time import ThroughTime
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

    def nonlinearity(self) -> AnyActivation:
        return self.activation

    def build(self, place: tuple[int, ...], input_shape: Shape) -> Module:
        return ThroughTimeModule(self, SimpleCell(self.units, self.activation), place, input_shape)


@dataclass(slots=True)
class SimpleStep(Step):
    """One time step of a plain cell."""

    z: Array
    """Pre-activations, (units, batch)."""


class SimpleCell(Cell[SimpleStep]):
    """z_t = W [h_{t−1}; x_t; 1], h_t = φ(z_t).

    Back: δ_t = φ'(z_t) ⊙ ∂C/∂h_t, ∂C/∂h_{t−1} = W_hᵀ δ_t.
    """

    step = SimpleStep

    def slabs(self, arrays: CellArrays) -> dict[str, Array]:
        return {"z": arrays["z"]}

    def forward(self, step: SimpleStep) -> None:
        dot(self.weights, step.s, out=step.z)
        self.activation.apply(step.z, step.h)

    def backward_all(self, arrays: CellArrays) -> None:
        """delta ← φ'(z)."""
        self.activation.derivative(arrays["z"], arrays["h"][1:], arrays["delta"])

    def backward_delta(self, step: SimpleStep) -> None:
        multiply(step.delta, step.dh, out=step.delta)

    def backward_state(self, step: SimpleStep) -> None:
        dot(self.from_state, step.delta, out=step.dh_before)

    def fill_taps(self, arrays: CellArrays) -> None:
        self.activation.derivative(arrays["z"], arrays["h"][1:], arrays["slope"])
