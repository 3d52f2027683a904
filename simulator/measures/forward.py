"""Measures of the signal going forward."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.frame import Floats
from simulator.measures.base import Measure, Reading, Side
from simulator.measures.statistics import nonfinite
from simulator.numeric import Array


class ForwardMeasure(Measure):
    side: ClassVar[Side] = "forward"


class ActivationMean(ForwardMeasure):
    name = "activation_mean"
    label = "activation mean"
    formula = "mean of a over units and samples"

    def value(self, reading: Reading) -> Floats:
        return reading.activation.mean


class ActivationStd(ForwardMeasure):
    name = "activation_std"
    label = "activation std"
    formula = "standard deviation of a over all units and samples"

    def value(self, reading: Reading) -> Floats:
        return reading.activation.std


class ActivationSaturated(ForwardMeasure):
    name = "activation_saturated"
    label = "saturated"
    unit = "share"
    formula = "share of entries with |φ'(z)| < 0.05 sup|φ'|"

    def value(self, reading: Reading) -> Floats | None:
        slope = reading.stack.slope
        if slope is None:
            return None
        return np.array(reading.flat_entries, np.float64) / int(slope[0].size)


class ActivationDead(ForwardMeasure):
    name = "activation_dead"
    label = "dead"
    unit = "share"
    formula = "share of units with φ'(z) = 0 on every sample of the batch"

    def value(self, reading: Reading) -> Floats | None:
        slope = reading.stack.slope
        if slope is None:
            return None
        depth, units = slope.shape[:2]
        shares: Floats = np.zeros(depth)
        # A dead unit is flat on every sample, so a layer with fewer flat entries than samples has none.
        suspects = [layer for layer, entries in enumerate(reading.flat_entries) if entries * units >= slope[0].size]
        if suspects:
            here = slice(suspects[0], suspects[-1] + 1)
            shares[here] = np.count_nonzero(_all_zero(reading, slope[here]), axis=1) / units
        return shares


def _all_zero(reading: Reading, slope: Array) -> NDArray[np.bool_]:
    """(layers, units): whether the slope is 0 on every sample."""
    activation = reading.stack.activation
    if activation is None or not activation.monotone:
        return np.logical_not(slope.any(axis=tuple(range(2, slope.ndim))))
    # Slopes that are never negative cannot cancel, and one product is faster than a look at each.
    sums = np.matmul(slope, np.ones(slope.shape[-1], slope.dtype)).reshape(*slope.shape[:2], -1)
    dead: NDArray[np.bool_] = np.equal(sums.sum(axis=2), 0)
    return dead


class PreactivationStd(ForwardMeasure):
    name = "preactivation_std"
    label = "pre-activation std"
    formula = "standard deviation of z over all units and samples"

    def value(self, reading: Reading) -> Floats | None:
        return reading.preactivation.std if reading.preactivation else None


class Nonfinite(ForwardMeasure):
    name = "nonfinite"
    label = "NaN or Inf"
    unit = "entries"
    formula = "entries of z, a, δ, W and ∂W that are NaN or ±Inf"

    def value(self, reading: Reading) -> Floats:
        stack = reading.stack
        # A norm is finite exactly where all entries are: count only where one is not.
        checked = (
            (stack.z, reading.preactivation.norm if reading.preactivation else None),
            (stack.a, reading.activation.norm),
            (stack.delta, reading.delta_norm),
            (stack.weights, reading.weight_norm),
            (stack.weight_gradient, reading.weight_gradient.norm if reading.weight_gradient else None),
        )
        norms = [norm for arrays, norm in checked if arrays is not None and norm is not None]
        counts = np.zeros(stack.depth)
        if math.isfinite(float(np.add.reduce(norms, axis=None))):
            return counts
        for arrays, norm in checked:
            if arrays is None or norm is None:
                continue
            finite = np.isfinite(norm)
            if not finite.all():
                for layer in np.flatnonzero(~finite):
                    counts[layer] += nonfinite(arrays[layer])
        return counts
