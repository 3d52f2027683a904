"""The gated recurrent unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy import add, dot, multiply, subtract, tanh

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.layers.base import Module, Shape
from simulator.layers.recurrent.cell import Cell, CellArrays, Step, slopes_of_gates
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.layers.recurrent.through_time import ThroughTime


class GRU(ThroughTime, frozen=True, kw_only=True, tag="gru"):
    """A state that a gate mixes with a candidate: h_t = C ⊙ candidate + (1 − C) ⊙ h_{t−1}.

    C = σ(…) is the transform gate (some libraries call 1 − C the update gate), R = σ(…) the reset gate, both from
    [h_{t−1}; x_t]; candidate = tanh(W_x x_t + b + R ⊙ (W_h h_{t−1})).

    Cho et al. 2014, Learning phrase representations using RNN encoder–decoder for statistical machine translation,
    arXiv:1406.1078.
    """

    gates: ClassVar[tuple[str, ...]] = ("transform", "reset")
    label: ClassVar[str] = "GRU"
    formula: ClassVar[str] = (
        r"$$C_t=\sigma(W_C\,[h_{t-1};x_t]+b_C),\qquad R_t=\sigma(W_R\,[h_{t-1};x_t]+b_R)$$"
        "\n\n"
        r"$$g_t=\tanh(W_xx_t+b+R_t\odot W_hh_{t-1}),\qquad h_t=C_t\odot g_t+(1-C_t)\odot h_{t-1}$$"
    )

    def build(self, place: tuple[int, ...], input_shape: Shape) -> Module:
        return ThroughTimeModule(self, GRUCell(self.units, self.nonlinearity()), place, input_shape)


@dataclass(slots=True)
class GRUStep(Step):
    """One time step of a GRU; (units, batch) each, z and the gates in the order transform, reset, candidate."""

    h_before: Array
    z_gates: Array
    """(2 · units, batch)"""
    z_candidate: Array
    gates: Array
    """Transform and reset, (2 · units, batch)."""
    transform: Array
    reset: Array
    candidate: Array
    state_part: Array
    """W_h h_{t−1} of the candidate."""
    slopes: Array
    """delta as (3, units, batch)."""
    gate_delta: Array
    """∂C/∂z of the gates, (2 · units, batch)."""
    state_part_delta: Array
    """∂C/∂state_part."""
    carry: Array
    """1 − C."""


class GRUCell(Cell[GRUStep]):
    """C, R = σ(z_gates), candidate = tanh(z_candidate), h_t = h_{t−1} + C ⊙ (candidate − h_{t−1}).

    z_gates = W [h_{t−1}; x_t; 1], state_part = W_h h_{t−1}, z_candidate = W_x x_t + b + R ⊙ state_part.
    One tanh serves all: σ(z) = ½ tanh(½ z) + ½, the inner ½ in the weights.

    Back: δ_t = ∂h_t/∂z_t ⊙ ∂C/∂h_t, ∂C/∂state_part = R ⊙ δ_candidate,
    ∂C/∂h_{t−1} = W_gatesᵀ δ_gates + W_hᵀ ∂C/∂state_part + (1 − C) ⊙ ∂C/∂h_t.
    """

    step = GRUStep
    gates = 3
    gate_rows: ClassVar[Mapping[str, int]] = {"transform": 0, "reset": 1}
    rows: ClassVar[Mapping[str, int]] = {"g": 3, "state_part": 1, "state_part_delta": 1, "carry": 1}
    deltas = ("delta", "state_part_delta")

    def allocate(self, arena: Arena, features: int, batch: int) -> None:
        super().allocate(arena, features, batch)
        units = self.units
        self.gate_weights = arena.zeros(2 * units, units + features + 1)
        self.state_weights = arena.zeros(units, units)
        self.gate_weights_back = arena.zeros(units, 2 * units)
        self.state_weights_back = arena.zeros(units, units)

    def prepare(self, kernel: Array) -> None:
        super().prepare(kernel)
        gates, from_state = 2 * self.units, self.from_state
        np.multiply(kernel[:, :gates].T, 0.5, out=self.gate_weights)
        np.copyto(self.state_weights, from_state[:, gates:].T)
        np.copyto(self.gate_weights_back, from_state[:, :gates])
        np.copyto(self.state_weights_back, from_state[:, gates:])

    def slabs(self, arrays: CellArrays) -> dict[str, Array]:
        z, g, delta, units = arrays["z"], arrays["g"], arrays["delta"], self.units
        return {
            "h_before": arrays["h"][:-1],
            "z_gates": z[:, : 2 * units],
            "z_candidate": z[:, 2 * units :],
            "gates": g[:, : 2 * units],
            "transform": g[:, :units],
            "reset": g[:, units : 2 * units],
            "candidate": g[:, 2 * units :],
            "slopes": delta.reshape(len(delta), 3, units, -1),
            "gate_delta": delta[:, : 2 * units],
            **{name: arrays[name] for name in ("state_part", "state_part_delta", "carry")},
        }

    def forward_all(self, arrays: CellArrays) -> None:
        """z_candidate ← W_x x_t + b."""
        units = self.units
        np.matmul(self.weights[2 * units :, units:], arrays["s"][:-1, units:], out=arrays["z"][:, 2 * units :])

    def forward(self, step: GRUStep) -> None:
        gates, half, z, spare = step.gates, self.half, step.z_candidate, self.spare
        dot(self.gate_weights, step.s, out=step.z_gates)
        tanh(step.z_gates, out=gates)
        multiply(gates, half, out=gates)
        add(gates, half, out=gates)
        dot(self.state_weights, step.h_before, out=step.state_part)
        multiply(step.reset, step.state_part, out=spare)
        add(z, spare, out=z)
        tanh(z, out=step.candidate)
        subtract(step.candidate, step.h_before, out=spare)
        multiply(step.transform, spare, out=spare)
        add(step.h_before, spare, out=step.h)

    def backward_all(self, arrays: CellArrays) -> None:
        """delta, state_part_delta ← ∂h_t/∂z_t, ∂h_t/∂state_part;  carry ← 1 − C."""
        units, g, delta, state_part_delta = self.units, arrays["g"], arrays["delta"], arrays["state_part_delta"]
        transform, reset, candidate = (g[:, row * units : (row + 1) * units] for row in range(3))
        delta_transform, delta_reset, delta_candidate = (delta[:, row * units : (row + 1) * units] for row in range(3))
        gates, delta_gates = g[:, : 2 * units], delta[:, : 2 * units]
        subtract(1, gates, out=delta_gates)
        np.copyto(arrays["carry"], delta_transform)
        multiply(delta_gates, gates, out=delta_gates)
        subtract(candidate, arrays["h"][:-1], out=state_part_delta)
        multiply(delta_transform, state_part_delta, out=delta_transform)
        multiply(candidate, candidate, out=delta_candidate)
        subtract(1, delta_candidate, out=delta_candidate)
        multiply(delta_candidate, transform, out=delta_candidate)
        multiply(delta_reset, delta_candidate, out=delta_reset)
        multiply(delta_reset, arrays["state_part"], out=delta_reset)
        multiply(delta_candidate, reset, out=state_part_delta)

    def backward_delta(self, step: GRUStep) -> None:
        multiply(step.slopes, step.dh, out=step.slopes)
        multiply(step.state_part_delta, step.dh, out=step.state_part_delta)

    def backward_state(self, step: GRUStep) -> None:
        before, spare = step.dh_before, self.spare
        dot(self.gate_weights_back, step.gate_delta, out=before)
        dot(self.state_weights_back, step.state_part_delta, out=spare)
        add(before, spare, out=before)
        multiply(step.carry, step.dh, out=spare)
        add(before, spare, out=before)

    def outer(self, deltas: Sequence[Array], sources: Array, out: Array) -> None:
        """The candidate's W_h meets ∂C/∂state_part, all else δ."""
        gates, (delta, state_part_delta) = 2 * self.units, deltas
        np.matmul(delta[..., :gates, :], sources, out=out[..., :gates, :])
        np.matmul(delta[..., gates:, :], sources[..., self.units :], out=out[..., gates:, self.units :])
        np.matmul(state_part_delta, sources[..., : self.units], out=out[..., gates:, : self.units])

    def fill_taps(self, arrays: CellArrays) -> None:
        """z of the gates without the ½; slopes relative to their largest value, as in the LSTM."""
        gates = arrays["z"][:, : 2 * self.units]
        np.multiply(gates, 2, out=gates)
        slopes_of_gates(arrays["g"], arrays["slope"], 2 * self.units)
