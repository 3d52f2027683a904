"""Measures of the signal going forward."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from simulator.measures.base import Measure, Reading, Side
from simulator.measures.statistics import nonfinite


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
        slope = reading.tap.slope
        if slope is None:
            return None
        return reading.flat_entries / int(slope.size)


class ActivationDead(ForwardMeasure):
    name = "activation_dead"
    label = "dead"
    unit = "share"
    formula = "share of units with φ'(z) = 0 on every sample of the batch"

    def value(self, reading: Reading) -> float | None:
        slope = reading.tap.slope
        if slope is None:
            return None
        units, samples = int(slope.shape[0]), int(slope.size // slope.shape[0])
        # A dead unit is flat on every sample, so fewer flat entries than samples leave none.
        if reading.flat_entries < samples:
            return 0.0
        flat = reading.flat.reshape(units, samples).all(axis=1)
        return int(np.count_nonzero(~slope[flat].reshape(-1, samples).any(axis=1))) / units


class PreactivationStd(ForwardMeasure):
    name = "preactivation_std"
    label = "pre-activation std"
    formula = "standard deviation of z over all units and samples"

    def value(self, reading: Reading) -> float:
        return reading.preactivation.std


class Nonfinite(ForwardMeasure):
    name = "nonfinite"
    label = "NaN or Inf"
    unit = "entries"
    formula = "entries of z, a, δ, W and ∂W that are NaN or ±Inf"

    def value(self, reading: Reading) -> float:
        tap = reading.tap
        # A sum over an array is finite exactly where all its entries are: count only where one is not.
        checked = (
            (tap.z, reading.preactivation.std),
            (tap.a, reading.activation.std),
            (tap.delta, reading.delta_norm),
            (tap.weights, reading.weight_norm),
            (tap.weight_gradient, reading.weight_gradient_norm),
        )
        return float(sum(nonfinite(x) for x, total in checked if not math.isfinite(total)))
