"""Weight-gradient histograms of all layers as a ridgeline."""

from __future__ import annotations

from simulator.observations.histograms import HistogramsObservation
from ui.chart.header import HeaderOption
from ui.plots.ridgeline import SHARED_HELP, RidgePlot


class GradientHistograms(RidgePlot):
    key = "gradient_histograms"
    spoken_as = (("low", "weight gradients"), ("high", "weight gradients"))
    title = "Weight gradients"
    measured = ("weight_gradient_std", "weight_gradient_norm")
    side = "backward"
    least_width = 316
    explain = (
        "One histogram of ∂C/∂w per layer, each over its own range, which is written at its right. "
        "Compare the ranges to see which layers learn; on the shared axis a vanishing layer is a needle "
        "at 0."
    )
    formula = r"$\partial C/\partial w$ for every weight $w$ of the layer; each ridge is scaled to its highest bin"
    observations = (HistogramsObservation(quantity="weight_gradient"),)
    empty_text = "The histogram of every layer's weight gradients appears here with the first frame."
    quantity = "weight_gradient"
    axis_text = "∂C/∂w"
    offers = (HeaderOption("shared", "shared", SHARED_HELP),)


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(GradientHistograms)
