"""A recurrent layer with a single gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.base import Module, Shape
from simulator.layers.recurrent.cell import Cell, CellArrays, Step, slopes_of_gates
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.layers.recurrent.through_time import ThroughTime


class SingleGate(ThroughTime, frozen=True, kw_only=True, tag="single_gate"):
    """A state that one gate moves towards a candidate: h_t = h_{t−1} + u ⊙ (candidate − h_{t−1})."""

    gates: ClassVar[tuple[str, ...]] = ("update",)

    def build(self, place: tuple[int, ...], input_shape: Shape) -> Module:
        return ThroughTimeModule(self, SingleGateCell(self.units, self.nonlinearity()), place, input_shape)


@dataclass(slots=True)
class SingleGateStep(Step):
    h_before: Array
    z: Array
    update: Array
    candidate: Array


class SingleGateCell(Cell[SingleGateStep]):
    """u, candidate = σ(z_u), tanh(z_c) of z = W [h_{t−1}; x_t; 1];  h_t = h_{t−1} + u ⊙ (candidate − h_{t−1}).

    Back: δ_u = (candidate − h_{t−1}) u (1 − u) ⊙ ∂C/∂h_t, δ_c = u (1 − candidate²) ⊙ ∂C/∂h_t,
    ∂C/∂h_{t−1} = W_hᵀ δ + (1 − u) ⊙ ∂C/∂h_t.
    """

    step = SingleGateStep
    gates = 2
    gate_rows: ClassVar[Mapping[str, int]] = {"update": 0}
    rows: ClassVar[Mapping[str, int]] = {"g": 2}

    def slabs(self, arrays: CellArrays) -> dict[str, Array]:
        g, units = arrays["g"], self.units
        return {"h_before": arrays["h"][:-1], "z": arrays["z"], "update": g[:, :units], "candidate": g[:, units:]}

    def forward(self, step: SingleGateStep) -> None:
        np.dot(self.weights, step.s, out=step.z)
        step.update[...] = 0.5 * np.tanh(0.5 * step.z[: self.units]) + 0.5
        np.tanh(step.z[self.units :], out=step.candidate)
        step.h[...] = step.h_before + step.update * (step.candidate - step.h_before)

    def backward_delta(self, step: SingleGateStep) -> None:
        u, candidate = step.update, step.candidate
        step.delta[: self.units] = (candidate - step.h_before) * u * (1 - u) * step.dh
        step.delta[self.units :] = u * (1 - candidate * candidate) * step.dh

    def backward_state(self, step: SingleGateStep) -> None:
        np.dot(self.from_state, step.delta, out=step.dh_before)
        step.dh_before += (1 - step.update) * step.dh

    def fill_taps(self, arrays: CellArrays) -> None:
        slopes_of_gates(arrays["g"], arrays["slope"], self.units)
