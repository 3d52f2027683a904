"""Measures of how weights and slopes together pass a signal on, and of how far the units of a layer differ."""

from __future__ import annotations

import functools
import math
from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from simulator.frame import Floats
from simulator.measures.base import Measure, Reading, Side
from simulator.measures.forward import ActivationSaturated
from simulator.numeric import Array


@functools.lru_cache(maxsize=64)
def _probes(inputs: int, dtype: np.dtype[np.floating]) -> Array:
    """(2, inputs): ones, and signs that are the same draw every time."""
    probes: Array = np.ones((2, inputs), dtype)
    probes[1] -= 2 * np.random.default_rng(inputs).integers(0, 2, inputs)
    probes.setflags(write=False)
    return probes


class _Shared:
    """What several of these measures read off one network at one step."""

    def __init__(self, reading: Reading) -> None:
        weights = reading.roles["weights"]
        self.inputs = np.array([math.nan if array is None else len(array) for array in weights.arrays])
        """(layers,): how many terms a unit sums."""
        self.rate: Floats = 1 - ActivationSaturated().value(reading)
        self.mean = np.full(reading.roles.depth, math.nan)
        """Of the weights."""
        self.variance = np.full(reading.roles.depth, math.nan)
        """Over units, of the incoming weights' sums with signs."""
        for stack in weights.stacks:
            inputs = stack.array.shape[1]
            # One product with every matrix serves both.
            total, signed = np.matmul(_probes(inputs, stack.array.dtype), stack.array).astype(np.float64).swapaxes(0, 1)
            units = stack.array.shape[2]
            self.mean[stack.layers] = np.add.reduce(total, axis=1) / (inputs * units)
            signed -= np.add.reduce(signed, axis=1, keepdims=True) / units
            self.variance[stack.layers] = np.vecdot(signed, signed) / units


_SHARED: WeakKeyDictionary[Reading, _Shared] = WeakKeyDictionary()


def _shared(reading: Reading) -> _Shared:
    if reading not in _SHARED:
        _SHARED[reading] = _Shared(reading)
    return _SHARED[reading]


class FlowMeasure(Measure):
    side: ClassVar[Side] = "forward"


class UnitSpread(FlowMeasure):
    """How far the units of a layer differ: 0 where all have the same incoming weights, about 1 for a random draw.

    The signs v are drawn once, so that the variance over units of vᵀw is that of the weights without a bias.
    """

    name = "unit_spread"
    label = "spread over units"
    formula = "√(variance over units of vᵀw / mean over units of ‖w‖²), w a unit's incoming weights, v random signs"
    norms = ("weights",)

    def value(self, reading: Reading) -> Floats:
        shared, size = _shared(reading), reading.norm["weights"]
        units = reading.roles["weights"].sizes / shared.inputs
        return np.where(size == 0, 0.0, np.sqrt(shared.variance * units) / size)

    def undefined(self, reading: Reading) -> NDArray[np.bool_]:
        """Where there is only one unit."""
        single: NDArray[np.bool_] = np.equal(reading.roles["weights"].sizes, _shared(reading).inputs)
        return single


class ActivationRate(FlowMeasure):
    name = "activation_rate"
    label = "activation rate"
    unit = "share"
    formula = "share of entries with |φ'(z)| ≥ 0.05 sup|φ'|: what lets a signal through"
    needs = ("slope",)

    def value(self, reading: Reading) -> Floats:
        return _shared(reading).rate


class MeanWeightRate(FlowMeasure):
    name = "mean_weight_rate"
    label = "mean weight × activation rate"
    formula = "n · mean of W · activation rate, n the inputs of a unit; 1 passes equal weights' signal on unchanged"
    needs = ("weights", "slope")

    def value(self, reading: Reading) -> Floats:
        shared = _shared(reading)
        product: Floats = shared.inputs * shared.mean * shared.rate
        return product


class VarianceRate(FlowMeasure):
    name = "variance_rate"
    label = "n σ² × activation rate"
    formula = "n · variance of W · activation rate; 1 passes the signal of zero-mean weights on unchanged"
    norms = ("weights",)
    needs = ("weights", "slope")

    def value(self, reading: Reading) -> Floats:
        shared = _shared(reading)
        square = np.square(reading.norm["weights"]) / reading.roles["weights"].sizes
        variance: Floats = np.maximum(square - np.square(shared.mean), 0)
        return shared.inputs * variance * shared.rate
