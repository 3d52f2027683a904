"""Measures of the error signal going back and of the gradients it makes."""

from __future__ import annotations

import math
from typing import ClassVar

from simulator.frame import Floats
from simulator.measures.base import Measure, Reading, Side
from simulator.measures.statistics import norms


class BackwardMeasure(Measure):
    side: ClassVar[Side] = "backward"


class DeltaRMS(BackwardMeasure):
    name = "delta_rms"
    label = "delta RMS"
    formula = "√ mean δ² over samples and units, δ = N ∂C/∂z"

    def value(self, reading: Reading) -> Floats | None:
        if reading.delta_norm is None or reading.stack.delta is None:
            return None
        entries = int(reading.stack.delta[0].size)
        return reading.delta_norm * (reading.batch / math.sqrt(entries))


class WeightGradientNorm(BackwardMeasure):
    name = "weight_gradient_norm"
    label = "weight gradient"
    formula = "‖∂C/∂W‖, Frobenius, C the mean loss of the batch without penalties"

    def value(self, reading: Reading) -> Floats | None:
        return reading.weight_gradient.norm if reading.weight_gradient else None


class BiasGradientNorm(BackwardMeasure):
    name = "bias_gradient_norm"
    label = "bias gradient"
    formula = "‖∂C/∂b‖"

    def value(self, reading: Reading) -> Floats | None:
        biases = reading.stack.bias_gradient
        return None if biases is None else norms(biases)


class WeightGradientStd(BackwardMeasure):
    name = "weight_gradient_std"
    label = "weight gradient std"
    formula = "standard deviation of the entries of ∂C/∂W"

    def value(self, reading: Reading) -> Floats | None:
        return reading.weight_gradient.std if reading.weight_gradient else None
