"""What a measure is: one per-layer number with name, label, unit, formula and source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.layers.base import Tap
from simulator.measures.statistics import Moments, moments, norm

Side = Literal["forward", "backward", "update"]
SATURATION = 0.05
"""A unit is saturated where |φ'(z)| is below this share of sup|φ'|."""


class Reading:
    """One layer at one step: its tap and the sums that several measures share, each computed once when asked."""

    def __init__(self, tap: Tap, batch: int) -> None:
        self.tap = tap
        self.batch = batch

    @cached_property
    def activation(self) -> Moments:
        return moments(self.tap.a)

    @cached_property
    def preactivation(self) -> Moments:
        return moments(self.tap.z)

    @cached_property
    def flat(self) -> NDArray[np.bool_]:
        """Where |φ'(z)| is below 5 % of its supremum: saturated entries."""
        slope, activation = self.tap.slope, self.tap.activation
        assert slope is not None
        assert activation is not None
        steepness = slope if activation.monotone else np.abs(slope)
        return np.less(steepness, SATURATION * activation.sup_slope)

    @cached_property
    def flat_entries(self) -> int:
        return int(np.count_nonzero(self.flat))

    @cached_property
    def delta_norm(self) -> float:
        """‖∂C/∂z‖"""
        return norm(self.tap.delta)

    @cached_property
    def weight_gradient(self) -> Moments:
        return moments(self.tap.weight_gradient)

    @cached_property
    def weight_gradient_norm(self) -> float:
        return norm(self.tap.weight_gradient)

    @cached_property
    def weight_norm(self) -> float:
        return norm(self.tap.weights)

    @cached_property
    def update_norm(self) -> float:
        return norm(self.tap.weight_update)


class Measure(ABC):
    """One per-layer quantity; ``value`` gives None where it is not defined."""

    name: ClassVar[str]
    label: ClassVar[str]
    unit: ClassVar[str] = ""
    side: ClassVar[Side]
    formula: ClassVar[str]

    @abstractmethod
    def value(self, reading: Reading) -> float | None: ...
