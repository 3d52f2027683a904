"""The weight gradient's norm over depth, now and at step 0."""

from __future__ import annotations

from ui.plots.depth import DepthPlot, Line


class GradientDepth(DepthPlot):
    key = "gradient_depth"
    title = "Gradient magnitude over depth"
    side = "backward"
    default = True
    explain = (
        "Each marker is the size of one layer's weight gradient, on a log axis. A line that falls towards "
        "the input is a vanishing gradient, one that rises is an exploding one; a healthy stack stays "
        "within a decade or two."
    )
    formula = "‖∂C/∂Wˡ‖ = √( Σ (∂C/∂wˡ)² ),  C the mean loss over the batch"
    axis_text = "‖∂C/∂W‖"
    log = True
    with_first = True
    lines = (Line("weight_gradient_norm", "‖∂W‖", "backward"),)
