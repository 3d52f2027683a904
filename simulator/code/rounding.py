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
"""A relative change of all parameters, up or down by chance, some tens of times what rounding does to a number."""
ROUNDINGS = 5
"""Roundings in a row that sums of products are taken for."""
REPORTED_DIFFERENCE = 1e-5
"""Difference by rounding in float32 from which on a check says so: a network may not pass there then."""
PARTED = 1e-11
"""Difference from which on parameters are taken to part after updates."""
SMALL = (1e-12, 1e-9, 1e-6)
"""Gradients below the least may be 0 by algebra, below the others mostly rounding of what cancels in their sums: an
optimiser that divides by them makes up to ±η of it."""


@dataclass(frozen=True)
class Rounding:
    """What a nudge of all parameters makes of a run."""

    updates: int
    """Those that can be compared: fewer than three where numbers overflow before."""
    condition: float
    """By how much a relative change of all parameters grows on its way to any answer or gradient of one pass."""
    followed: float
    """Size below which updates must be made of the bench's gradients for parameters to agree: 0, one of SMALL or ∞."""

    def unavoidable(self, precision: str) -> float:
        """About how much two programs differ by rounding alone: by the numbers themselves at most."""
        return min(ROUNDINGS * float(np.finfo(precision).eps) * self.condition, 1.0)


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
        tried = (0.0, *SMALL) if exact.experiment.optimizer.epsilon else (0.0,)
        agreeing = (size for size in tried if _apart(kept, exact, nudged, size, updates) <= PARTED)
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
    # By chance: where all weights of a unit went the same way, its sign would stay, and with it a saturated answer.
    factor = 1 + NUDGE * np.random.default_rng(0).choice((-1.0, 1.0), parameters.size)
    np.multiply(parameters.value, factor, out=nudged.network.parameters.value)
    np.copyto(nudged.network.states.value, exact.network.states.value)


def _proposed(exact: Training, nudged: Training, followed: float = 0.0) -> float:
    """The largest difference of the answers and gradients of a step; updates are made of those followed."""
    largest = 0.0

    def follow() -> bool:
        nonlocal largest
        largest = max(_differences(nudged, exact))
        for mine, block in zip(nudged.network.blocks(), exact.network.blocks(), strict=True):
            mine.gradient += _rounded_off(block.gradient)
            np.copyto(mine.gradient, block.gradient, where=np.abs(block.gradient) < followed)
        return True

    exact.propose(measure=False)
    nudged.propose(measure=False, before_update=follow)
    return largest


def _rounded_off(gradient: Array) -> Array:
    """What rounding may leave of a block's sums, in which terms cancel: of the largest entry of its row and column."""
    sizes = np.abs(gradient)
    largest = sizes.max(initial=0)
    if min(gradient.shape) > 1:
        largest = np.minimum(sizes.max(axis=0, keepdims=True), sizes.max(axis=-1, keepdims=True))
    signs = np.where(np.arange(gradient.size) % 2, 1.0, -1.0).reshape(gradient.shape)
    left: Array = ROUNDINGS * np.finfo(gradient.dtype).eps * largest * signs * (gradient != 0)
    return left


def _differences(one: Training, other: Training) -> Iterator[float]:
    """Of the answers, and of gradients block by block."""
    yield difference(one.network.output.a, other.network.output.a)
    for mine, block in zip(one.network.blocks(), other.network.blocks(), strict=True):
        yield difference(mine.gradient, block.gradient)
