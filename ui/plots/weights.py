"""The norm of the weights over depth."""

from __future__ import annotations

from ui.plots.depth import DepthPlot, MeasureLine


class WeightsPlot(DepthPlot):
    key = "weights"
    spoken_as = (("weight_norm", "weight norms"),)
    title = "Weight norm over depth"
    side = "forward"
    explain = (
        "The size of each layer's weight matrix now, with the state at step 0 behind it. Weights that "
        "grow for ever point to a rate that is too high, weights that shrink to a strong penalty."
    )
    formula = r"$$\|W^l\|=\sqrt{\sum(w^l)^2}$$"
    axis_text = "‖W‖"
    log = True
    with_first = True
    lines = (MeasureLine("weight_norm", "‖W‖", "forward"),)


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(WeightsPlot)
