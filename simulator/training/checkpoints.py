"""The checkpoints of a run by what they are worth, within a budget of memory.

Worth most is step 0; then the step before each change by hand, before NaN or Inf came in, before a spike, and before
something that the doctor finds. Of the others the last thousand steps are kept densely and those before them thinned.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from copy import copy
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from simulator.training.checkpoint import Checkpoint

Reason = Literal["start", "change", "not finite", "spike", "finding", "recent", "earlier"]
"""Why a checkpoint is kept."""
REASONS: tuple[Reason, ...] = ("start", "change", "not finite", "spike", "finding", "recent", "earlier")
"""Those of most worth first; of the last two neither is worth more."""
USUAL_BYTES = 512 * 2**20
RECENT_STEPS = 1000
"""How many of the last steps are kept densely."""
MARKED_SHARE = 0.75
"""Of the budget: what is kept for what happened there takes no more of it."""
RECENT_SHARE = 2 / 3
"""Of the room that is left: the last steps have so much, those before the rest."""
MOST_EARLIER = 512
"""Checkpoints of before the last steps, however small they are."""


class KeptCheckpoint(Struct, frozen=True):
    """A checkpoint, and what is known of it."""

    checkpoint: Checkpoint
    reason: Reason = "recent"
    good: bool = True
    """Whether a run can well go back to it."""
    changes: int = 0
    """How many live changes of the run had acted by then."""

    @property
    def step(self) -> int:
        return self.checkpoint.step

    @property
    def nbytes(self) -> int:
        return self.checkpoint.nbytes


class Checkpoints:
    """Those of one run, one a step at most, never of more than ``budget`` bytes together."""

    def __init__(self, budget: int = USUAL_BYTES) -> None:
        self.nbytes = 0
        """Of all of them."""
        self._budget = budget
        self._marked: list[KeptCheckpoint] = []
        self._recent: list[KeptCheckpoint] = []
        self._earlier: list[KeptCheckpoint] = []
        """All three by their steps."""
        self._stride: float = 1
        self._earlier_stride: float = 1
        """Steps between two of the last steps, and of those before, at least."""
        self._last = 0
        """The step of the last one that came in."""
        self._size = 0
        """Bytes of the last one that came in."""

    def __iter__(self) -> Iterator[KeptCheckpoint]:
        return iter(sorted((*self._marked, *self._earlier, *self._recent), key=_step))

    @property
    def budget(self) -> int:
        """Bytes that all may take together; where it shrinks, the least worth go at once."""
        return self._budget

    @budget.setter
    def budget(self, nbytes: int) -> None:
        self._budget = nbytes
        self._fit()

    @property
    def steps(self) -> tuple[int, ...]:
        """Where there are any, ascending."""
        return tuple(kept.step for kept in self)

    @property
    def good_steps(self) -> tuple[int, ...]:
        """Where the run could go back to, ascending."""
        return tuple(kept.step for kept in self if kept.good)

    def summary(self) -> tuple[tuple[Reason, int, int], ...]:
        """Why they are kept, how many and their bytes together."""
        parts = {reason: [kept for kept in self._marked if kept.reason == reason] for reason in REASONS[:-2]}
        parts |= {"recent": self._recent, "earlier": self._earlier}
        return tuple((reason, len(part), _bytes(part)) for reason, part in parts.items() if part)

    def due(self, step: int) -> bool:
        """Whether one of the present step is worth its copy."""
        return step - self._last >= self._stride

    def keep(self, new: KeptCheckpoint) -> None:
        """Take one in; of a step that is kept already, only a reason of more worth."""
        known = self.before(new.step + 1, good=False)
        if known is not None and known.step == new.step:
            self._mark(known, new.reason)
            return
        insort(self._recent if new.reason == "recent" else self._marked, new, key=_step)
        self.nbytes += new.nbytes
        self._size, self._last = new.nbytes, new.step
        self._fit()

    def judge(self, step: int, good: bool) -> None:
        """Say of the one of this step, if it came in last, whether a run can well go back to it."""
        if step != self._last:
            return
        for part in (self._recent, self._marked, self._earlier):
            place = bisect_left(part, step, key=_step)
            if place < len(part) and part[place].step == step:
                part[place] = replace(part[place], good=good)

    def mark_before(self, step: int, reason: Reason, good: bool = True) -> int | None:
        """Keep the last one of before ``step`` for that reason; its step, if there is one."""
        kept = self.before(step, good)
        if kept is None:
            return None
        self._mark(kept, reason)
        return kept.step

    def _mark(self, kept: KeptCheckpoint, reason: Reason) -> None:
        if REASONS.index(reason) < REASONS.index(kept.reason):
            self._drop(kept)
            self.nbytes += kept.nbytes
            insort(self._marked, replace(kept, reason=reason), key=_step)
            self._fit()

    def before(self, step: int, good: bool = True) -> KeptCheckpoint | None:
        """The last one of before ``step``; ``good``: from before any trouble."""
        candidates = (_last_before(step, kept, good) for kept in (self._marked, self._recent, self._earlier))
        return max((kept for kept in candidates if kept is not None), key=_step, default=None)

    def until(self, step: int) -> Checkpoints:
        """Those of a run that goes another way from ``step`` on."""
        cut = copy(self)
        cut._marked, cut._recent, cut._earlier = (
            [kept for kept in part if kept.step <= step] for part in (self._marked, self._recent, self._earlier)
        )
        cut.nbytes, cut._last = _bytes(cut), step
        return cut

    # -- within the budget -----------------------------------------------------------------------------------------

    def _fit(self) -> None:
        """Let go of the least worth until the rest fits."""
        self._fit_marked()
        slots = max(self._budget - _bytes(self._marked), 0) // max(self._size, 1)
        recent_slots = math.ceil(slots * RECENT_SHARE)
        self._fit_recent(recent_slots)
        self._fit_earlier(min(slots - recent_slots, MOST_EARLIER))
        while self.nbytes > self._budget:
            self._drop((self._earlier or self._recent or [self._least_worth()])[0])

    def _fit_marked(self) -> None:
        marks = [kept for kept in self._marked if kept.reason != "start"]
        excess = _bytes(marks) - MARKED_SHARE * self._budget
        while excess > 0:
            kept = self._least_worth()
            self._drop(kept)
            excess -= kept.nbytes

    def _least_worth(self) -> KeptCheckpoint:
        """Of the marked ones: of the least reason that without which the smallest gap is left."""
        worst = max(self._marked, key=_worth).reason
        alike = [kept for kept in self._marked if kept.reason == worst]
        gaps = [after.step - before.step for before, after in zip(alike, alike[2:], strict=False)]
        return alike[gaps.index(min(gaps)) + 1] if gaps else alike[0]

    def _fit_recent(self, slots: int) -> None:
        """As dense as there is room; what is older than the last steps goes on to those before."""
        self._stride = math.ceil(RECENT_STEPS / slots) if slots else math.inf
        if len(self._recent) > 2 * slots:
            self._thin(self._recent, self._stride)
        while self._recent and (len(self._recent) > slots or self._recent[0].step <= self._last - RECENT_STEPS):
            kept = self._recent[0]
            self._drop(kept)
            last = self._earlier[-1].step if self._earlier else -math.inf
            if kept.step - last >= self._earlier_stride:
                self._earlier.append(replace(kept, reason="earlier"))
                self.nbytes += kept.nbytes

    def _fit_earlier(self, slots: int) -> None:
        while self._earlier and not slots:
            self._drop(self._earlier[0])
        while len(self._earlier) > slots:
            self._earlier_stride = max(2 * self._earlier_stride, self._stride)
            self._thin(self._earlier, self._earlier_stride)

    def _thin(self, part: list[KeptCheckpoint], stride: float) -> None:
        """Let go of what is less than ``stride`` steps from the one before."""
        last = -math.inf
        for kept in tuple(part):
            if kept.step - last < stride:
                self._drop(kept)
            else:
                last = kept.step

    def _drop(self, kept: KeptCheckpoint) -> None:
        part = self._recent if kept.reason == "recent" else self._earlier if kept.reason == "earlier" else self._marked
        del part[bisect_left(part, kept.step, key=_step)]
        self.nbytes -= kept.nbytes


def _step(kept: KeptCheckpoint) -> int:
    return kept.step


def _worth(kept: KeptCheckpoint) -> int:
    return REASONS.index(kept.reason)


def _bytes(kept: Iterable[KeptCheckpoint]) -> int:
    return sum(each.nbytes for each in kept)


def _last_before(step: int, part: list[KeptCheckpoint], good: bool) -> KeptCheckpoint | None:
    places = range(bisect_left(part, step, key=_step) - 1, -1, -1)
    return next((part[place] for place in places if part[place].good or not good), None)
