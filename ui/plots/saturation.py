"""Saturated and dead shares over depth."""

from __future__ import annotations

from ui.plots.depth import DepthPlot, MeasureLine


class Saturation(DepthPlot):
    key = "saturation"
    spoken_as = (("activation_saturated", "saturated shares"), ("activation_dead", "dead shares"))
    title = "Saturated and dead"
    side = "forward"
    preset = "dying-relu"
    explain = (
        "The share of each layer's activations on a flat part of its function, and of its units that are "
        "flat for every sample. Either blocks the gradient: the first passes almost nothing back, the "
        "second nothing."
    )
    formula = (
        r"Saturated: share of entries with $|\varphi'(z)|<0.05\,\sup|\varphi'|$; dead: units with $\varphi'(z)=0$ on "
        r"every sample"
    )
    axis_text = "share"
    share = True
    always = (0.0, 1.0)
    lines = (
        MeasureLine("activation_saturated", "saturated", "forward"),
        MeasureLine("activation_dead", "dead", "muted", hollow=True),
    )


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(Saturation)
