"""Long short-term memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np

from simulator.activations import AnyActivation, Tanh
from simulator.layers.base import Shape
from simulator.layers.through_time import Stretch, ThroughTime, ThroughTimeModule, slopes_of_gates
from simulator.numeric import Array
from simulator.parameter import knob


class LSTM(ThroughTime, frozen=True, kw_only=True, tag="lstm"):
    """A state with a cell that gates write, keep and read: c_t = f ⊙ c_{t−1} + i ⊙ tanh(…), h_t = o ⊙ tanh(c_t).

    Input, forget and output gate i, f, o = σ(W [h_{t−1}; x_t] + b) with weights of their own. Where f is near 1 the
    gradient of the cell passes unchanged: ∂c_T/∂c_0 = Π f_t where nothing else feeds back.
    """

    label: ClassVar[str] = "LSTM"
    forget_bias: Annotated[
        float,
        knob("forget bias", "Added to the forget gate's first biases: above 0 it starts by keeping.", slider=(-3, 5)),
    ] = 1.0

    def build(self, place: tuple[int, ...], input_shape: Shape) -> LSTMModule:
        return LSTMModule(self, place, input_shape)


class LSTMModule(ThroughTimeModule):
    """Gates in the order output, input, forget, candidate.

    One tanh serves all: σ(z) = ½ tanh(½ z) + ½, the inner ½ in the weights. The tap's slope is relative to its largest
    value, 4 σ'(z) for the gates, so that "saturated" means the same for all rows.
    """

    gates = 4
    flows = (("h", "dh"), ("c", "dc"))
    gate_rows: ClassVar[Mapping[str, int]] = {"output": 0, "input": 1, "forget": 2}
    activation_kind = "tanh"

    @property
    def activation(self) -> AnyActivation:
        return Tanh()

    def carried(self) -> tuple[str, ...]:
        return ("dh", "c", "dc")

    def per_step(self) -> dict[str, int]:
        return {"g": 4, "tanh_c": 1, "through": 1}

    def more_extras(self) -> dict[str, str]:
        return {"cell": "c", "cell_gradient": "dc"}

    def initialise(self, seed: int, x: Array) -> None:
        super().initialise(seed, x)
        self.block.value[-1, 2 * self.width : 3 * self.width] += self.spec.forget_bias

    def prepare(self) -> None:
        super().prepare()
        gates = self.folded[: 3 * self.width]
        np.multiply(gates, 0.5, out=gates)

    def _parts(self, array: Array) -> tuple[Array, ...]:
        """Output, input, forget, candidate."""
        return tuple(array[:, row * self.width : (row + 1) * self.width] for row in range(4))

    def forth(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        g, c = arrays["g"], arrays["c"]
        z, own, gates = arrays["z"], (arrays["tanh_c"], arrays["h"][1:]), 3 * self.width
        whole = z[:, :gates], z[:, gates:], z, g, g[:, :gates]
        return arrays["s"][:-1], *whole, *self._parts(g), c[:-1], c[1:], *own

    def run(self, stretch: Stretch) -> None:
        spare, width = self.spare, self.width
        # Two products are faster than one of 4 × 64 rows, for which OpenBLAS needs another round.
        gate_weights, candidate_weights = self.folded[: 3 * width], self.folded[3 * width :]
        dot, tanh, add, multiply = np.dot, np.tanh, np.add, np.multiply
        for s, z_gates, z_candidate, z, g, gates, o, i, f, candidate, c_before, c, tanh_c, h in stretch.forth:
            dot(gate_weights, s, out=z_gates)
            dot(candidate_weights, s, out=z_candidate)
            tanh(z, out=g)
            multiply(gates, 0.5, out=gates)
            add(gates, 0.5, out=gates)
            multiply(f, c_before, out=c)
            multiply(i, candidate, out=spare)
            add(c, spare, out=c)
            tanh(c, out=tanh_c)
            multiply(o, tanh_c, out=h)
        gates = stretch["z"][:, : 3 * width]
        multiply(gates, 2, out=gates)

    def slopes(self, stretch: Stretch) -> None:
        """delta ← ∂z/∂(c or h) of each row, which the loop multiplies by the gradient; ``through`` = ∂c_t/∂h_t."""
        width = self.width
        g, slope, delta, tanh_c, through = (stretch[name] for name in ("g", "slope", "delta", "tanh_c", "through"))
        slopes_of_gates(g, slope, 3 * width)
        o, i, _, candidate = self._parts(g)
        slopes, deltas = self._parts(slope), self._parts(delta)
        for part, row in zip((tanh_c, candidate, stretch["c"][:-1], i), range(4), strict=True):
            np.multiply(part, slopes[row], out=deltas[row])
        np.multiply(slope[:, : 3 * width], 4, out=slope[:, : 3 * width])
        np.multiply(stretch["h"][1:], tanh_c, out=through)
        np.subtract(o, through, out=through)

    def back(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        width, delta, dc, dh = self.width, arrays["delta"], arrays["dc"], arrays["dh"]
        by_cell = delta[:, width:].reshape(len(delta), 3, width, -1)
        gates = delta, delta[:, :width], by_cell, self._parts(arrays["g"])[2]
        return arrays["through"], *gates, dc[1:], dc[:-1], dh[1:], dh[:-1]

    def retrace(self, start: int, stretch: Stretch, every: Array | None) -> None:
        weights, cuts, spare = self.block.value[: self.width], self.cuts, self.spare
        dot, add, multiply = np.dot, np.add, np.multiply
        t = start + stretch.length
        for through, delta, by_hidden, by_cell, f, dc, dc_before, d, before in stretch.back:
            t -= 1
            multiply(through, d, out=spare)
            add(dc, spare, out=dc)
            multiply(by_cell, dc, out=by_cell)
            multiply(by_hidden, d, out=by_hidden)
            if t in cuts:
                before.fill(0)
                dc_before.fill(0)
            else:
                dot(weights, delta, out=before)
                multiply(f, dc, out=dc_before)
            if every is not None and t:
                add(before, every[t - 1], out=before)
