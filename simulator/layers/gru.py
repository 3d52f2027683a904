"""The gated recurrent unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from simulator.activations import AnyActivation, Tanh
from simulator.layers.base import Room, Shape
from simulator.layers.through_time import Stretch, ThroughTime, ThroughTimeModule, slopes_of_gates
from simulator.numeric import Array


class GRU(ThroughTime, frozen=True, kw_only=True, tag="gru"):
    """A state that a gate mixes with a candidate: h_t = C ⊙ candidate + (1 − C) ⊙ h_{t−1}.

    C = σ(…) is the transform gate (some libraries call 1 − C the update gate), R = σ(…) the reset gate, both from
    [h_{t−1}; x_t]; candidate = tanh(W_x x_t + b + R ⊙ (W_h h_{t−1})).
    """

    label: ClassVar[str] = "GRU"

    def build(self, place: tuple[int, ...], input_shape: Shape) -> GRUModule:
        return GRUModule(self, place, input_shape)


class GRUModule(ThroughTimeModule):
    """Gates in the order transform, reset, candidate; slopes as in the LSTM's module.

    ``recalled`` is W_h h_{t−1} of the candidate, ``recall_delta`` = ∂C/∂recalled.
    """

    gates = 3
    extra_deltas = 1
    gate_rows: ClassVar[Mapping[str, int]] = {"transform": 0, "reset": 1}
    activation_kind = "tanh"

    @property
    def activation(self) -> AnyActivation:
        return Tanh()

    def per_step(self) -> dict[str, int]:
        return {"g": 3, "recalled": 1, "recall_delta": 1, "carry": 1}

    def allocate(self, room: Room) -> None:
        width = self.width
        self.gate_weights = room.arena.zeros(2 * width, self.inputs + 1)
        self.recall_weights = room.arena.zeros(width, width)
        self.gate_back = room.arena.zeros(width, 2 * width)
        self.recall_back = room.arena.zeros(width, width)
        super().allocate(room)

    def prepare(self) -> None:
        kernel, width = self.block.value, self.width
        np.multiply(kernel[:, : 2 * width].T, 0.5, out=self.gate_weights)
        np.copyto(self.folded, kernel.T)
        np.copyto(self.recall_weights, kernel[:width, 2 * width :].T)
        np.copyto(self.gate_back, kernel[:width, : 2 * width])
        np.copyto(self.recall_back, kernel[:width, 2 * width :])

    def forth(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        z, g, h, width = arrays["z"], arrays["g"], arrays["h"], self.width
        gates = z[:, : 2 * width], g[:, : 2 * width], g[:, :width], g[:, width : 2 * width]
        candidate = arrays["recalled"], z[:, 2 * width :], g[:, 2 * width :]
        return arrays["s"][:-1], *gates, *candidate, h[:-1], h[1:]

    def run(self, stretch: Stretch) -> None:
        width, spare = self.width, self.spare
        gate_weights, recall_weights = self.gate_weights, self.recall_weights
        dot, tanh, add, multiply = np.dot, np.tanh, np.add, np.multiply
        candidates = self.folded[2 * width :, width:]
        np.matmul(candidates, stretch["s"][:-1, width:], out=stretch["z"][:, 2 * width :])
        for s, z_gates, gates, transform, reset, recalled, z, candidate, before, h in stretch.forth:
            dot(gate_weights, s, out=z_gates)
            tanh(z_gates, out=gates)
            multiply(gates, 0.5, out=gates)
            add(gates, 0.5, out=gates)
            dot(recall_weights, before, out=recalled)
            multiply(reset, recalled, out=spare)
            add(z, spare, out=z)
            tanh(z, out=candidate)
            np.subtract(candidate, before, out=spare)
            multiply(transform, spare, out=spare)
            add(before, spare, out=h)
        folded = stretch["z"][:, : 2 * width]
        multiply(folded, 2, out=folded)

    def slopes(self, stretch: Stretch) -> None:
        """delta ← ∂h_t/∂z of each row, which the loop multiplies by ∂C/∂h_t; ``carry`` = 1 − C."""
        width = self.width
        g, slope, delta, recall_delta = (stretch[name] for name in ("g", "slope", "delta", "recall_delta"))
        transform, reset, candidate = (g[:, row * width : (row + 1) * width] for row in range(3))
        slopes_of_gates(g, slope, 2 * width)
        for_transform, for_reset, for_candidate = (delta[:, row * width : (row + 1) * width] for row in range(3))
        np.subtract(candidate, stretch["h"][:-1], out=for_transform)
        np.multiply(for_transform, slope[:, :width], out=for_transform)
        np.multiply(transform, slope[:, 2 * width :], out=for_candidate)
        np.multiply(for_candidate, stretch["recalled"], out=for_reset)
        np.multiply(for_reset, slope[:, width : 2 * width], out=for_reset)
        np.multiply(for_candidate, reset, out=recall_delta)
        np.multiply(slope[:, : 2 * width], 4, out=slope[:, : 2 * width])
        np.subtract(1, transform, out=stretch["carry"])

    def back(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        width, delta, dh = self.width, arrays["delta"], arrays["dh"]
        rows = delta.reshape(len(delta), 3, width, -1)
        return rows, delta[:, : 2 * width], arrays["recall_delta"], arrays["carry"], dh[1:], dh[:-1]

    def retrace(self, start: int, stretch: Stretch, every: Array | None) -> None:
        gate_back, recall_back, cuts, spare = self.gate_back, self.recall_back, self.cuts, self.spare
        dot, add, multiply = np.dot, np.add, np.multiply
        t = start + stretch.length
        for rows, gates, recall_delta, carry, d, before in stretch.back:
            t -= 1
            multiply(rows, d, out=rows)
            multiply(recall_delta, d, out=recall_delta)
            if t in cuts:
                before.fill(0)
            else:
                dot(gate_back, gates, out=before)
                dot(recall_back, recall_delta, out=spare)
                add(before, spare, out=before)
                multiply(carry, d, out=spare)
                add(before, spare, out=before)
            if every is not None and t:
                add(before, every[t - 1], out=before)

    def outer(self, stretch: Stretch, out: Array) -> None:
        width, rows = self.width, 3 * self.width
        np.copyto(stretch.deltas[rows:], stretch["recall_delta"].transpose(1, 0, 2))
        s = stretch.sources.reshape(len(out), -1)
        delta = stretch.deltas.reshape(4 * width, -1)
        np.matmul(s, delta[: 2 * width].T, out=out[:, : 2 * width])
        np.matmul(s[width:], delta[2 * width : rows].T, out=out[width:, 2 * width :])
        np.matmul(s[:width], delta[rows:].T, out=out[:width, 2 * width :])
