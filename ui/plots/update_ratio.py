"""The size of an update relative to the weights it changes."""

from __future__ import annotations

from ui.plots.depth import DepthPlot, Line
from ui.plots.guides import Level


class UpdateRatio(DepthPlot):
    key = "update_ratio"
    title = "Update to weight ratio"
    side = "backward"
    explain = (
        "How much one step changes each layer's weights, relative to their size. Around 10⁻³ is a common "
        "rule of thumb; far below the band a layer hardly learns, far above it the step is too large."
    )
    formula = "‖ΔWˡ‖ / ‖Wˡ‖,  ΔW what the optimiser really changed"
    axis_text = "‖ΔW‖ / ‖W‖"
    log = True
    always = (-4.5, -1.5)
    guide = Level(-3.0, "10⁻³, a rule of thumb", "10⁻³", (-4.0, -2.0), "healthy: 10⁻⁴ … 10⁻²", "10⁻⁴ … 10⁻²")
    lines = (Line("update_ratio", "‖ΔW‖ / ‖W‖", "backward"),)
