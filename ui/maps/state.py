"""What the plots of a map draw: its cells as they are now, and what is looked at."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.experiment.experiment import Experiment
from simulator.maps.axes import MapAxis
from simulator.maps.making import MadeCell
from simulator.maps.summary import STEP, MapPlace, Outcome, Summary
from simulator.maps.sweep import Sweep
from simulator.maps.table import value_text
from simulator.maps.theory import TheoryCurve
from simulator.measures import RECORDED
from ui.style.numbers import count, integer, number, percent

At = tuple[float, ...]
_LAST_LAYER = re.compile(r"(–(?:\d+\.)*)\d+")
FAR = 3.0
"""Decades from the median within which colours tell a logarithmic measure apart."""
NAMES: Mapping[str, str] = {
    STEP: "steps",
    "validation_loss": "validation loss",
    "validation_accuracy": "validation accuracy",
    "learning_rate": "learning rate",
    "gradient_norm": "gradient norm",
    "gradient_ratio": "∂W of the first layer / last",
}
SHARES = frozenset(
    ("accuracy", "validation_accuracy", *(measure.name for measure in RECORDED if measure.unit == "share"))
)
"""What is written in per cent, here as on the bench."""


@dataclass(frozen=True)
class MadeMap:
    """A map as far as it is made."""

    sweep: Sweep
    made: tuple[MadeCell, ...]
    measure: str
    under_way: Mapping[str, float] = field(default_factory=dict)
    """Cells that are being made → how far they are."""
    lines: tuple[TheoryCurve, ...] = ()
    chosen: At | None = None
    """The place whose row and column are shown."""
    along: int = 0
    """The axis along which the profile goes."""
    over: str = ""
    """The measure that a profile goes over; empty: the axis."""

    before: Summary | None = field(default=None, compare=False, repr=False)
    """What was known when fewer cells were made."""

    depth = 0

    @property
    def step(self) -> int:
        return self.sweep.steps

    @cached_property
    def summary(self) -> Summary:
        return Summary(self.sweep, self.made, self.before)

    @cached_property
    def logarithmic(self) -> bool:
        return self.summary.logarithmic(self.measure)

    @cached_property
    def places(self) -> Sequence[MapPlace]:
        """The coarse ones first, so that those that were added lie over them."""
        return sorted(self.summary.places.values(), key=lambda place: -min(map(size_of, place.at)))

    @cached_property
    def counted(self) -> str:
        """``54 of 54 cells``, of a refined map ``54 of 54 cells and 27 between them``."""
        between = sum(len(place.made) for place in self.places if not all(each.is_integer() for each in place.at))
        whole = math.prod(self.summary.shape) * self.sweep.seeds
        added = f" and {integer(between)} between them" if between else ""
        return f"{integer(len(self.made) - between)} of {count(whole, 'cell')}{added}"

    def shown(self, place: MapPlace) -> float | None:
        """What its colour is of."""
        median = place.median(self.measure)
        return median if median is None or not self.logarithmic else math.log10(median)

    def outcome(self, place: MapPlace) -> Outcome:
        return place.outcome(self.measure)

    @cached_property
    def range(self) -> tuple[float, float]:
        """Of what colours are of."""
        shown = [value for place in self.places if (value := self.shown(place)) is not None]
        if not shown:
            return (0.0, 1.0)
        if is_share(self.measure):
            return (0.0, 1.0)
        low, high = min(shown), max(shown)
        if self.logarithmic:
            middle = float(np.median(shown))
            low, high = max(low, middle - FAR), min(high, middle + FAR)
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def near(self, at: Sequence[float]) -> MapPlace | None:
        """The place whose cell lies there; of several the smallest."""
        hit = [
            place
            for place in self.places
            if all(abs(a - b) <= size_of(b) / 2 for a, b in zip(at, place.at, strict=True))
        ]
        return hit[-1] if hit else None

    def grid_values(self, at: Sequence[float]) -> tuple[object, ...] | None:
        """What the axes have at a place, whether it is made or not."""
        nearest = [round(place) for place in at]
        if any(not 0 <= place < len(axis.values) for place, axis in zip(nearest, self.sweep.axes, strict=True)):
            return None
        return tuple(axis.values[place] for place, axis in zip(nearest, self.sweep.axes, strict=True))

    def profile(self) -> Sequence[MapPlace]:
        """The places in the row or column of the chosen one, along the axis; of a map of one axis all."""
        if len(self.sweep.axes) == 1:
            return sorted(self.places, key=lambda place: place.at)
        if self.chosen is None:
            return ()
        other = 1 - self.along
        row = [place for place in self.places if place.at[other] == self.chosen[other]]
        return sorted(row, key=lambda place: place.at[self.along])

    def _across(self, place: MapPlace) -> float:
        """Where it stands along a profile."""
        if self.over:
            median = place.median(self.over)
            return math.nan if median is None else median
        return place.at[self.along if len(place.at) > 1 else 0]

    def spread(self, places: Sequence[MapPlace], measure: str) -> Floats:
        """(4, places): place on the axis, least, median and largest of the seeds; NaN where there is none."""
        columns = []
        for place in places:
            numbers = place.numbers(measure)
            lost = place.median(measure) is None or not numbers.size
            low, middle, high = (math.nan,) * 3 if lost else (numbers.min(), np.median(numbers), numbers.max())
            columns.append((self._across(place), low, middle, high))
        return np.array(columns, float).reshape(-1, 4).T


def size_of(place: float) -> float:
    """How wide the cell at a place of an axis is: 1 on the grid, half as wide in the middle between two, and so on."""
    for level in range(8):
        if abs(place * 2**level - round(place * 2**level)) < 1e-6:
            return 0.5**level
    return 0.5


@functools.lru_cache(64)
def _name(experiment: Experiment, path: str) -> str:
    return experiment.place(path)


def axis_name(sweep: Sweep, axis: int) -> str:
    """``layers 1–30, weights, weight variance``: what a person calls what is varied; ``layers 1–n`` where ``n`` is."""
    path = sweep.axes[axis].path
    name = _name(sweep.experiment, path)
    repeated = {each.path.removesuffix("repeat") for each in sweep.axes if each.path.endswith(".repeat")}
    return _LAST_LAYER.sub(r"\1n", name) if any(map(path.startswith, repeated)) else name


def labels(axis: MapAxis) -> tuple[str, ...]:
    """Its values, as short as tells them apart."""
    return tuple(value_label(value) for value in axis.values)


def value_label(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value_text(value)
    return integer(value) if isinstance(value, int) else number(value)


def measure_name(measure: str) -> str:
    name, colon, layer = measure.partition(":")
    return NAMES.get(name, name.replace("_", " ")) + (f", layer {layer}" if colon else "")


def measure_text(measure: str, value: float | None) -> str:
    """With its unit."""
    if value is None:
        return "not defined"
    if measure == STEP:
        return integer(round(value))
    return percent(value) if is_share(measure) else number(value)


def is_share(measure: str) -> bool:
    """Of all layers or of one."""
    return measure.partition(":")[0] in SHARES
