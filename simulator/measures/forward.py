"""Measures of the signal going forward."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Array, Floats
from simulator.arrays.statistics import nonfinite
from simulator.measures.base import Measure, Reading, Side


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
    formula = "share of entries with |φ'(z)| < 0.05 sup|φ'|; NaN where any z is"

    norms = ("a",)
    needs = ("slope",)

    def value(self, reading: Reading) -> Floats:
        return reading.flat_entries / reading.roles["slope"].sizes


class ActivationDead(ForwardMeasure):
    name = "activation_dead"
    label = "dead"
    unit = "share"
    formula = "share of units with φ'(z) = 0 on every sample of the batch; NaN where any z is"
    norms = ("a",)
    needs = ("slope",)

    def value(self, reading: Reading) -> Floats:
        slope = reading.roles["slope"]
        shares: Floats = 0.0 * slope.sizes
        for stack, where, (flat, count) in zip(slope.stacks, slope.where, reading.flat, strict=True):
            _, units, *observations = stack.array.shape
            # A dead unit is flat on every sample: a layer that has fewer flat entries than samples has none.
            if max(count) >= math.prod(observations):
                shares[where] = _dead_units(stack.array, flat) / units
        if reading.uncounted:
            shares[reading.uncounted] = math.nan
        return shares


def _dead_units(slope: Array, flat: NDArray[np.bool_]) -> Floats:
    """(layers,): how many, from the slopes (layers, units, …) and where they are flat."""
    depth, width = slope.shape[:2]
    count: Floats = np.zeros(depth)
    # A dead unit is flat on every sample, the first and the last too: others need no second look.
    seen = flat.reshape(depth * width, -1)
    (suspects,) = (seen[:, 0] & seen[:, -1]).nonzero()
    if suspects.size:
        suspects = suspects[np.logical_and.reduce(seen.take(suspects, axis=0), axis=1)]
    if suspects.size:
        layers, units = np.divmod(suspects, width)
        still = np.equal(slope[layers, units], 0).reshape(len(layers), -1)
        np.add.at(count, layers, np.logical_and.reduce(still, axis=1))
    return count


class PreactivationStd(ForwardMeasure):
    name = "preactivation_std"
    label = "pre-activation std"
    formula = "standard deviation of z over all units and samples"
    moments = ("z",)

    def value(self, reading: Reading) -> Floats:
        return reading.moments["z"].std


class Nonfinite(ForwardMeasure):
    name = "nonfinite"
    label = "NaN or ∞"
    unit = "entries"
    formula = "entries of z, a, δ, W and ∂W that are NaN or ±∞"
    norms = ("z", "a", "delta", "weights", "weight_gradient")
    needs = ("a",)

    def value(self, reading: Reading) -> Floats:
        counts = np.zeros(reading.roles.depth)
        # A norm is finite exactly where all entries are: count only where one is not.
        finite = np.isfinite(np.concatenate([reading.norm[name] for name in self.norms]))
        roles = [reading.roles[name] for name in self.norms]
        if np.count_nonzero(finite) == sum(role.count for role in roles):
            return counts
        for role, own in zip(roles, finite.reshape(len(roles), -1), strict=True):
            for layer in np.flatnonzero(role.present & ~own).tolist():
                array = role.arrays[layer]
                assert array is not None
                counts[layer] += nonfinite(array)
        return counts
