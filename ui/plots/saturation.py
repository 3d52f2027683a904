"""Saturated and dead shares over depth."""

from __future__ import annotations

from ui.plots.depth import DepthPlot, Line


class Saturation(DepthPlot):
    key = "saturation"
    title = "Saturated and dead"
    side = "forward"
    explain = (
        "The share of each layer's activations on a flat part of its function, and of its units that are "
        "flat for every sample. Either blocks the gradient: the first passes almost nothing back, the "
        "second nothing."
    )
    formula = "saturated: share of entries with |φ′(z)| ≪ sup |φ′|;  dead: units with φ′(z) = 0 on every sample"
    axis_text = "share"
    share = True
    always = (0.0, 1.0)
    lines = (
        Line("activation_saturated", "saturated", "forward"),
        Line("activation_dead", "dead", "muted", hollow=True),
    )
