"""A plot of one measure."""

from __future__ import annotations

from ui.plots.depth import DepthPlot, Line


class Squares(DepthPlot):
    key = "squares"
    title = "Mean square"
    side = "forward"
    explain = "The mean square of what each layer sends on, which is what carries a signal through the depth."
    formula = "mean a²"
    axis_text = "mean square"
    lines = (Line("activation_square", "mean square", "forward"),)
