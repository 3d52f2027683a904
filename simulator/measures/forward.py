"""Measures of the signal going forward."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from simulator.measures.base import Measure, Reading, Side
from simulator.measures.statistics import moments, nonfinite

SATURATION = 0.05
"""A unit is saturated where |φ'(z)| is below this share of sup|φ'|."""


class ForwardMeasure(Measure):
    side: ClassVar[Side] = "forward"


class ActivationMean(ForwardMeasure):
    name = "activation_mean"
    label = "activation mean"
    formula = "mean of a over units and samples"

    def value(self, reading: Reading) -> float:
        return reading.activation.mean


class ActivationStd(ForwardMeasure):
    name = "activation_std"
    label = "activation std"
    formula = "standard deviation of a over all units and samples"

    def value(self, reading: Reading) -> float:
        return reading.activation.std


class ActivationSaturated(ForwardMeasure):
    name = "activation_saturated"
    label = "saturated"
    unit = "share"
    formula = "share of entries with |φ'(z)| < 0.05 sup|φ'|"

    def value(self, reading: Reading) -> float | None:
        slope, activation = reading.tap.slope, reading.tap.activation
        if slope is None or activation is None:
            return None
        limit = SATURATION * activation.sup_slope
        count = int(np.count_nonzero(np.abs(slope) < limit))
        return count / slope.size


class ActivationDead(ForwardMeasure):
    name = "activation_dead"
    label = "dead"
    unit = "share"
    formula = "share of units with φ'(z) = 0 on every sample of the batch"

    def value(self, reading: Reading) -> float | None:
        slope = reading.tap.slope
        if slope is None:
            return None
        units = int(slope.shape[0])
        return 1 - int(np.count_nonzero(slope.any(axis=1))) / units


class PreactivationStd(ForwardMeasure):
    name = "preactivation_std"
    label = "pre-activation std"
    formula = "standard deviation of z over all units and samples"

    def value(self, reading: Reading) -> float:
        return moments(reading.tap.z).std


class Nonfinite(ForwardMeasure):
    name = "nonfinite"
    label = "NaN or Inf"
    unit = "entries"
    formula = "entries of z, a, δ, W and ∂W that are NaN or ±Inf"

    def value(self, reading: Reading) -> float:
        tap = reading.tap
        return float(sum(nonfinite(x) for x in (tap.z, tap.a, tap.delta, tap.weights, tap.weight_gradient)))
