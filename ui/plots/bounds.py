"""One sample's gradient norms over depth beside what bounds them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.observations.base import Observed
from simulator.observations.bounds import BoundsObservation
from simulator.theory.bounds import Bounds
from ui.chart.legend import Key, Note
from ui.chart.marks import Area, Mark
from ui.chart.table import Table, cells
from ui.plots.base import Probe, View
from ui.plots.costly import CostlyPlot
from ui.plots.depth import DepthPlot, DepthState, MeasureColumn, MeasureLine, columns_apart
from ui.style.numbers import decimal, integer, not_finite, number


@dataclass(frozen=True)
class BoundsState(DepthState):
    """``measured`` is of the step in it, which may be a little before the frame's."""

    measured: Bounds | None = None
    seconds: float = 0.0
    """What measuring cost."""


class BoundsPlot(CostlyPlot[DepthState], DepthPlot):
    key = "bounds"
    spoken_as = (("bias_gradient_norm", "norms of bias gradients"), ("bound", "their bounds"))
    title = "Gradient bounds of one sample"
    side = "backward"
    least_width = 316
    least_height = 200
    explain = (
        "Filled: how large one sample's bias gradient is in each layer. Hollow: what it can be at most, given the "
        "largest stretch of every later weight matrix and the steepest slope of the activation. The gap is how "
        "loose the bound is. Times the norm of the layer's input, the bias gradient gives the weight gradient exactly."
    )
    formula = (
        r"(A) $\|\partial C/\partial W^l\|=\|\partial C/\partial b^l\|\cdot\|a^{l-1}\|$"
        "\n\n"
        r"(B) $\|\partial C/\partial b^l\|\le\gamma^{L-l}\cdot\|W^{l+1}\|_2\cdots\|W^L\|_2\cdot\|\delta^L\|$, "
        r"$\gamma=\sup|\varphi'|$, $C$ the loss of the first sample of the batch"
    )
    observations = (BoundsObservation(),)
    axis_text = "‖∂C/∂b‖"
    log = True
    decades = math.inf
    lines = (
        MeasureLine("bias_gradient_norm", "‖∂b‖", "backward"),
        MeasureLine("bound", "bound (B)", "muted", hollow=True),
    )

    def capture(self, view: View) -> DepthState | None:
        state = super().capture(view)
        return state if state is not None and state.depth == view.frame.info.depth else None

    def understand(self, result: Bounds, observed: Observed[Bounds], view: View) -> DepthState:
        now = {name: MeasureColumn(getattr(result, name), _known(result)) for name in self.measures()}
        quartiles = columns_apart(self.quartiles_of(view))
        return BoundsState(observed.step, now, None, quartiles=quartiles, measured=result, seconds=observed.seconds)

    def marks(self, state: DepthState) -> Sequence[Mark]:
        edges = (np.maximum(self._height(state.now[line.measure]), self.scale.range[0]) for line in self.lines)
        x = np.arange(state.depth, dtype=np.float64)
        return [*super().marks(state), Area("gap", x, *edges, colour="muted", z=-2.5, alpha=0.1)]

    def legend_keys(self, state: DepthState) -> Sequence[Key]:
        loosest = float(np.nanmax(_bounds(state).slack, initial=0.0))
        return [*super().legend_keys(state), Key(f"slack ≤ {slack_text(loosest, 1)}", "muted", "band")]

    def notes(self, state: DepthState) -> Sequence[Note]:
        return [*super().notes(state), *self.age(state.step, _seconds(state))]

    def probe(self, state: DepthState, pane: int, x: float, y: float) -> Probe | None:
        bounds, index = _bounds(state), round(x)
        if not 0 <= index < state.depth:
            return None
        bias, size, weight, bound, slack, stretch = (
            float(values[index])
            for values in (
                bounds.bias_gradient_norm, bounds.input_norm, bounds.weight_gradient_norm, bounds.bound, bounds.slack,
                bounds.spectral_norm,
            )
        )  # fmt: skip
        text = [
            self.layer_text(index),
            f"‖∂b‖  {number(bias)}",
            f"bound  {number(bound)}, {slack_text(slack, 2)} above",
            f"‖∂W‖  {number(weight)} = ‖∂b‖ · {number(size)}",
            f"‖W‖₂  {number(stretch)}",
            f"sample {integer(bounds.sample)}, step {integer(state.step)}",
        ]
        return Probe("\n".join(text), index)

    def rows(self, state: DepthState) -> Table:
        bounds = _bounds(state)
        columns = dict(super().rows(state).columns)
        columns["sample"] = [bounds.sample] * state.depth
        for name in ("weight_gradient_norm", "input_norm", "slack", "spectral_norm"):
            columns[name] = cells(getattr(bounds, name), _known(bounds))
        return Table(columns)


def slack_text(decades: float, decimals: int) -> str:
    """How far a bound lies above what it bounds: ``0.31 decades``."""
    return f"{decimal(decades, decimals)} decades" if math.isfinite(decades) else f"{not_finite(decades)} times"


def _bounds(state: DepthState) -> Bounds:
    assert isinstance(state, BoundsState)
    assert state.measured is not None
    return state.measured


def _seconds(state: DepthState) -> float:
    assert isinstance(state, BoundsState)
    return state.seconds


def _known(bounds: Bounds) -> NDArray[np.bool_]:
    return np.ones(len(bounds.bound), np.bool_)


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(BoundsPlot)
