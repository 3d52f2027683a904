"""Long short-term memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.base import BuildContext, Shape
from simulator.layers.recurrent.loop import ThroughTime, ThroughTimeModule
from simulator.layers.recurrent.segment import Segment, slopes_of_gates
from simulator.parts.activations import AnyActivation, Tanh
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

    def build(self, place: tuple[int, ...], input_shape: Shape) -> LSTMModule:
        return LSTMModule(self, place, input_shape)


class LSTMModule(ThroughTimeModule):
    """Gates in the order output, input, forget, candidate.

    One tanh serves all: σ(z) = ½ tanh(½ z) + ½, the inner ½ in the weights. The tap's slope is relative to its largest
    value, 4 σ'(z) for the gates, so that "saturated" means the same for all rows.
    """

    gates = 4
    flows = (("h", "dh"), ("c", "dc"))
    keeps_z = False
    gate_rows: ClassVar[Mapping[str, int]] = {"output": 0, "input": 1, "forget": 2}
    activation_kind = "tanh"

    @property
    def activation(self) -> AnyActivation:
        return Tanh()

    def carried(self) -> tuple[str, ...]:
        return ("dh", "c", "dc")

    def per_step(self) -> dict[str, int]:
        return {"g": 4, "tanh_c": 1}

    def more_extras(self) -> dict[str, str]:
        return {"cell": "c", "cell_gradient": "dc"}

    def allocate(self, context: BuildContext) -> None:
        self.z, self.passed = (context.arena.zeros(rows * self.width, context.batch) for rows in (4, 2))
        """Of one step: pre-activations, and what the input and the forget gate let pass."""
        super().allocate(context)

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

    def forward_views(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        g, c, width = arrays["g"], arrays["c"], self.width
        own = c[:-1], c[1:], arrays["tanh_c"], arrays["h"][1:]
        return arrays["s"][:-1], g, g[:, : 3 * width], *self._parts(g), *own

    def forward_steps(self, segment: Segment) -> None:
        weights, z, dot, tanh, add, multiply = self.folded, self.z, np.dot, np.tanh, np.add, np.multiply
        written, kept = self.passed[: self.width], self.passed[self.width :]
        for s, g, gates, o, i, f, candidate, c_before, c, tanh_c, h in segment.forward_views:
            dot(weights, s, out=z)
            tanh(z, out=g)
            multiply(gates, 0.5, out=gates)
            add(gates, 0.5, out=gates)
            multiply(i, candidate, out=written)
            multiply(f, c_before, out=kept)
            add(written, kept, out=c)
            tanh(c, out=tanh_c)
            multiply(o, tanh_c, out=h)

    def fill_taps(self, segment: Segment) -> None:
        np.matmul(self.block.value.T, segment["s"][:-1], out=segment["z"])
        slopes_of_gates(segment["g"], segment["slope"], 3 * self.width)

    def backward_views(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        width, g, delta, c, dc, dh = self.width, arrays["g"], arrays["delta"], arrays["c"], arrays["dc"], arrays["dh"]
        sigmoids = g[:, : 3 * width], delta[:, : 3 * width], delta[:, width : 3 * width]
        others = delta[:, :width], delta[:, 3 * width :], delta
        states = arrays["h"][1:], arrays["tanh_c"], c[:-1], dc[1:], dc[:-1], dh[1:], dh[:-1]
        return *self._parts(g), *sigmoids, *others, *states

    def backward_steps(self, start: int, segment: Segment, every: Array | None) -> None:
        """Step by step, while all of a step is in the cache.

        A gate's slope is σ (1 − σ), and σ times what it meets is at hand: h = o ⊙ tanh c, i ⊙ dc and f ⊙ dc.
        """
        weights, cuts, spare = self.block.value[: self.width], self.cuts, self.spare
        may_underflow, flush = self.may_underflow, self.underflows[0].flush
        passed, written, kept = self.passed, self.passed[: self.width], self.passed[self.width :]
        dot, add, multiply, subtract = np.dot, np.add, np.multiply, np.subtract
        t = start + segment.length
        for (
            o, i, f, candidate, gates, by_gates, by_passed, by_hidden, by_candidate, delta,
            h, tanh_c, c_before, dc, dc_before, d, before,
        ) in segment.backward_views:  # fmt: skip
            t -= 1
            # dc += dh ⊙ o (1 − tanh² c)
            multiply(h, tanh_c, out=spare)
            subtract(o, spare, out=spare)
            multiply(spare, d, out=spare)
            add(dc, spare, out=dc)
            subtract(1, gates, out=by_gates)
            multiply(by_hidden, h, out=by_hidden)
            multiply(by_hidden, d, out=by_hidden)
            # i dc (1 − candidate²)
            multiply(i, dc, out=spare)
            multiply(spare, candidate, out=written)
            multiply(written, candidate, out=by_candidate)
            subtract(spare, by_candidate, out=by_candidate)
            multiply(f, dc, out=dc_before)
            multiply(dc_before, c_before, out=kept)
            multiply(by_passed, passed, out=by_passed)
            if t in cuts:
                before.fill(0)
                dc_before.fill(0)
            else:
                dot(weights, delta, out=before)
                if may_underflow:
                    flush(before)
                    flush(dc_before)
            if every is not None and t:
                add(before, every[t - 1], out=before)
