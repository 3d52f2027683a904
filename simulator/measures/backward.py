"""Measures of the error signal going back and of the gradients it makes."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.measures.base import Measure, Reading, Side


class BackwardMeasure(Measure):
    side: ClassVar[Side] = "backward"


class DeltaRMS(BackwardMeasure):
    name = "delta_rms"
    label = "delta RMS"
    formula = "√ mean δ² over samples and units, δ = N ∂C/∂z"

    norms = ("delta",)

    def value(self, reading: Reading) -> Floats:
        return reading.norm["delta"] * (reading.batch / np.sqrt(reading.roles["delta"].sizes))


class WeightGradientNorm(BackwardMeasure):
    name = "weight_gradient_norm"
    label = "weight gradient"
    formula = "‖∂C/∂W‖, Frobenius, C the mean loss of the batch without penalties"

    norms = ("weight_gradient",)


class BiasGradientNorm(BackwardMeasure):
    name = "bias_gradient_norm"
    label = "bias gradient"
    formula = "‖∂C/∂b‖"

    norms = ("bias_gradient",)


class WeightGradientStd(BackwardMeasure):
    name = "weight_gradient_std"
    label = "weight gradient std"
    formula = "standard deviation of the entries of ∂C/∂W"

    moments = ("weight_gradient",)

    def value(self, reading: Reading) -> Floats:
        return reading.moments["weight_gradient"].std
