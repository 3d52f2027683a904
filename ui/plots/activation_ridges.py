"""Activation histograms of all layers as a ridgeline."""

from __future__ import annotations

from simulator.observations.histograms import HistogramsObservation
from ui.plots.ridgeline import RidgePlot


class ActivationRidges(RidgePlot):
    key = "activation_ridges"
    spoken_as = (("low", "activations"), ("high", "activations"))
    title = "Activations over depth"
    measured = ("activation_mean", "activation_std", "activation_saturated", "activation_dead")
    side = "forward"
    default = True
    explain = (
        "One histogram of activations per layer, input at the top, output at the bottom. Healthy layers "
        "keep a similar shape; ridges that shrink to a needle lose the signal, ridges piled up at both "
        "ends are saturated."
    )
    formula = r"$a=\varphi(z)$ over all units and samples of the batch; each ridge is scaled to its highest bin"
    observations = (HistogramsObservation(quantity="activation"),)
    empty_text = "The histogram of every layer's activations appears here with the first frame."
    quantity = "activation"
    axis_text = "activation"


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(ActivationRidges)
