"""Measures of the error signal going back and of the gradients it makes."""

from __future__ import annotations

import math
from typing import ClassVar

from simulator.measures.base import Measure, Reading, Side
from simulator.measures.statistics import norm


class BackwardMeasure(Measure):
    side: ClassVar[Side] = "backward"


class DeltaRMS(BackwardMeasure):
    name = "delta_rms"
    label = "delta RMS"
    formula = "√ mean δ² over samples and units, δ = N ∂C/∂z"

    def value(self, reading: Reading) -> float:
        return reading.delta_norm / math.sqrt(reading.tap.delta.size) * reading.batch


class WeightGradientNorm(BackwardMeasure):
    name = "weight_gradient_norm"
    label = "weight gradient"
    formula = "‖∂C/∂W‖, Frobenius, C the mean loss of the batch without penalties"

    def value(self, reading: Reading) -> float:
        return reading.weight_gradient_norm


class BiasGradientNorm(BackwardMeasure):
    name = "bias_gradient_norm"
    label = "bias gradient"
    formula = "‖∂C/∂b‖"

    def value(self, reading: Reading) -> float:
        return norm(reading.tap.bias_gradient)


class WeightGradientStd(BackwardMeasure):
    name = "weight_gradient_std"
    label = "weight gradient std"
    formula = "standard deviation of the entries of ∂C/∂W"

    def value(self, reading: Reading) -> float:
        return reading.weight_gradient.std
