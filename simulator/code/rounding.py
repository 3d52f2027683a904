"""How much of what a network computes is decided by rounding: two programs agree no better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.arrays.numeric import Array
from simulator.training.checkpoint import Checkpoint
from simulator.training.training import Training

UPDATES = 3
NUDGE = 1e-14
"""A relative change of all parameters, some tens of times what rounding does to a number."""
MARGIN = 10
"""Times by which many roundings may exceed what one nudge makes."""
AGREED = 1e-10
"""Largest difference that a check accepts where rounding does not decide."""


@dataclass(frozen=True)
class Rounding:
    """What a nudge of all parameters makes of a run."""

    updates: int
    """Those that can be compared: fewer than three where numbers overflow before."""
    at_once: float
    """Largest difference of any answer or gradient."""

    @property
    def accepted(self) -> float:
        """Largest difference that rounding may make in this network."""
        return max(AGREED, MARGIN * self.at_once)


def difference(a: Array, b: Array) -> float:
    """|a − b| / max(1, max|b|); what is not finite must be the same in both."""
    other = ~((a == b) | (np.isnan(a) & np.isnan(b)))
    gap = np.nan_to_num(np.abs(a[other] - b[other]), nan=np.inf).max(initial=0)
    return float(gap / np.abs(b[np.isfinite(b)]).max(initial=1))


def rounding(kept: Checkpoint, exact: Training) -> Rounding:
    """Let a run go on as it was kept, and nudged at each step; ``exact`` is left as it was kept."""
    nudged = Training(exact.experiment)
    nudged.restore(kept)
    factor = 1 + np.where(np.arange(exact.network.parameters.size) % 2, NUDGE, -NUDGE)
    updates, at_once = 0, 0.0
    with np.errstate(all="ignore"):
        for _ in range(UPDATES):
            np.multiply(exact.network.parameters.value, factor, out=nudged.network.parameters.value)
            np.copyto(nudged.network.states.value, exact.network.states.value)
            for training in (exact, nudged):
                training.propose(measure=False)
            gap = max(_differences(nudged, exact))
            for training in (exact, nudged):
                training.apply()
            if updates and not exact.finite:
                break
            at_once = max(at_once, gap)
            updates += 1
    exact.restore(kept)
    return Rounding(updates, at_once)


def _differences(one: Training, other: Training) -> Iterator[float]:
    """Of the answers, and of gradients block by block."""
    yield difference(one.network.output.a, other.network.output.a)
    for mine, block in zip(one.network.blocks(), other.network.blocks(), strict=True):
        yield difference(mine.gradient, block.gradient)
