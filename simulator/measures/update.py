"""Measures of the weights and of what the optimiser really does to them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.frame import Floats
from simulator.measures.base import Measure, Reading, Side


class UpdateMeasure(Measure):
    side: ClassVar[Side] = "update"


class WeightNorm(UpdateMeasure):
    name = "weight_norm"
    label = "weights"
    formula = "‖W‖"

    def value(self, reading: Reading) -> Floats | None:
        return reading.weight_norm


class UpdateNorm(UpdateMeasure):
    name = "update_norm"
    label = "update"
    formula = "‖ΔW‖, the optimiser's real change"

    def value(self, reading: Reading) -> Floats | None:
        return reading.update_norm


class UpdateRatio(UpdateMeasure):
    name = "update_ratio"
    label = "update / weights"
    unit = "ratio"
    formula = "‖ΔW‖ / ‖W‖"

    def value(self, reading: Reading) -> Floats | None:
        if reading.update_norm is None or reading.weight_norm is None:
            return None
        return reading.update_norm / reading.weight_norm

    def undefined(self, reading: Reading) -> NDArray[np.bool_] | None:
        return None if reading.weight_norm is None else np.equal(reading.weight_norm, 0)
