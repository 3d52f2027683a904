"""All that rules look at: the present step, the past, the data; and how the run is doing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats, median
from simulator.experiment.shapes import frozen_rows
from simulator.observations.base import Observation
from simulator.observations.factors import FactorsObservation
from simulator.observations.facts import FactsObservation
from simulator.observations.time_profile import TimeProfilesObservation

if TYPE_CHECKING:
    from simulator.arrays.trace import Factor
    from simulator.experiment.experiment import Experiment
    from simulator.layers.info import LayerInfo
    from simulator.measures.facts import Facts
    from simulator.observations.sharpness import Sharpness
    from simulator.record.frame import Frame
    from simulator.record.history import History
    from simulator.record.record import Record

OBSERVATIONS: tuple[Observation[Any], ...] = (FactorsObservation(), TimeProfilesObservation(), FactsObservation())
"""What a frame must bring to be evidence."""
UNMOVED_LEVEL = 0.97
"""Share of what always guessing the mean scores, above which nothing has been learnt."""
DIVERGED_RATIO = 2.0
"""Times the loss at the start, and what guessing scores, above which it has diverged."""
GOOD_LEVEL = 0.3
"""Share of what guessing scores, below which a run is as good as it needs to be told nothing."""
LEARNT_SHARE = 0.1
"""Share of the loss at the start below which updates may be as small as they like."""
SPOILT_RATIO = 2.0
"""Times the loss at the start beyond which the weights are no good place to go on from."""
BLOWN_UP_RATIO = 100.0
"""Times the loss at step 0, and what guessing scores, above which the first steps are no start any more."""
DEAD, FLAT = 0.5, 0.9
"""Shares of a layer's units, and of its entries, without which it does not come back."""
DISPLACED_RATIO = 10.0
"""Times the size of a layer's weights at step 0."""
HEALTHY_UPDATE_RATIOS = (1e-4, 1e-2)
"""‖ΔW‖/‖W‖ between which learning is healthy."""
RECENT_STEPS = 10
"""Steps over which a number is judged: one odd batch is no finding."""


Condition = Literal["broken", "diverged", "unmoved", "slow", "well"]
"""NaN or Inf; a loss well above its start; no better than guessing; better, but not by much; better."""


