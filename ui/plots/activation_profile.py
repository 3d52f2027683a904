"""Mean and spread of the activations over depth."""

from __future__ import annotations

from ui.plots.depth import DepthPlot, Line


class ActivationProfile(DepthPlot):
    key = "activation_profile"
    title = "Activation mean ± std"
    side = "forward"
    default = True
    explain = (
        "The mean activation of each layer with a band of one standard deviation. A band that narrows "
        "with depth means the signal dies on its way forward; one that widens means it blows up."
    )
    formula = "mean and std of a = φ(z) over all units and samples of the batch"
    axis_text = "activation"
    lines = (Line("activation_mean", "mean ± std", "forward", spread="activation_std"),)
