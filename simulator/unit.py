"""One unit of a layer: how it answers the batch at one step, and what became of it over time."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.looks import Floats, Looks

Condition = Literal["alive", "dead", "saturated", "not finite"]
SATURATED = 0.95
"""A unit is called saturated where |φ'| is below 5 % of its supremum on at least this share of the batch."""
COLUMNS = ("mean", "low", "high", "active", "saturated", "gradient_norm")
"""What is kept of each look."""
_LOW, _HIGH = COLUMNS.index("low"), COLUMNS.index("high")
MOST_TURNS = 64


@dataclass(frozen=True)
class Unit:
    """One unit on the batch of one step, among the units of its layer."""

    layer: str
    """Label."""
    index: int
    """Counted from 0."""
    mean: float
    low: float
    high: float
    """Of its activation over the batch, for a convolution over positions too, for a layer with a state over steps."""
    active: float
    """Share of the batch with φ'(z) ≠ 0; NaN where the layer has no φ, or any z is NaN."""
    saturated: float
    """Share with |φ'(z)| < 0.05 sup|φ'|; NaN likewise."""
    gradient_norm: float
    """‖∂C/∂w‖ of its incoming weights; NaN where it has none."""
    weights: Floats
    """(inputs, maps): its incoming weights, without the bias; maps are the pieces or gates that make up the unit."""
    image: tuple[int, ...]
    """(channels, height, width) where one map's weights are an image, else ()."""
    means: Floats
    actives: Floats
    saturations: Floats
    """(units,) each, of all units of the layer."""
    drawn: bool
    """Whether its weights can be drawn anew."""

    @property
    def condition(self) -> Condition:
        if not math.isfinite(self.low) or not math.isfinite(self.high):
            return "not finite"
        return "dead" if self.active == 0 else "saturated" if self.saturated >= SATURATED else "alive"

    @property
    def dead(self) -> NDArray[np.bool_]:
        """(units,): φ'(z) = 0 on the whole batch."""
        return np.equal(self.actives, 0)

    @property
    def row(self) -> Floats:
        return np.array([getattr(self, name) for name in COLUMNS], np.float64)


@dataclass(frozen=True)
class Turn:
    """A unit was seen in another condition than before."""

    condition: Condition
    step: int
    """The look that first saw it so."""
    after: int | None
    """The look before; None at the first."""


def _merged(earlier: Floats, later: Floats) -> Floats:
    """The later look, with the extremes of both."""
    found = later.copy()
    found[..., _LOW] = np.fmin(earlier[..., _LOW], later[..., _LOW])
    found[..., _HIGH] = np.fmax(earlier[..., _HIGH], later[..., _HIGH])
    return found


class UnitPast:
    """What became of the unit that is watched; it begins anew with every other unit."""

    def __init__(self, capacity: int = 256) -> None:
        self.capacity = capacity
        self.unit: Unit | None = None
        """The last look."""
        self._begin()

    def _begin(self) -> None:
        self.looks = Looks((len(COLUMNS),), _merged, self.capacity)
        self._turns: deque[Turn] = deque(maxlen=MOST_TURNS)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """When it died, saturated or came back, in order; none for a unit that has been well all along."""
        return tuple(self._turns)

    def add(self, step: int, unit: Unit | None) -> None:
        """Take in one look; None: the step was seen without the unit."""
        if unit is None:
            self.looks.miss(step)
            return
        before = self.unit
        if before is not None and (before.layer, before.index, before.means.size) != (
            unit.layer, unit.index, unit.means.size,
        ):  # fmt: skip
            self._begin()
            before = None
        known = "alive" if before is None else before.condition
        if unit.condition != known:
            self._turns.append(Turn(unit.condition, step, None if before is None else self.looks.end))
        self.looks.add(step, unit.row)
        self.unit = unit
