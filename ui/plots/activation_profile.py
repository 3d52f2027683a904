"""Mean and spread of the activations over depth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.theory.predicted import Prediction
from ui.plots.depth import DepthPlot, MeasureLine
from ui.plots.theory import THEORY, Envelope


class ActivationProfile(DepthPlot):
    key = "activation_profile"
    spoken_as = (("activation_mean", "means of activations"), ("activation_std", "standard deviations"))
    title = "Activation mean ± std"
    side = "forward"
    default = True
    explain = (
        "The mean activation of each layer with a band of one standard deviation. A band that narrows "
        "with depth means the signal dies on its way forward; one that widens means it blows up. "
        "Theory, where it holds, says at step 0 where the two edges of that band lie and how far they scatter."
    )
    formula = (
        r"Mean and standard deviation of $a=\varphi(z)$ over all units and samples of the batch"
        "\n\n"
        r"Theory: $K\leftarrow\sigma_w^2\,\mathbb{E}\,\varphi\varphi+\sigma_b^2$ for every pair of samples, edges "
        r"$m\pm s\,e^{\pm\sqrt{5L/n}}$"
    )
    axis_text = "activation"
    lines = (MeasureLine("activation_mean", "mean ± std", "forward", spread="activation_std"),)
    offers = (THEORY,)

    def predicted(self, prediction: Prediction) -> Mapping[str, Envelope]:
        scatter = np.exp(prediction.forward_spread)
        return {
            "theory mean + std": _edge(prediction, 1, scatter),
            "theory mean − std": _edge(prediction, -1, scatter),
        }


def _edge(prediction: Prediction, side: int, scatter: Floats) -> Envelope:
    mean, std = prediction.activation_mean, side * prediction.activation_std
    return Envelope(mean + std / scatter, mean + std, mean + std * scatter)


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(ActivationProfile)
