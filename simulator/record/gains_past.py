"""The past of the waterfall: every factor of every layer's gain, look by look."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.arrays.trace import FACTORS, Gains
from simulator.record.sampled_history import Grid, SampledHistory, farther_from_zero

TOTAL = len(FACTORS)
"""The row of the total, behind those of the factors."""
NOT_A_NUMBER = math.inf


def gain_rows(labels: Sequence[str], found: Sequence[Gains]) -> Floats:
    """(factors and total, layers): log₁₀ gains, −∞ where the signal is lost.

    NaN where a layer has no such factor or nothing arrives; +∞, which no gain is, where it is not a number.
    """
    place = {label: index for index, label in enumerate(labels)}
    rows: Floats = np.full((TOTAL + 1, len(labels)), math.nan)
    nothing = False
    for gain in sorted(found, key=lambda gain: -place[gain.layer]):
        column = rows[:, place[gain.layer]]
        column[:TOTAL] = [gain.factors.get(factor, math.nan) for factor in FACTORS]
        column[TOTAL] = gain.total
        nothing = gain.total == -math.inf or (nothing and math.isnan(gain.total))
        if math.isnan(gain.total) and not nothing:
            known = [row for row, factor in enumerate(FACTORS) if factor in gain.factors]
            column[[*(row for row in known if math.isnan(column[row])), TOTAL]] = NOT_A_NUMBER
    return rows


def nothing_arrives(totals: Floats) -> NDArray[np.bool_]:
    """(…, layers): where the signal was lost nearer to the output, for :func:`gain_rows`' totals."""
    found = np.zeros(totals.shape, np.bool_)
    for layer in range(totals.shape[-1] - 2, -1, -1):
        lost = np.isneginf(totals[..., layer + 1]) | found[..., layer + 1]
        found[..., layer] = lost & np.isnan(totals[..., layer])
    return found


class GainsPast:
    """What every look at the factors of one run has seen; of looks that share a column, the gain farthest from 1."""

    def __init__(self, capacity: int = 256) -> None:
        self.capacity = capacity
        self.looks: SampledHistory | None = None

    @property
    def end(self) -> int:
        """The last step looked at."""
        return -1 if self.looks is None else self.looks.end

    def add(self, step: int, labels: Sequence[str], found: Sequence[Gains]) -> None:
        """Take in the factors of one frame; a frame without any is no look."""
        if not found:
            return
        if self.looks is None:
            self.looks = SampledHistory((TOTAL + 1, len(labels)), farther_from_zero, self.capacity)
        self.looks.add(step, gain_rows(labels, found))

    def until(self, step: int) -> GainsPast:
        """A past of its own of what was seen before ``step``."""
        found = GainsPast(self.capacity)
        looks = None if self.looks is None else self.looks.until(step)
        found.looks = looks if looks is not None and looks.steps.size else None
        return found

    def grid(self, columns: int) -> Grid | None:
        """(columns, factors and total, layers); None while nobody has looked."""
        return None if self.looks is None else self.looks.grid(columns)
