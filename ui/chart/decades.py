"""Where values go on a log axis: finite ones at log₁₀, exact zeros at the floor, the rest counted."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from ui.chart.legend import Note
from ui.chart.marks import FLOOR, LOST, ROUND
from ui.chart.ranges import Range, finite_extent
from ui.style.numbers import count, number, times_power_of_ten

Kinds = NDArray[np.int8]

SPAN = 40.0
"""Decades shown at most below the largest value; what is smaller stands at the floor and is counted."""


def log10(values: Floats) -> Floats:
    """log₁₀ |v|: −∞ for 0, NaN for NaN, +∞ for ±∞."""
    with np.errstate(divide="ignore"):
        return np.log10(np.abs(values))


def written(log: float) -> str:
    """10^``log`` in words, also where it is no float64."""
    if -300 < log < 308:
        return number(10.0**log)
    power = math.floor(log)
    return times_power_of_ten(number(10.0 ** (log - power)), power)


def extent(logs: Iterable[Floats], span: float = SPAN) -> Range:
    """Smallest and largest finite of log₁₀ values, at most ``span`` apart; NaN, NaN if there is none."""
    low, high = finite_extent(logs)
    return max(low, high - span), high


def placed(logs: Floats, floor: float) -> tuple[Floats, Kinds]:
    """Heights and kinds of dots: what is 0 or below the floor stands on it, what is not finite becomes a gap."""
    heights = np.where(np.isfinite(logs), np.maximum(logs, floor), np.nan)
    kinds = np.full(logs.shape, ROUND, dtype=np.int8)
    low = np.isneginf(logs) | (logs < floor)
    kinds[low] = FLOOR
    heights[low] = floor
    kinds[np.isnan(logs) | np.isposinf(logs)] = LOST
    return heights, kinds


def zero_notes(values: Floats, defined: NDArray[np.bool_], floor: float = -np.inf, what: str = "layer") -> list[Note]:
    """In words: how many are exactly 0 and how many below the axis."""
    logs = log10(values[defined])
    zero, below = int(np.isneginf(logs).sum()), int((np.isfinite(logs) & (logs < floor)).sum())
    notes = [Note(f"{count(zero, what)} exactly 0")] if zero else []
    return [*notes, Note(f"{count(below, what)} below the axis")] if below else notes


def notes_of(values: Floats, floor: float, what: str) -> list[Note]:
    """In words: how many are exactly 0, below the axis, not finite."""
    notes = zero_notes(values, np.ones(values.shape, np.bool_), floor, what)
    lost = int((~np.isfinite(values)).sum())
    if lost:
        notes.append(Note(f"{count(lost, what)} not finite", warning=True))
    return notes
