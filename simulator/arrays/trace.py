"""What each operation of the backward pass does to the size of the error signal.

While a trace is on, modules mark the gradient after every operation on its way back. Between two marks the norm
changes by that operation's gain; gains multiply, so their logarithms add up to the whole exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from simulator.arrays.numeric import Array

Factor = Literal["weights", "normalization", "slope", "dropout", "skip", "gate", "pooling", "time"]
FACTORS: tuple[Factor, ...] = ("weights", "normalization", "slope", "dropout", "skip", "gate", "pooling", "time")


class TraceMark(Struct, frozen=True):
    """‖gradient‖ after an operation; ``arrived`` where that gradient is the layer's δ."""

    layer: str
    factor: Factor | None
    norm: float
    arrived: bool


@dataclass(frozen=True)
class Gains:
    """Going back to one layer from the one above it, in decades.

    ``total`` = log₁₀ ‖δ^l‖ / ‖δ^{l+1}‖ is the sum of ``factors``. The weights are those of the layer above, slope and
    dropout this layer's own.
    """

    layer: str
    factors: dict[Factor, float]
    total: float


class Trace:
    """Marks of one backward pass, in the order they are met: from the output to the first layer."""

    def __init__(self, norm: Callable[[Array], float]) -> None:
        self.on = False
        self.marks: list[TraceMark] = []
        self._norm = norm

    def begin(self, on: bool) -> None:
        """A backward pass begins; whether it is followed."""
        self.on = on
        self.marks = []

    def mark(self, layer: str, factor: Factor | None, gradient: Array, arrived: bool = False) -> None:
        """Note the gradient as it is now, while the trace is on."""
        if self.on:
            self.marks.append(TraceMark(layer, factor, self._norm(gradient), arrived))


def decades(after: float, before: float) -> float:
    """log₁₀ after/before; −Inf where the signal is lost, NaN where there was none."""
    if before == 0 or math.isnan(before) or math.isnan(after):
        return math.nan
    if after == 0:
        return -math.inf
    return math.log10(after) - math.log10(before) if math.isfinite(after) and math.isfinite(before) else math.nan


def gains(marks: Sequence[TraceMark]) -> list[Gains]:
    """The gains of every layer below the output, in the order they are met going back."""
    of_layers: list[Gains] = []
    start = None
    factors: dict[Factor, float] = {}
    for before, mark in zip([None, *marks[:-1]], marks, strict=True):
        if before is not None and mark.factor is not None:
            factors[mark.factor] = factors.get(mark.factor, 0.0) + decades(mark.norm, before.norm)
        if mark.arrived:
            if start is not None:
                of_layers.append(Gains(mark.layer, factors, decades(mark.norm, start.norm)))
            start, factors = mark, {}
    return of_layers
