"""Long short-term memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy import add, dot, multiply, subtract, tanh

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.layers.base import Module, Shape
from simulator.layers.recurrent.cell import Cell, CellArrays, Step, slopes_of_gates
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.layers.recurrent.through_time import ThroughTime
from simulator.parts.activations import AnyActivation
from simulator.schema.parameter import knob


class LSTM(ThroughTime, frozen=True, kw_only=True, tag="lstm"):
    """A state with a cell that gates write, keep and read: c_t = f ⊙ c_{t−1} + i ⊙ tanh(…), h_t = o ⊙ tanh(c_t).

    Input, forget and output gate i, f, o = σ(W [h_{t−1}; x_t] + b) with weights of their own. Where f is near 1 the
    gradient of the cell passes unchanged: ∂c_T/∂c_0 = Π f_t where nothing else feeds back.

    Hochreiter and Schmidhuber 1997, Long short-term memory; the forget gate: Gers, Schmidhuber and Cummins 2000,
    Learning to forget.
    """

    gates: ClassVar[tuple[str, ...]] = ("forget", "input", "output")
    label: ClassVar[str] = "LSTM"
    formula: ClassVar[str] = (
        r"$$i_t,f_t,o_t=\sigma(W\,[h_{t-1};x_t]+b)$$"
        "\n\n"
        r"$$c_t=f_t\odot c_{t-1}+i_t\odot\tanh(W_c\,[h_{t-1};x_t]+b_c),\qquad h_t=o_t\odot\tanh c_t$$"
    )
    forget_bias: Annotated[
        float,
        knob("forget bias", "Added to the forget gate's first biases: above 0 it starts by keeping.", slider=(-3, 5)),
    ] = 1.0

    def build(self, place: tuple[int, ...], input_shape: Shape) -> Module:
        cell = LSTMCell(self.units, self.nonlinearity(), self.forget_bias)
        return ThroughTimeModule(self, cell, place, input_shape)


@dataclass(slots=True)
class LSTMStep(Step):
    """One time step of an LSTM; (units, batch) each, z and the gates in the order output, input, forget, candidate."""

    g: Array
    """The gates and the candidate, (4 · units, batch)."""
    sigmoids: Array
    """The gates, (3 · units, batch)."""
    o: Array
    i: Array
    f: Array
    candidate: Array
    c: Array
    c_before: Array
    tanh_c: Array
    dc: Array
    """∂C/∂c_t."""
    dc_before: Array
    delta_sigmoids: Array
    """∂C/∂z of the gates, (3 · units, batch)."""
    delta_output: Array
    delta_passed: Array
    """∂C/∂z of input and forget gate, (2 · units, batch)."""
    delta_candidate: Array

    def gradients_before(self) -> tuple[Array, ...]:
        return self.dh_before, self.dc_before


class LSTMCell(Cell[LSTMStep]):
    """o, i, f = σ(z), candidate = tanh(z), c_t = f ⊙ c_{t−1} + i ⊙ candidate, h_t = o ⊙ tanh(c_t).

    z = W [h_{t−1}; x_t; 1]. One tanh serves all: σ(z) = ½ tanh(½ z) + ½, the inner ½ in the weights.

    Back: ∂C/∂c_t += ∂C/∂h_t ⊙ o (1 − tanh² c_t); a gate's slope is σ (1 − σ), and σ times what it meets is at hand:
    δ_o = (1 − o) h_t ⊙ ∂C/∂h_t, δ_i = (1 − i) candidate i ⊙ ∂C/∂c_t, δ_f = (1 − f) c_{t−1} f ⊙ ∂C/∂c_t,
    δ_candidate = i (1 − candidate²) ⊙ ∂C/∂c_t; ∂C/∂c_{t−1} = f ⊙ ∂C/∂c_t, ∂C/∂h_{t−1} = W_hᵀ δ_t.
    """

    step = LSTMStep
    gates = 4
    gate_rows: ClassVar[Mapping[str, int]] = {"output": 0, "input": 1, "forget": 2}
    states = ("h", "c")
    rows: ClassVar[Mapping[str, int]] = {"g": 4, "tanh_c": 1}
    keeps_z = False
    extras: ClassVar[Mapping[str, str]] = {"cell": "c", "cell_gradient": "dc"}

    def __init__(self, units: int, activation: AnyActivation, forget_bias: float) -> None:
        super().__init__(units, activation)
        self.forget_bias = forget_bias

    def allocate(self, arena: Arena, features: int, batch: int) -> None:
        self.z = arena.zeros(4 * self.units, batch)
        self.passed = arena.zeros(2 * self.units, batch)
        """What the input and the forget gate let pass, first forward, then back."""
        self.written, self.kept = self.passed[: self.units], self.passed[self.units :]
        super().allocate(arena, features, batch)

    def start(self, kernel: Array) -> None:
        kernel[-1, 2 * self.units : 3 * self.units] += self.forget_bias

    def prepare(self, kernel: Array) -> None:
        super().prepare(kernel)
        gates = self.weights[: 3 * self.units]
        np.multiply(gates, 0.5, out=gates)

    def slabs(self, arrays: CellArrays) -> dict[str, Array]:
        g, c, dc, delta, units = arrays["g"], arrays["c"], arrays["dc"], arrays["delta"], self.units
        return {
            "g": g,
            "sigmoids": g[:, : 3 * units],
            **{name: g[:, row * units : (row + 1) * units] for row, name in enumerate(("o", "i", "f", "candidate"))},
            "c": c[1:],
            "c_before": c[:-1],
            "tanh_c": arrays["tanh_c"],
            "dc": dc[1:],
            "dc_before": dc[:-1],
            "delta_sigmoids": delta[:, : 3 * units],
            "delta_output": delta[:, :units],
            "delta_passed": delta[:, units : 3 * units],
            "delta_candidate": delta[:, 3 * units :],
        }

    def forward(self, step: LSTMStep) -> None:
        sigmoids, half, c, tanh_c = step.sigmoids, self.half, step.c, step.tanh_c
        dot(self.weights, step.s, out=self.z)
        tanh(self.z, out=step.g)
        multiply(sigmoids, half, out=sigmoids)
        add(sigmoids, half, out=sigmoids)
        multiply(step.i, step.candidate, out=self.written)
        multiply(step.f, step.c_before, out=self.kept)
        add(self.written, self.kept, out=c)
        tanh(c, out=tanh_c)
        multiply(step.o, tanh_c, out=step.h)

    def backward_delta(self, step: LSTMStep) -> None:
        dh, dc, spare, written = step.dh, step.dc, self.spare, self.written
        delta_output, delta_passed, delta_candidate = step.delta_output, step.delta_passed, step.delta_candidate
        multiply(step.h, step.tanh_c, out=spare)
        subtract(step.o, spare, out=spare)
        multiply(spare, dh, out=spare)
        add(dc, spare, out=dc)
        subtract(self.one, step.sigmoids, out=step.delta_sigmoids)
        multiply(delta_output, step.h, out=delta_output)
        multiply(delta_output, dh, out=delta_output)
        multiply(step.i, dc, out=spare)
        multiply(spare, step.candidate, out=written)
        multiply(written, step.candidate, out=delta_candidate)
        subtract(spare, delta_candidate, out=delta_candidate)
        multiply(step.f, dc, out=step.dc_before)
        multiply(step.dc_before, step.c_before, out=self.kept)
        multiply(delta_passed, self.passed, out=delta_passed)

    def backward_state(self, step: LSTMStep) -> None:
        dot(self.from_state, step.delta, out=step.dh_before)

    def fill_taps(self, arrays: CellArrays) -> None:
        """z from the states; slopes relative to their largest value, 4 σ'(z) for the gates.

        So "saturated" means the same for all rows.
        """
        np.matmul(self.kernel.T, arrays["s"][:-1], out=arrays["z"])
        slopes_of_gates(arrays["g"], arrays["slope"], 3 * self.units)
