"""Measures of the weights and of what the optimiser really does to them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.measures.base import Measure, Reading, Side


class UpdateMeasure(Measure):
    side: ClassVar[Side] = "update"


class WeightNorm(UpdateMeasure):
    name = "weight_norm"
    label = "weights"
    formula = "‖W‖"

    norms = ("weights",)


class UpdateNorm(UpdateMeasure):
    name = "update_norm"
    label = "update"
    formula = "‖ΔW‖, the optimiser's real change"

    norms = ("weight_update",)


class UpdateRatio(UpdateMeasure):
    name = "update_ratio"
    label = "update / weights"
    unit = "ratio"
    formula = "‖ΔW‖ / ‖W‖; NaN where ‖W‖ is not finite"

    norms = ("weight_update", "weights")

    def value(self, reading: Reading) -> Floats:
        weights = reading.norm["weights"]
        ratio: Floats = reading.norm["weight_update"] / weights
        # Against infinite weights every update would look like 0.
        ratio[weights == np.inf] = np.nan
        return ratio

    def undefined(self, reading: Reading) -> NDArray[np.bool_]:
        return np.equal(reading.norm["weights"], 0)
