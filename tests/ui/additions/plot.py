"""A plot of one measure, with the result of an observation above it."""

from __future__ import annotations

from simulator.observations.added_observation import SizeObservation

from ui.plots.base import View
from ui.plots.depth import DepthPlot, DepthState, MeasureLine


class Squares(DepthPlot):
    key = "squares"
    title = "Mean square"
    side = "forward"
    explain = "The mean square of what each layer sends on, which is what carries a signal through the depth."
    formula = "mean a²"
    axis_text = "mean square"
    lines = (MeasureLine("activation_square", "mean square", "forward"),)
    observations = (SizeObservation(),)
    size: float | None = None

    def capture(self, view: View) -> DepthState | None:
        self.size = view.frame.result(SizeObservation())
        return super().capture(view)

    def remark(self, state: DepthState) -> str:
        return f"parameters {self.size}"
