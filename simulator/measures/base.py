"""What a measure is: one per-layer number with name, label, unit, formula and source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import ClassVar, Literal

from simulator.layers.base import Tap
from simulator.measures.statistics import Moments, moments, norm

Side = Literal["forward", "backward", "update"]


class Reading:
    """One layer at one step: its tap and the sums that several measures share, each computed once when asked."""

    def __init__(self, tap: Tap, batch: int) -> None:
        self.tap = tap
        self.batch = batch

    @cached_property
    def activation(self) -> Moments:
        return moments(self.tap.a)

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