@dataclass(frozen=True)
class Evidence:
    """All that rules look at."""

    experiment: Experiment
    frame: Frame
    """The present, with ``factors`` (and ``time`` where layers have a state)."""
    record: Record
    """The past."""
    tiny: Floats | None = None
    """(layers,): share of the weight gradient's entries that float16 could not hold; None: not counted."""
    sharpness: Sharpness | None = None
    """None: not known."""
    _series: dict[str, Floats] = field(default_factory=dict, repr=False, compare=False)

    # -- layers ---------------------------------------------------------------------------------------------------

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        return self.frame.info.layers

    @cached_property
    def hidden(self) -> NDArray[np.bool_]:
        """(layers,)"""
        return np.array([layer.entry >= 0 for layer in self.layers], np.bool_)

    def labels(self, rows: Iterable[int]) -> tuple[str, ...]:
        return tuple(self.layers[row].label for row in rows)

    def name(self, row: int) -> str:
        """``layer 3``, or ``the output``."""
        return name_of(self.layers[row])

    def rows(self, measure: str) -> list[int]:
        """Hidden layers that have the measure now."""
        defined: list[int] = np.flatnonzero(self.frame.defined[measure] & self.hidden).tolist()
        return defined

    @property
    def broken(self) -> bool:
        """Whether NaN or Inf has come in."""
        loss = self.frame.scalars.get("loss", 0.0)
        return not math.isfinite(loss) or bool(np.any(self.frame.measures["nonfinite"] > 0))

    @property
    def spoilt(self) -> bool:
        """Whether the state of the network is such that no setting would bring it back."""
        lost = self.broken or self.frame.lost_state is not None
        return lost or self.frame.scalars.get("loss", 0.0) > SPOILT_RATIO * self.start or self._stuck or self._displaced

    @property
    def _stuck(self) -> bool:
        """Whether most units of a hidden layer are dead, or nearly all of its entries are flat."""
        measures = self.frame.measures
        dead, flat = (measures[name][self.hidden] for name in ("activation_dead", "activation_saturated"))
        return bool(np.any(dead >= DEAD) or np.any(flat >= FLAT))

    @property
    def _displaced(self) -> bool:
        """Whether the weights of a hidden layer are of another size altogether than at step 0."""
        if self.first is None:
            return False
        now, then = (frame.measures["weight_norm"][self.hidden] for frame in (self.frame, self.first))
        return bool(np.any((now > DISPLACED_RATIO * then) & (then > 0)) or np.any(DISPLACED_RATIO * now < then))

    # -- the past -------------------------------------------------------------------------------------------------

    @property
    def history(self) -> History:
        return self.record.history

    @property
    def first(self) -> Frame | None:
        """The frame of step 0."""
        return self.record.first

    @cached_property
    def steps(self) -> Floats:
        """(buckets,): the last step of each."""
        series = self.history.series("loss")
        return np.minimum(series.steps + series.stride - 1, self.history.end)

    def past(self, name: str) -> Floats:
        """(buckets,) or, for a measure, (buckets, layers): the last value of each bucket."""
        if name not in self._series:
            self._series[name] = self.history.series(name).last
        return self._series[name]

    @cached_property
    def recent(self) -> int:
        """How many buckets make up the recent past."""
        return min(max(1, -(-RECENT_STEPS // self.history.stride)), max(len(self.steps), 1))

    def lately(self, name: str) -> Floats:
        """The median of the recent past: (), or (layers,) for a measure; NaN where most of it is."""
        past = self.past(name)[-self.recent :]
        return median(past)

    # -- what it has learnt ---------------------------------------------------------------------------------------

    @cached_property
    def start(self) -> float:
        """The loss of the first steps; of step 0 where the first update has already blown it up."""
        early = float(median(self.past("loss")[: self.recent]))
        if self.first is None or self.facts is None:
            return early
        first = self.first.scalars.get("loss", math.nan)
        return first if early > BLOWN_UP_RATIO * max(first, self.facts.data.guessing_loss) else early

    @property
    def facts(self) -> Facts | None:
        """Of the present step; of the first where NaN or Inf has come in."""
        first = None if self.first is None else self.first.result(FactsObservation())
        return first if self.broken and first is not None else self.frame.result(FactsObservation())

    @cached_property
    def guessing(self) -> float:
        """What a constant guess scores, or the start of the run where that is not known."""
        if self.facts is not None:
            return self.facts.data.guessing_loss
        level = self.frame.info.baseline_loss
        return self.start if level is None else level

    @cached_property
    def yardstick(self) -> float:
        """What losses are compared with: that of guessing or, where a guess is exactly right, that of the start."""
        return self.guessing or self.start

    @cached_property
    def level(self) -> float:
        """The present loss as a share of the yardstick; 0 where both are."""
        now = self.lately("loss").item()
        return now / self.yardstick if self.yardstick else math.inf if now else 0.0

    @cached_property
    def condition(self) -> Condition:
        """How the run is doing."""
        now = self.lately("loss").item()
        if self.broken or not math.isfinite(now):
            return "broken"
        if self.frame.step >= self.recent and now > DIVERGED_RATIO * max(self.start, self.guessing):
            return "diverged"
        if self.level > UNMOVED_LEVEL:
            return "unmoved"
        return "slow" if self.level > GOOD_LEVEL else "well"

    @cached_property
    def top_rate(self) -> float:
        """The greatest learning rate of the run so far."""
        return float(np.nanmax(self.history.series("learning_rate").high, initial=self.rate))

    @cached_property
    def longest_update(self) -> tuple[float, int, int]:
        """The greatest finite ‖ΔW‖/‖W‖ of a hidden layer so far, its row, and its step or the first of its bucket.

        0 where there is none.
        """
        series = self.history.series("update_ratio")
        ratios = np.where(np.isfinite(series.high) & self.hidden, series.high, 0.0)
        bucket, row = np.unravel_index(int(ratios.argmax()), ratios.shape)
        return float(ratios[bucket, row]), int(row), int(series.steps[bucket])

    @cached_property
    def updated(self) -> NDArray[np.bool_]:
        """The layers whose weights are updated, and have a size that an update can be compared with."""
        updated: NDArray[np.bool_] = self.frame.defined["update_ratio"] & ~np.array(frozen_rows(self.experiment))
        return updated

    @cached_property
    def rate(self) -> float:
        """The learning rate that acts now."""
        return float(self.frame.scalars.get("learning_rate", self.experiment.optimizer.learning_rate))

    @property
    def learnt(self) -> bool:
        """Whether little is left to learn."""
        return self.lately("loss").item() < LEARNT_SHARE * self.start

    @property
    def moved(self) -> bool:
        """Whether it is better than guessing, or has not had the time to be."""
        return self.frame.step < 2 * self.recent or self.lately("loss").item() < UNMOVED_LEVEL * self.yardstick

    def since(self, holds: NDArray[np.bool_]) -> int:
        """The step from which on ``holds`` (buckets,) has been true; the present step if it is not even now."""
        if not len(holds) or not holds[-1]:
            return self.frame.step
        broken = np.flatnonzero(~holds)
        first = int(broken[-1]) + 1 if broken.size else 0
        return int(self.history.series("loss").steps[first])


def name_of(layer: LayerInfo) -> str:
    """``layer 3``, or ``the output``."""
    return "the output" if layer.entry < 0 else f"layer {layer.label}"


class Balance(Struct, frozen=True):
    """What the factors of a waterfall do to the error signal on its whole way back, in decades."""

    sums: Mapping[Factor, float]
    """Over all layers where the signal lives."""
    end: Factor | None
    """What turned it into exactly 0, if something did."""

    @property
    def total(self) -> float:
        """Of all factors."""
        return sum(self.sums.values())

    def culprit(self, sign: int) -> tuple[Factor, float] | None:
        """The factor that shrinks (−1) or magnifies (+1) the signal most, and by how much; None where none does."""
        signed = [(sign * value, factor) for factor, value in self.sums.items() if sign * value > 0]
        if not signed:
            return None
        value, factor = max(signed)
        return factor, sign * value


def balance(frame: Frame) -> Balance | None:
    """The factors of a frame summed over all hidden layers; None where it has none."""
    factors = frame.result(FactorsObservation())
    if not factors:
        return None
    sums: dict[Factor, float] = {}
    end: Factor | None = None
    for gains in reversed(factors):
        for factor, value in gains.factors.items():
            if math.isfinite(value):
                sums[factor] = sums.get(factor, 0.0) + value
            elif value == -math.inf and end is None:
                end = factor
    return Balance(sums, end)
