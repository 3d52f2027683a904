"""What theory predicts, drawn lightly behind what is measured; where it predicts nothing, why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from simulator.arrays.numeric import Floats
from ui.chart.header import HeaderOption
from ui.chart.marks import Area, Curves, Mark
from ui.chart.pens import DASHED
from ui.chart.polygons import pieces

THEORY = HeaderOption(
    "theory", "theory", "Draw what mean-field theory predicts for such a network at step 0, for wide random layers"
)
YOUNG_ALPHA, OLD_ALPHA = 0.2, 0.1
"""How strong a band is at step 0 and once training has moved on."""


class Envelope(NamedTuple):
    """A predicted curve and how far single networks scatter around it, as drawn; NaN where nothing is predicted."""

    low: Floats
    middle: Floats
    high: Floats


def envelope_marks(envelopes: Sequence[Envelope], *, at_start: bool) -> list[Mark]:
    """The bands of predicted curves with a dashed line through each; ``at_start``: the network is at step 0, too."""
    alpha = YOUNG_ALPHA if at_start else OLD_ALPHA
    areas = [
        Area(f"theory {place}", _layers(band), band.low, band.high, colour="muted", alpha=alpha, z=-1.5)
        for place, band in enumerate(envelopes)
    ]
    lines = [pieces(_layers(band), band.middle) for band in envelopes]
    middles = Curves(
        "theory", lines, colours=["muted"], dash=DASHED, smooth=True, alpha=0.9 if at_start else 0.5, lone=False, z=-0.8
    )
    return [*areas, middles]


def _layers(band: Envelope) -> Floats:
    return np.arange(len(band.middle), dtype=np.float64)
