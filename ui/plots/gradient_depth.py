"""The weight gradient's norm over depth, now and at step 0."""

from __future__ import annotations

import math
from collections.abc import Mapping

from simulator.theory.predicted import Prediction
from ui.chart.decades import log10
from ui.plots.depth import DepthPlot, MeasureLine
from ui.plots.theory import THEORY, Envelope


class GradientDepth(DepthPlot):
    key = "gradient_depth"
    spoken_as = (("weight_gradient_norm", "gradient norms"),)
    title = "Gradient over depth"
    side = "backward"
    default = True
    explain = (
        "Each marker is the size of one layer's weight gradient, on a log axis. A line that falls towards "
        "the input is a vanishing gradient, one that rises is an exploding one; a healthy stack stays "
        "within a decade or two. Theory, where it holds, predicts the line of step 0 from the last layer's error."
    )
    formula = (
        r"$\|\partial C/\partial W^l\|=\sqrt{\sum(\partial C/\partial w^l)^2}$, $C$ the mean loss over the batch"
        "\n\n"
        r"Theory: $\|\partial C/\partial W^l\|^2=N^{-2}\sum_{s,t}(\delta_s\cdot\delta_t)(a_s\cdot a_t)$ over pairs "
        r"of samples, $\mathbb{E}\,\delta_s\cdot\delta_t$ growing by "
        r"$\sigma_w^2\,\mathbb{E}\,\varphi'(z_s)\varphi'(z_t)$ per layer ($\chi$ for $s=t$), times "
        r"$e^{\pm\sqrt{5L/n}}$"
    )
    axis_text = "‖∂C/∂W‖"
    log = True
    with_first = True
    lines = (MeasureLine("weight_gradient_norm", "‖∂W‖", "backward"),)
    offers = (THEORY,)

    def predicted(self, prediction: Prediction) -> Mapping[str, Envelope]:
        middle, scatter = log10(prediction.weight_gradient_norm), prediction.backward_spread / math.log(10)
        return {"theory": Envelope(middle - scatter, middle, middle + scatter)}


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(GradientDepth)
