"""A normalisation that only scales."""

from __future__ import annotations

from typing import ClassVar, cast

import numpy as np

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.layers.normalization.base import Normalization, Stage
from simulator.schema.parameter import Part


class Halving(Normalization, frozen=True, tag="halving"):
    """Halves the signal before the activation."""

    label: ClassVar[str] = "halving norm"

    @property
    def first(self) -> bool:
        return True

    def stage(self, units: int) -> HalvingStage:
        return HalvingStage()


class HalvingStage(Stage):
    """y = x / 2"""

    def update_spec(self, spec: Part) -> None:
        self.spec = cast(Halving, spec)

    def allocate(self, shape: tuple[int, int], arena: Arena) -> None:
        """It keeps nothing."""

    def forward(self, x: Array, out: Array, training: bool) -> None:
        np.multiply(x, 0.5, out=out)

    def backward(self, gradient: Array, out: Array) -> None:
        np.multiply(gradient, 0.5, out=out)

    def commit(self) -> None:
        """It remembers nothing."""
