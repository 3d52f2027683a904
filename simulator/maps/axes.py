"""What a map varies: a path of the experiment over values, written ``PATH=LOW:HIGH:N[:log]`` or ``PATH=a,b,c``."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.settings import setting, split
from simulator.schema.settings import value_at
from simulator.system.text import shortened

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER}):({_NUMBER}):(\d{{1,6}})(:log)?\s*")
MOST_VALUES = 10_000
"""Of one axis."""
DIGITS = 15
"""Significant digits of the values in between, which rounding leaves as a person would write them."""


class MapAxis(Struct, frozen=True, forbid_unknown_fields=True):
    """A field of the experiment and the values that it takes, in the order in which they stand."""

    path: str
    """As ``--set`` takes it."""
    values: tuple[Any, ...]
    log: bool = False
    """Whether neighbours have one ratio, not one distance."""

    @property
    def numeric(self) -> bool:
        """Whether all values are numbers, so that there is something between two of them."""
        return all(map(is_number, self.values))

    def check(self, value: Any) -> None:
        """ExperimentError where such a value cannot lie on this axis, or between two of its values."""
        if self.numeric:
            low, high = min(self.values), max(self.values)
            known = is_number(value) and low <= value <= high
        else:
            known = value in self.values
        if not known:
            raise ExperimentError(f"{shortened(repr(value))} is no value of this axis", self.path)
        if self.log and not (self.numeric and min(self.values) > 0):
            raise ExperimentError("a logarithmic axis needs numbers above 0", self.path)


def is_number(value: Any) -> bool:
    """Whether it is a finite one, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def axis(text: str, experiment: Experiment) -> MapAxis:
    """The axis that a person has written; ExperimentError in one sentence where it is none.

    A range over a field that holds whole numbers takes the whole numbers nearest to it, each once.
    """
    path, equals, rest = text.partition("=")
    path = path.strip()
    if not equals or not path or not rest.strip():
        raise ExperimentError(f"expected PATH=LOW:HIGH:N[:log] or PATH=a,b,c, not {shortened(text)!r}")
    if match := _RANGE.fullmatch(rest):
        log = match[4] is not None
        values = _spaced(path, float(match[1]), float(match[2]), int(match[3]), log)
        present = value_at(experiment.to_builtins(), path)
        whole = isinstance(present, int) and not isinstance(present, bool)
        return MapAxis(path, tuple(dict.fromkeys(_plain(value, whole) for value in values)), log)
    values = tuple(setting(f"{path}={part.strip()}")[1] for part in split(rest))
    keys = [json.dumps(value) for value in values]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ExperimentError(f"the value {shortened(twice)} stands twice", path)
    return MapAxis(path, values, _evenly_in_log(values))


def _spaced(path: str, low: float, high: float, count: int, log: bool) -> Sequence[float]:
    if not math.isfinite(low) or not math.isfinite(high):
        raise ExperimentError("expected a range between finite numbers", path)
    if not 2 <= count <= MOST_VALUES or low == high:
        raise ExperimentError(f"expected a range of 2 to {MOST_VALUES} values between two different numbers", path)
    if log and min(low, high) <= 0:
        raise ExperimentError("expected a logarithmic range between numbers above 0", path)
    between = (np.geomspace if log else np.linspace)(low, high, count)[1:-1]
    return low, *(float(f"{value:.{DIGITS}g}") for value in between), high


def _plain(value: float, whole: bool) -> int | float:
    """A whole number where it is one, which fields of either kind take."""
    return round(value) if whole or (value.is_integer() and abs(value) < 2**53) else value


def _evenly_in_log(values: Sequence[Any]) -> bool:
    """Whether neighbouring numbers of a list have about one ratio, which is not 1."""
    numbers = [value for value in values if is_number(value)]
    if len(numbers) != len(values) or len(numbers) < 3 or min(numbers) <= 0:
        return False
    steps = np.diff(np.log(numbers))
    return bool(np.ptp(steps) < 0.5 * abs(steps.mean()) < np.inf and np.ptp(np.diff(numbers)) > 0.5 * np.ptp(numbers))
