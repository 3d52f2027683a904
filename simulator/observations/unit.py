"""One unit of a layer: how it answers the batch at one step, and what became of it over time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.observations.sampled import Sampled, Subject
from simulator.training.run_info import RunInfo

UnitCondition = Literal["alive", "dead", "saturated", "not finite"]
SATURATED = 0.95
"""A unit is called saturated where |φ'| is below 5 % of its supremum on at least this share of the batch."""
COLUMNS = ("mean", "low", "high", "active", "saturated", "gradient_norm")
"""What is kept of each look."""
_LOW, _HIGH = COLUMNS.index("low"), COLUMNS.index("high")


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
    def condition(self) -> UnitCondition:
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


class WatchedUnit(Sampled):
    """What became of the unit that is watched: of looks that share a column the later, with the extremes of both."""

    name = "unit"
    gaps = True
    conditions = get_args(UnitCondition)

    def subject(self, result: Unit, info: RunInfo) -> Subject:
        return unit_subject(result)

    def largest(self, info: RunInfo) -> Subject:
        return Subject((info.layers[0].label,), (0, info.layers[0].units))

    def shape(self, subject: Subject) -> tuple[int, ...]:
        if len(subject.labels) != 1 or len(subject.sizes) != 2:
            raise ValueError("a layer, a unit and their number are expected")
        return (len(COLUMNS),)

    def sampled(self, result: Unit, info: RunInfo) -> Floats:
        return result.row

    def merge(self, earlier: Floats, later: Floats) -> Floats:
        merged = later.copy()
        merged[..., _LOW] = np.fmin(earlier[..., _LOW], later[..., _LOW])
        merged[..., _HIGH] = np.fmax(earlier[..., _HIGH], later[..., _HIGH])
        return merged

    def condition(self, result: Unit) -> str:
        return result.condition


def unit_subject(unit: Unit) -> Subject:
    """A unit among the units of its layer."""
    return Subject((unit.layer,), (unit.index, unit.means.size))
