"""What each operation does to the error signal on its way back to each layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.arrays.trace import FACTORS, Gains, gains
from simulator.observations.base import Observation
from simulator.observations.sampled import Sampled, Subject, farther_from_zero
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training

TOTAL = len(FACTORS)
"""The row of the total, behind those of the factors."""
NOT_A_NUMBER = math.inf


def gain_rows(labels: Sequence[str], gains: Sequence[Gains]) -> Floats:
    """(factors and total, layers): log₁₀ gains, −∞ where the signal is lost.

    NaN where a layer has no such factor or nothing arrives; +∞, which no gain is, where it is not a number.
    """
    place = {label: index for index, label in enumerate(labels)}
    rows: Floats = np.full((TOTAL + 1, len(labels)), math.nan)
    nothing = False
    for gain in sorted(gains, key=lambda gain: -place[gain.layer]):
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
    dead = np.zeros(totals.shape, np.bool_)
    for layer in range(totals.shape[-1] - 2, -1, -1):
        lost = np.isneginf(totals[..., layer + 1]) | dead[..., layer + 1]
        dead[..., layer] = lost & np.isnan(totals[..., layer])
    return dead


class FactorGains(Sampled):
    """Every factor of every layer's gain; of looks that share a column, the gain farthest from 1."""

    name = "factors"
    of_all_layers = True

    def subject(self, result: Sequence[Gains], info: RunInfo) -> Subject:
        return Subject(tuple(layer.label for layer in info.layers))

    def largest(self, info: RunInfo) -> Subject:
        return self.subject((), info)

    def shape(self, subject: Subject) -> tuple[int, ...]:
        return TOTAL + 1, len(subject.labels)

    def sampled(self, result: Sequence[Gains], info: RunInfo) -> Floats:
        return gain_rows(self.subject(result, info).labels, result)

    def merge(self, earlier: Floats, later: Floats) -> Floats:
        return farther_from_zero(earlier, later)


class FactorsObservation(Observation[tuple[Gains, ...]], frozen=True, tag="factors"):
    """The gains going back to each layer, in depth order; none where the step's backward pass was not followed."""

    share = 0
    traced = True
    past = FactorGains()

    def observe(self, training: Training) -> tuple[Gains, ...]:
        return tuple(reversed(gains(training.network.trace.marks)))
