"""How much of what a network computes is decided by rounding: two programs agree no better."""

from __future__ import annotations

import math
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
TOLD = 1e3
"""Condition from which on a check says it: in float32 a network agrees no better than 1e-4 then."""
ILL = 1e5
"""Condition from which on roundings of 1e-15 are more than :data:`AGREED`."""
NOUGHT = 1e-12
"""A gradient below it may be one that is 0 by algebra, of which an optimiser that divides by it makes up to ±η."""


@dataclass(frozen=True)
class Rounding:
    """What a nudge of all parameters makes of a run."""

    updates: int
    """Those that can be compared: fewer than three where numbers overflow before."""
    condition: float
    """By how much a relative change of all parameters grows on its way to any answer or gradient of one pass."""
    followed: float
    """Size below which updates must be made of the bench's gradients for parameters to agree: 0, NOUGHT or ∞."""

    @property
    def accepted(self) -> float:
        """Largest difference that rounding may make in this network."""
        return AGREED if self.condition < ILL else MARGIN * NUDGE * self.condition


def difference(a: Array, b: Array) -> float:
    """|a − b| / max(1, max|b|); what is not finite must be the same in both."""
    other = ~((a == b) | (np.isnan(a) & np.isnan(b)))
    gap = np.nan_to_num(np.abs(a[other] - b[other]), nan=np.inf).max(initial=0)
    return float(gap / np.abs(b[np.isfinite(b)]).max(initial=1))


def rounding(kept: Checkpoint, exact: Training) -> Rounding:
    """Let a run go on as it was kept, and nudged; ``exact`` is left as it was kept."""
    nudged = Training(exact.experiment)
    with np.errstate(all="ignore"):
        updates, at_once = _at_once(kept, exact, nudged)
        tried = (0.0, NOUGHT) if exact.experiment.optimizer.epsilon else (0.0,)
        agreeing = (size for size in tried if _apart(kept, exact, nudged, size, updates) <= AGREED / MARGIN)
        followed = next(agreeing, math.inf)
    exact.restore(kept)
    return Rounding(updates, at_once / NUDGE, followed)


def _at_once(kept: Checkpoint, exact: Training, nudged: Training) -> tuple[int, float]:
    """Steps whose numbers are finite, and the largest difference of any of their passes, each nudged by itself."""
    _restore(kept, exact, nudged)
    updates, largest = 0, 0.0
    for _ in range(UPDATES):
        _nudge(exact, nudged)
        gap = _proposed(exact, nudged)
        for training in (exact, nudged):
            training.apply()
        if updates and not exact.finite:
            break
        largest = max(largest, gap)
        updates += 1
    return updates, largest


def _apart(kept: Checkpoint, exact: Training, nudged: Training, followed: float, updates: int) -> float:
    """The largest difference of a run that is nudged once and left alone, but for gradients below ``followed``."""
    _restore(kept, exact, nudged)
    _nudge(exact, nudged)
    largest = 0.0
    for _ in range(updates):
        largest = max(largest, _proposed(exact, nudged, followed))
        for training in (exact, nudged):
            training.apply()
    parameters = zip(nudged.network.blocks(), exact.network.blocks(), strict=True)
    return max(largest, *(difference(mine.value, block.value) for mine, block in parameters))


def _restore(kept: Checkpoint, *trainings: Training) -> None:
    for training in trainings:
        training.restore(kept)


def _nudge(exact: Training, nudged: Training) -> None:
    """Make both alike but for the last digits of their parameters."""
    parameters = exact.network.parameters
    factor = 1 + np.where(np.arange(parameters.size) % 2, NUDGE, -NUDGE)
    np.multiply(parameters.value, factor, out=nudged.network.parameters.value)
    np.copyto(nudged.network.states.value, exact.network.states.value)


def _proposed(exact: Training, nudged: Training, followed: float = 0.0) -> float:
    """The largest difference of the answers and gradients of a step; updates are made of those followed."""
    largest = 0.0

    def follow() -> bool:
        nonlocal largest
        largest = max(_differences(nudged, exact))
        gradient = exact.network.parameters.gradient
        np.copyto(nudged.network.parameters.gradient, gradient, where=np.abs(gradient) < followed)
        return True

    exact.propose(measure=False)
    nudged.propose(measure=False, before_update=follow)
    return largest


def _differences(one: Training, other: Training) -> Iterator[float]:
    """Of the answers, and of gradients block by block."""
    yield difference(one.network.output.a, other.network.output.a)
    for mine, block in zip(one.network.blocks(), other.network.blocks(), strict=True):
        yield difference(mine.gradient, block.gradient)
