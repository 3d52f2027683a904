"""What a measure is: one per-layer number with name, label, unit, formula and source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import ClassVar, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.frame import Floats
from simulator.measures.statistics import Moments, moments, norms
from simulator.numeric import Array
from simulator.stack import Stack

Side = Literal["forward", "backward", "update"]
SATURATION = 0.05
"""A unit is saturated where |φ'(z)| is below this share of sup|φ'|."""


class Reading:
    """A stack at one step, and the sums that several measures share, each computed once when asked."""

    def __init__(self, stack: Stack, batch: int) -> None:
        self.stack = stack
        self.batch = batch

    @cached_property
    def activation(self) -> Moments:
        return moments(self.stack.a)

    @cached_property
    def preactivation(self) -> Moments | None:
        return _if_there(moments, self.stack.z)

    @cached_property
    def flat(self) -> NDArray[np.bool_]:
        """Where |φ'(z)| is below 5 % of its supremum: saturated entries."""
        slope, activation = self.stack.slope, self.stack.activation
        assert slope is not None
        assert activation is not None
        steepness = slope if activation.monotone else np.abs(slope)
        return np.less(steepness, SATURATION * activation.sup_slope)

    @cached_property
    def flat_entries(self) -> list[int]:
        return [int(np.count_nonzero(layer)) for layer in self.flat]

    @cached_property
    def delta_norm(self) -> Floats | None:
        """‖∂C/∂z‖"""
        return _if_there(norms, self.stack.delta)

    @cached_property
    def weight_gradient(self) -> Moments | None:
        return _if_there(moments, self.stack.weight_gradient)

    @cached_property
    def weight_norm(self) -> Floats | None:
        return _if_there(norms, self.stack.weights)

    @cached_property
    def update_norm(self) -> Floats | None:
        return _if_there(norms, self.stack.weight_update)


Found = TypeVar("Found")


def _if_there(measure: Callable[[Array], Found], array: Array | None) -> Found | None:
    return None if array is None else measure(array)


class Measure(ABC):
    """One per-layer quantity; ``value`` gives None for a stack where it is not defined, else (layers,).

    A NaN in it is a value, but for :attr:`undefined`.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    unit: ClassVar[str] = ""
    side: ClassVar[Side]
    formula: ClassVar[str]

    @abstractmethod
    def value(self, reading: Reading) -> Floats | None: ...

    def undefined(self, reading: Reading) -> NDArray[np.bool_] | None:
        """(layers,) where the value does not exist in a stack where others do; None: nowhere."""
        return None
