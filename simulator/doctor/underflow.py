"""Gradients that float16 could not hold: how many there are, and the rule about them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulator.arrays.numeric import Array, Floats, frozen, median
from simulator.doctor.base import Finding, Rule
from simulator.doctor.evidence import Evidence, balance
from simulator.doctor.phrases import blame, joined, listed
from simulator.doctor.signal import weak_side
from simulator.layers.base import Tap
from simulator.observations.question import Question
from simulator.schema.numbers import percent

if TYPE_CHECKING:
    from simulator.training.training import Training

SMALLEST_FLOAT16 = 6e-8
"""float16's smallest positive number is 5.96e-8; what lies below half of it becomes 0."""
MOST_ENTRIES = 0.5


def _share(gradient: Array) -> float:
    """Share of the entries that are not 0 with |g| < 6e-8; exact zeros, as of inputs that are 0, lose nothing.

    NaN where any entry is.
    """
    size = np.abs(gradient)
    if np.isnan(size).any():
        return math.nan
    nonzero = np.count_nonzero(size)
    zeros = size.size - nonzero
    return float((np.count_nonzero(size < SMALLEST_FLOAT16) - zeros) / nonzero) if nonzero else 0.0


def tiny_shares(taps: Iterable[Tap]) -> Floats:
    """(layers,): share of each weight gradient that float16 could not hold; NaN for layers without weights."""
    shares: Floats = np.array(
        [np.nan if tap.weight_gradient is None else _share(tap.weight_gradient) for tap in taps], np.float64
    )
    return frozen(shares)


class TinyGradients(Question):
    """How many of the present gradients float16 could not hold: (layers,) shares."""

    def answer(self, training: Training) -> Floats:
        return tiny_shares(training.network.taps)


class Underflow(Rule):
    """Half of a layer's gradient below what float16 can hold, while there is still something to learn."""

    name = "float16 underflow"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        shares = evidence.tiny
        start = evidence.past("loss")[: evidence.recent]
        if shares is None or len(start) == 0 or evidence.lately("loss") < 0.1 * median(start):
            return
        rows = np.flatnonzero(evidence.hidden & (shares >= MOST_ENTRIES)).tolist()
        if not rows:
            return
        worst = max(rows, key=lambda row: shares[row])
        factor, why = blame(balance(evidence.frame), -1)
        limit = evidence.past("weight_gradient_std")[:, worst] < SMALLEST_FLOAT16
        yield self.finding(
            evidence,
            "note",
            joined(
                f"In float16 {percent(shares[worst])} of {evidence.name(worst)}'s weight gradient would become 0 "
                f"(below 6·10⁻⁸)" + (f", and most of that of {listed(evidence, rows)}" if len(rows) > 1 else ""),
                why,
            ),
            numbers={"tiny_share": float(shares[worst]), "limit": SMALLEST_FLOAT16},
            since=evidence.since(limit),
            rows=rows,
            factor=factor,
            remedies=weak_side(evidence, factor),
        )
