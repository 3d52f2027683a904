"""Measures of the signal going forward."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.activations import Activation
from simulator.frame import Floats
from simulator.measures.base import Measure, Reading, Side
from simulator.measures.statistics import nonfinite
from simulator.numeric import Array
from simulator.stack import Stack


class ForwardMeasure(Measure):
    side: ClassVar[Side] = "forward"


class ActivationMean(ForwardMeasure):
    name = "activation_mean"
    label = "activation mean"
    formula = "mean of a over units and samples"

    moments = ("a",)

    def value(self, reading: Reading) -> Floats:
        return reading.moments["a"].mean


class ActivationStd(ForwardMeasure):
    name = "activation_std"
    label = "activation std"
    formula = "standard deviation of a over all units and samples"

    moments = ("a",)

    def value(self, reading: Reading) -> Floats:
        return reading.moments["a"].std


class ActivationSaturated(ForwardMeasure):
    name = "activation_saturated"
    label = "saturated"
    unit = "share"
    formula = "share of entries with |φ'(z)| < 0.05 sup|φ'|"

    needs = ("slope",)

    def value(self, reading: Reading) -> Floats:
        return reading.flat_entries / reading.roles["slope"].sizes


class ActivationDead(ForwardMeasure):
    name = "activation_dead"
    label = "dead"
    unit = "share"
    formula = "share of units with φ'(z) = 0 on every sample of the batch"
    needs = ("slope",)

    def value(self, reading: Reading) -> Floats:
        shares = np.full(reading.roles.depth, math.nan)
        for stack in reading.roles["slope"].stacks:
            shares[stack.layers] = _dead_shares(reading, stack)
        return shares


def _dead_shares(reading: Reading, stack: Stack) -> Floats:
    slope = stack.array
    units = slope.shape[1]
    shares: Floats = np.zeros(len(slope))
    # A dead unit is flat on every sample, so a layer with fewer flat entries than samples has none.
    suspects = np.flatnonzero(reading.flat_entries[stack.layers] * units >= slope[0].size)
    if suspects.size:
        here = slice(suspects[0], suspects[-1] + 1)
        activation = reading.roles.taps[stack.layers[0]].activation
        shares[here] = np.count_nonzero(_all_zero(activation, slope[here]), axis=1) / units
    return shares


def _all_zero(activation: Activation | None, slope: Array) -> NDArray[np.bool_]:
    """(layers, units): whether the slope is 0 on every sample."""
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
    moments = ("z",)

    def value(self, reading: Reading) -> Floats:
        return reading.moments["z"].std


class Nonfinite(ForwardMeasure):
    name = "nonfinite"
    label = "NaN or Inf"
    unit = "entries"
    formula = "entries of z, a, δ, W and ∂W that are NaN or ±Inf"
    norms = ("z", "a", "delta", "weights", "weight_gradient")
    needs = ("a",)

    def value(self, reading: Reading) -> Floats:
        counts = np.zeros(reading.roles.depth)
        # A norm is finite exactly where all entries are: count only where one is not.
        finite = np.isfinite([reading.norm[name] for name in self.norms])
        for row, name in enumerate(self.norms):
            role = reading.roles[name]
            for layer in np.flatnonzero(role.present & ~finite[row]).tolist():
                array = role.arrays[layer]
                assert array is not None
                counts[layer] += nonfinite(array)
        return counts
