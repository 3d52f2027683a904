"""What theory predicts, drawn lightly behind what is measured; where it predicts nothing, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ui.chart.canvas import Pane
from ui.chart.header import Option
from ui.chart.marks import Area, Array, Curves, pieces
from ui.style.theme import Theme

THEORY = Option(
    "theory", "theory", "Draw what mean-field theory predicts for such a network at step 0, for wide random layers"
)
FRESH, OLD = 0.2, 0.1
"""How strong a band is at step 0 and once training has moved on."""


@dataclass(frozen=True)
class Envelope:
    """A predicted curve and how far single networks scatter around it, as drawn; NaN where nothing is predicted."""

    low: Array
    middle: Array
    high: Array


class Envelopes:
    """The bands of several predicted curves with a dashed line through each."""

    def __init__(self, pane: Pane, count: int) -> None:
        self.areas = [Area(pane, z=-1.5, alpha=FRESH) for _ in range(count)]
        self.lines = Curves(pane, -0.8, dashed=True, smooth=True)
        self.lines.lone = False

    def show(self, envelopes: Sequence[Envelope], *, fresh: bool) -> None:
        """``fresh``: the network stands where the prediction is for."""
        for area in self.areas:
            area.clear()
        for area, band in zip(self.areas, envelopes, strict=False):
            area.alpha = FRESH if fresh else OLD
            area.set_band(np.arange(len(band.middle), dtype=np.float64), band.low, band.high)
        self.lines.alpha = 0.9 if fresh else 0.5
        middles = [band.middle for band in envelopes]
        self.lines.set_curves([pieces(np.arange(len(m), dtype=np.float64), m) for m in middles])

    def tint(self, theme: Theme) -> None:
        for area in self.areas:
            area.set_colour(theme.muted)
        self.lines.set_colours([theme.muted], alpha=self.lines.alpha)
