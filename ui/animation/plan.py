"""Which steps an animation shows: evenly spaced ones, or those near them that can be had in time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

JUMP_SECONDS = 0.05
"""What it takes to begin at another checkpoint: steps that take less are made instead."""


@dataclass(frozen=True)
class Costs:
    """What computing a run again takes, in seconds."""

    step: float
    frame: float
    """To look at a step, draw and write it."""
    start: float = 0.0
    """Before the first."""


@dataclass(frozen=True)
class Stretch:
    """Steps that are computed from one checkpoint on."""

    start: int
    """The step of the checkpoint."""
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """The steps that are shown, and how they are had."""

    stretches: tuple[Stretch, ...]
    seconds: float
    """About how long it takes."""
    even: bool
    """Whether the steps are those that were asked for."""

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(step for stretch in self.stretches for step in stretch.steps)


def spread(first: int, last: int, frames: int) -> tuple[int, ...]:
    """So many steps from the first to the last, as evenly as whole steps are."""
    if frames < 2 or last <= first:
        return (last,)
    return tuple(dict.fromkeys(first + round(place * (last - first) / (frames - 1)) for place in range(frames)))


def planned(wanted: Sequence[int], kept: Sequence[int], costs: Costs, most: float | None) -> Plan:
    """How ``wanted`` steps are had from checkpoints at ``kept`` ones, ascending both, in ``most`` seconds.

    Where that is not enough, each step gives way to one that is near it and near enough to a checkpoint, and where
    looking alone takes longer, to fewer. No step before the first checkpoint can be had.
    """
    within = tuple(step for step in wanted if step >= kept[0]) or (kept[0],)
    whole = _routed(within, kept, costs)
    if most is None or whole.seconds <= most:
        return whole
    least, excess = 0, max(step - _before(step, kept) for step in within)
    # The farther a step may be from its checkpoint, the longer it takes.
    while excess - least > 1:
        middle = (least + excess) // 2
        if _routed(_nearer(within, kept, middle), kept, costs).seconds <= most:
            least = middle
        else:
            excess = middle
    steps = _nearer(within, kept, least)
    plan = _routed(steps, kept, costs)
    while plan.seconds > most and len(steps) > 2:
        fitting = max(2, min(len(steps) - 1, int(len(steps) * most / plan.seconds)))
        steps = tuple(steps[place * (len(steps) - 1) // (fitting - 1)] for place in range(fitting))
        plan = _routed(steps, kept, costs)
    return Plan(plan.stretches, plan.seconds, even=plan.steps == within)


def _before(step: int, kept: Sequence[int]) -> int:
    """The last checkpoint up to a step."""
    return kept[bisect_right(kept, step) - 1]


def _nearer(steps: Sequence[int], kept: Sequence[int], most: int) -> tuple[int, ...]:
    """In the place of each step the nearest one that is no more than ``most`` steps behind a checkpoint."""
    last, near = steps[-1], []
    for step in steps:
        before = _before(step, kept)
        after = kept[min(bisect_right(kept, step), len(kept) - 1)]
        reached = min(step, before + most)
        near.append(after if step < after <= last and after - step < step - reached else reached)
    return tuple(dict.fromkeys(near))


def _routed(steps: Sequence[int], kept: Sequence[int], costs: Costs) -> Plan:
    """From the nearest checkpoint, or from the step before where that is as near."""
    stretches: list[tuple[int, list[int]]] = []
    made, jumps, here = 0, 0, -1
    for step in steps:
        before = _before(step, kept)
        if not stretches or (before - here) * costs.step > JUMP_SECONDS:
            stretches.append((before, []))
            here, jumps = before, jumps + 1
        stretches[-1][1].append(step)
        made, here = made + step - here, step
    seconds = costs.start + made * costs.step + len(steps) * costs.frame + jumps * JUMP_SECONDS
    return Plan(tuple(Stretch(start, tuple(shown)) for start, shown in stretches), seconds, even=True)
