"""The rule about gradients that float16 could not hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.arrays.numeric import median
from simulator.doctor.base import Finding, Rule
from simulator.doctor.evidence import Evidence, balance
from simulator.doctor.phrases import blame, joined, listed
from simulator.doctor.signal import weak_side
from simulator.observations.tiny_gradients import SMALLEST_FLOAT16
from simulator.schema.numbers import percent

MOST_ENTRIES = 0.5


class Float16Underflow(Rule):
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
