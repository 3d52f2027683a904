"""Measures of how weights and slopes together pass a signal on, and of how far the units of a layer differ."""

from __future__ import annotations

import functools
import math
from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Array, Floats
from simulator.measures.base import Measure, Reading, Side
from simulator.measures.forward import ActivationSaturated
from simulator.network.stack import Roles


@functools.lru_cache(maxsize=64)
def _probes(inputs: int, dtype: np.dtype[np.floating]) -> Array:
    """(2, inputs): ones, and signs that are the same draw every time."""
    probes: Array = np.ones((2, inputs), dtype)
    probes[1] -= 2 * np.random.default_rng(inputs).integers(0, 2, inputs)
    probes.setflags(write=False)
    return probes


class _Products:
    """Where the products of every layer's weights with the probes lie: one vector, a segment per layer and probe."""

    def __init__(self, roles: Roles) -> None:
        weights = roles["weights"]
        self.inputs = np.array([math.nan if array is None else len(array) for array in weights.arrays])
        """(layers,): how many terms a unit sums."""
        self.outputs: Floats = weights.sizes / self.inputs
        """(layers,): how many units there are."""
        self.single: NDArray[np.bool_] = np.equal(weights.sizes, self.inputs)
        """(layers,): where there is only one unit."""
        self.layers = np.array([layer for stack in weights.stacks for layer in stack.layers], np.intp)
        self.sizes: Floats = weights.sizes[self.layers]
        units = [stack.array.shape[2] for stack in weights.stacks for _ in stack.layers]
        self.units = np.repeat(np.array(units, np.intp), 2)
        """(segments,): how long each is."""
        self.starts = np.cumsum(self.units) - self.units
        dtype = weights.stacks[0].array.dtype if weights.stacks else np.dtype(np.float64)
        self.vector = np.empty(self.units.sum(), dtype)
        self.works: list[tuple[Array, Array, Array]] = []
        """Probes, a stack of weights, and where their products go."""
        end = 0
        for stack in weights.stacks:
            depth, inputs, width = stack.array.shape
            begin, end = end, end + 2 * depth * width
            out = self.vector[begin:end].reshape(depth, 2, width)
            self.works.append((_probes(inputs, dtype), stack.array, out))

    def sums(self) -> tuple[Floats, Floats]:
        """Σ of the weights, and the variance over units of the incoming weights' sums with signs."""
        if not self.works:
            return np.empty(0), np.empty(0)
        for probes, weights, out in self.works:
            # One product with every matrix serves both.
            np.matmul(probes, weights, out=out)
        wide = self.vector.astype(np.float64)
        total = np.add.reduceat(wide, self.starts)
        wide -= np.repeat(total / self.units, self.units)
        wide *= wide
        return total[::2], np.add.reduceat(wide, self.starts)[1::2] / self.units[1::2]


_PRODUCTS: WeakKeyDictionary[Roles, _Products] = WeakKeyDictionary()


def _products(roles: Roles) -> _Products:
    if roles not in _PRODUCTS:
        _PRODUCTS[roles] = _Products(roles)
    return _PRODUCTS[roles]


class _Shared:
    """What several of these measures read off one network at one step."""

    def __init__(self, reading: Reading) -> None:
        products = _products(reading.roles)
        self.inputs, self.outputs, self.single = products.inputs, products.outputs, products.single
        self.rate: Floats = 1 - ActivationSaturated().value(reading)
        self.mean, self.variance = np.full((2, reading.roles.depth), math.nan)
        total, variance = products.sums()
        self.mean[products.layers] = total / products.sizes
        self.variance[products.layers] = variance


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
        shared, size = reading.once(_Shared), reading.norm["weights"]
        return np.where(size == 0, 0.0, np.sqrt(shared.variance * shared.outputs) / size)

    def undefined(self, reading: Reading) -> NDArray[np.bool_]:
        """Where there is only one unit."""
        return reading.once(_Shared).single


class ActivationRate(FlowMeasure):
    name = "activation_rate"
    label = "activation rate"
    unit = "share"
    formula = "share of entries with |φ'(z)| ≥ 0.05 sup|φ'|: what lets a signal through; NaN where any z is"
    norms = ("a",)
    needs = ("slope",)

    def value(self, reading: Reading) -> Floats:
        return reading.once(_Shared).rate


class MeanWeightRate(FlowMeasure):
    name = "mean_weight_rate"
    label = "mean weight × activation rate"
    formula = "n · mean of W · activation rate, n the inputs of a unit; 1 passes equal weights' signal on unchanged"
    norms = ("a",)
    needs = ("weights", "slope")

    def value(self, reading: Reading) -> Floats:
        shared = reading.once(_Shared)
        product: Floats = shared.inputs * shared.mean * shared.rate
        return product


class VarianceRate(FlowMeasure):
    name = "variance_rate"
    label = "n σ² × activation rate"
    formula = "n · variance of W · activation rate; 1 passes the signal of zero-mean weights on unchanged"
    norms = ("weights", "a")
    needs = ("weights", "slope")

    def value(self, reading: Reading) -> Floats:
        shared = reading.once(_Shared)
        square = np.square(reading.norm["weights"]) / reading.roles["weights"].sizes
        variance: Floats = np.maximum(square - np.square(shared.mean), 0)
        return shared.inputs * variance * shared.rate
