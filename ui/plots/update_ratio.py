"""The size of an update relative to the weights it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ui.chart.guides import Level
from ui.chart.legend import Note
from ui.chart.lost import layer_words
from ui.plots.base import View
from ui.plots.depth import DepthPlot, DepthState, MeasureLine, columns_of


@dataclass(frozen=True)
class RatioState(DepthState):
    """``weightless`` are the rows of layers whose weights are all 0."""

    weightless: tuple[int, ...] = ()


class UpdateRatioPlot(DepthPlot):
    key = "update_ratio"
    spoken_as = (("update_ratio", "ratios of update to weights"),)
    title = "Update to weight ratio"
    side = "backward"
    explain = (
        "How much one step changes each layer's weights, relative to their size. Around 10⁻³ is a common "
        "rule of thumb; far below the band a layer hardly learns, far above it the step is too large."
    )
    formula = (
        r"$$\frac{\|\Delta W^l\|}{\|W^l\|}$$"
        "\n\n"
        r"$\Delta W$ what the optimiser really changed"
    )
    axis_text = "‖ΔW‖ / ‖W‖"
    log = True
    always = (-4.5, -1.5)
    guide = Level(-3.0, "10⁻³, a rule of thumb", "10⁻³", (-4.0, -2.0), "healthy: 10⁻⁴ … 10⁻²", "10⁻⁴ … 10⁻²")
    lines = (MeasureLine("update_ratio", "‖ΔW‖ / ‖W‖", "backward"),)

    def capture(self, view: View) -> RatioState | None:
        state = super().capture(view)
        if state is None:
            return None
        weights = columns_of(view.frame, ["weight_norm"])["weight_norm"]
        rows = np.flatnonzero(weights.defined & (weights.values == 0))
        return RatioState(
            state.step, state.now, None, since=state.since, quartiles=state.quartiles, weightless=tuple(rows.tolist())
        )

    def notes(self, state: DepthState) -> Sequence[Note]:
        """An update by weights of 0 is no ratio."""
        assert isinstance(state, RatioState)
        rows = np.array(state.weightless, np.intp)
        words = f"no ratio in {layer_words(self.names_of(state.depth), rows)}: the weights are 0" if rows.size else ""
        return [*([Note(words, warning=True)] if words else []), *super().notes(state)]


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(UpdateRatioPlot)
