"""The gated recurrent unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.base import BuildContext, Shape
from simulator.layers.recurrent.loop import ThroughTime, ThroughTimeModule
from simulator.layers.recurrent.segment import Segment, slopes_of_gates
from simulator.parts.activations import AnyActivation, Tanh


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

    def build(self, place: tuple[int, ...], input_shape: Shape) -> GRUModule:
        return GRUModule(self, place, input_shape)


class GRUModule(ThroughTimeModule):
    """Gates in the order transform, reset, candidate; slopes as in the LSTM's module.

    ``recalled`` is W_h h_{t−1} of the candidate, ``recall_delta`` = ∂C/∂recalled.
    """

    gates = 3
    deltas = ("delta", "recall_delta")
    gate_rows: ClassVar[Mapping[str, int]] = {"transform": 0, "reset": 1}
    activation_kind = "tanh"

    @property
    def activation(self) -> AnyActivation:
        return Tanh()

    def per_step(self) -> dict[str, int]:
        return {"g": 3, "recalled": 1, "recall_delta": 1, "carry": 1}

    def allocate(self, context: BuildContext) -> None:
        width = self.width
        self.gate_weights = context.arena.zeros(2 * width, self.inputs + 1)
        self.recall_weights = context.arena.zeros(width, width)
        self.gate_back = context.arena.zeros(width, 2 * width)
        self.recall_back = context.arena.zeros(width, width)
        super().allocate(context)

    def prepare(self) -> None:
        kernel, width = self.block.value, self.width
        np.multiply(kernel[:, : 2 * width].T, 0.5, out=self.gate_weights)
        np.copyto(self.folded, kernel.T)
        np.copyto(self.recall_weights, kernel[:width, 2 * width :].T)
        np.copyto(self.gate_back, kernel[:width, : 2 * width])
        np.copyto(self.recall_back, kernel[:width, 2 * width :])

    def forward_views(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        z, g, h, width = arrays["z"], arrays["g"], arrays["h"], self.width
        gates = z[:, : 2 * width], g[:, : 2 * width], g[:, :width], g[:, width : 2 * width]
        candidate = arrays["recalled"], z[:, 2 * width :], g[:, 2 * width :]
        return arrays["s"][:-1], *gates, *candidate, h[:-1], h[1:]

    def forward_steps(self, segment: Segment) -> None:
        width, spare = self.width, self.spare
        gate_weights, recall_weights = self.gate_weights, self.recall_weights
        dot, tanh, add, multiply = np.dot, np.tanh, np.add, np.multiply
        candidates = self.folded[2 * width :, width:]
        np.matmul(candidates, segment["s"][:-1, width:], out=segment["z"][:, 2 * width :])
        for s, z_gates, gates, transform, reset, recalled, z, candidate, before, h in segment.forward_views:
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

    def fill_taps(self, segment: Segment) -> None:
        gates = segment["z"][:, : 2 * self.width]
        np.multiply(gates, 2, out=gates)
        slopes_of_gates(segment["g"], segment["slope"], 2 * self.width)

    def _slopes(self, segment: Segment) -> None:
        """delta ← ∂h_t/∂z of each row, which the loop multiplies by ∂C/∂h_t; ``carry`` = 1 − C."""
        width, g, delta, recall_delta = self.width, segment["g"], segment["delta"], segment["recall_delta"]
        multiply, subtract = np.multiply, np.subtract
        transform, reset, candidate = (g[:, row * width : (row + 1) * width] for row in range(3))
        for_transform, for_reset, for_candidate = (delta[:, row * width : (row + 1) * width] for row in range(3))
        gates, for_gates = g[:, : 2 * width], delta[:, : 2 * width]
        subtract(1, gates, out=for_gates)
        np.copyto(segment["carry"], for_transform)
        multiply(for_gates, gates, out=for_gates)
        subtract(candidate, segment["h"][:-1], out=recall_delta)
        multiply(for_transform, recall_delta, out=for_transform)
        multiply(candidate, candidate, out=for_candidate)
        subtract(1, for_candidate, out=for_candidate)
        multiply(for_candidate, transform, out=for_candidate)
        multiply(for_reset, for_candidate, out=for_reset)
        multiply(for_reset, segment["recalled"], out=for_reset)
        multiply(for_candidate, reset, out=recall_delta)

    def backward_views(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        width, delta, dh = self.width, arrays["delta"], arrays["dh"]
        rows = delta.reshape(len(delta), 3, width, -1)
        return rows, delta[:, : 2 * width], arrays["recall_delta"], arrays["carry"], dh[1:], dh[:-1]

    def backward_steps(self, start: int, segment: Segment, every: Array | None) -> None:
        self._slopes(segment)
        gate_back, recall_back, cuts, spare = self.gate_back, self.recall_back, self.cuts, self.spare
        dot, add, multiply = np.dot, np.add, np.multiply
        may_underflow, flush = self.may_underflow, self.underflows[0].flush
        t = start + segment.length
        for rows, gates, recall_delta, carry, d, before in segment.backward_views:
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
                if may_underflow:
                    flush(before)
            if every is not None and t:
                add(before, every[t - 1], out=before)

    def outer(self, deltas: Sequence[Array], sources: Array, out: Array) -> None:
        width, (delta, recall_delta) = 2 * self.width, deltas
        np.matmul(delta[..., :width, :], sources, out=out[..., :width, :])
        np.matmul(delta[..., width:, :], sources[..., self.width :], out=out[..., width:, self.width :])
        np.matmul(recall_delta, sources[..., : self.width], out=out[..., width:, : self.width])
