"""What a map says at each of its places: the cells of all seeds together, as a number or as what became of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.maps.making import MadeCell
from simulator.maps.sweep import Sweep, SweepValues, place_on, ranks

STEP = "step"
"""The measure that says how many steps were made."""
Outcome = Literal["made", "diverged", "failed", "undefined", "open"]
"""``open``: the rule that was to end it never held, so that the number of steps is only known to be more."""
FROM_BEST_TO_WORST: tuple[Outcome, ...] = ("made", "open", "undefined", "failed", "diverged")
LOG_MEASURES = ("loss", "validation_loss", "gradient_norm", "gradient_ratio", STEP, "learning_rate")
"""Those that are shown by their logarithm, where all of them are above 0."""


@dataclass(frozen=True)
class MapPlace:
    """A place of the map, with all seeds that are made there."""

    values: SweepValues
    at: tuple[float, ...]
    """On the axes: 0 is the first value."""
    made: tuple[MadeCell, ...]
    waits: bool = False
    """Whether a rule was to end its runs."""
    _known: dict[str, tuple[Outcome, float | None]] = field(default_factory=dict, compare=False, repr=False)

    def numbers(self, measure: str) -> Floats:
        """Of the seeds that neither failed nor diverged, where the measure is defined."""
        known = [
            number_of(each, measure) for each in self.made if outcome_of(each, measure, self.waits) in ("made", "open")
        ]
        return np.array([value for value in known if value is not None], float)

    def outcome(self, measure: str) -> Outcome:
        """What became of most of its seeds; of two that are as many, the worse."""
        return self._of(measure)[0]

    def median(self, measure: str) -> float | None:
        """Over seeds; None where most of them have no number."""
        return self._of(measure)[1]

    def _of(self, measure: str) -> tuple[Outcome, float | None]:
        if measure not in self._known:
            outcomes = [outcome_of(each, measure, self.waits) for each in self.made]
            worst = max(FROM_BEST_TO_WORST, key=lambda each: (outcomes.count(each), FROM_BEST_TO_WORST.index(each)))
            median = statistics.median(self.numbers(measure).tolist()) if worst in ("made", "open") else None
            self._known[measure] = worst, median
        return self._known[measure]


def number_of(made: MadeCell, measure: str) -> float | None:
    """A measure of a cell; None where it is not defined."""
    return (None if made.steps is None else float(made.steps)) if measure == STEP else made.measure(measure)


def outcome_of(made: MadeCell, measure: str, waits: bool = False) -> Outcome:
    """What became of one cell; ``waits``: a rule was to end it."""
    if made.error:
        return "failed"
    value = number_of(made, measure)
    if made.diverged or (value is not None and not math.isfinite(value)):
        return "diverged"
    if value is None:
        return "undefined"
    return "open" if measure == STEP and not made.stopped and waits else "made"


class Summary:
    """All places of a map at which something is made."""

    def __init__(self, sweep: Sweep, made: Iterable[MadeCell], before: Summary | None = None) -> None:
        """``before`` is that of the same map with fewer cells, whose places that have not changed are kept."""
        self.sweep = sweep
        together: dict[str, list[MadeCell]] = {}
        for each in made:
            together.setdefault(repr(each.values), []).append(each)
        kept = {} if before is None or before.sweep != sweep else before._by_values
        self._ranks = [ranks(axis) for axis in sweep.axes]
        self._by_values: dict[str, MapPlace] = {
            key: kept[key] if key in kept and len(kept[key].made) == len(own) else self._place(own)
            for key, own in together.items()
        }
        self.places: Mapping[tuple[float, ...], MapPlace] = {place.at: place for place in self._by_values.values()}

    def _place(self, made: list[MadeCell]) -> MapPlace:
        values = made[0].values
        at = tuple(map(place_on, self.sweep.axes, values, self._ranks))
        return MapPlace(values, at, tuple(sorted(made, key=lambda each: each.seed)), bool(self.sweep.until))

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(axis.values) for axis in self.sweep.axes)

    def grid(self, measure: str) -> Floats:
        """The median at each place of the axes; NaN where there is no number."""
        grid = np.full(self.shape, math.nan)
        for at, place in self.places.items():
            median = place.median(measure)
            if median is not None and all(each.is_integer() for each in at):
                grid[tuple(map(int, at))] = median
        return grid

    def logarithmic(self, measure: str) -> bool:
        """Whether a measure is shown by its logarithm."""
        if measure.partition(":")[0] not in LOG_MEASURES:
            return False
        numbers = [median for place in self.places.values() if (median := place.median(measure)) is not None]
        return bool(numbers) and min(numbers) > 0
