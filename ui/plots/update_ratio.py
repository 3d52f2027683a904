"""The size of an update relative to the weights it changes."""

from __future__ import annotations

from ui.plots.depth import DepthPlot, Line


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
    guide = (-3.0, (-4.0, -2.0))
    lines = (Line("update_ratio", "‖ΔW‖ / ‖W‖", "backward"),)
