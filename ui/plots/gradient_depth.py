"""The weight gradient's norm over depth, now and at step 0."""

from __future__ import annotations

import math
from collections.abc import Mapping

from simulator.theory.prediction import Prediction
from ui.chart.decades import log10
from ui.plots.depth import DepthPlot, Line
from ui.plots.theory import THEORY, Envelope


class GradientDepth(DepthPlot):
    key = "gradient_depth"
    title = "Gradient over depth"
    side = "backward"
    default = True
    explain = (
        "Each marker is the size of one layer's weight gradient, on a log axis. A line that falls towards "
        "the input is a vanishing gradient, one that rises is an exploding one; a healthy stack stays "
        "within a decade or two. Theory, where it holds, predicts the line of step 0 from the last layer's error."
    )
    formula = (
        "‖∂C/∂Wˡ‖ = √( Σ (∂C/∂wˡ)² ),  C the mean loss over the batch\n"
        "theory: ‖∂C/∂Wˡ‖² = Σ over pairs s, t of samples (δₛ·δₜ)(aₛ·aₜ) / N², E δₛ·δₜ growing by "
        "σ_w² E φ′(zₛ)φ′(zₜ) per layer (χ for s = t), times e^(±√(5L/n))"
    )
    axis_text = "‖∂C/∂W‖"
    log = True
    with_first = True
    lines = (Line("weight_gradient_norm", "‖∂W‖", "backward"),)
    offers = (THEORY,)
    predicted_curves = 1

    def predicted(self, prediction: Prediction) -> Mapping[str, Envelope]:
        middle, scatter = log10(prediction.weight_gradient_norm), prediction.backward_spread / math.log(10)
        return {"theory": Envelope(middle - scatter, middle, middle + scatter)}
