"""Where the worker is that computes the run again, and how it comes soonest to another step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from simulator.running.beside.recomputation import Recomputed
from simulator.running.messages import ReplayAnswer


class Route:
    """It goes forwards only: for what lies behind it, it begins at a checkpoint again."""

    def __init__(self) -> None:
        self._at: int | None = None
        """Where it stands; None where that is not known."""
        self._at_valid_until = self._valid_until = self._asked_at = 0
        """The step before which all changes by hand are known: to it, to the way found, and when one was asked for."""
        self._steps: tuple[int, ...] = ()
        """That have been asked for and have not come."""
        self._last_answer: ReplayAnswer | None = None
        """The last way that was answer."""
        self._finding: int | None = None
        """The step to which a way is asked for."""
        self._step_seconds: float | None = None

    @property
    def under_way(self) -> bool:
        """Whether anything is still to come."""
        return bool(self._steps) or self._finding is not None

    def is_on_the_way_to(self, step: int, kept: Sequence[int]) -> bool:
        """Whether the step is asked for, or is best asked for when what comes before it has come."""
        if step in self._steps or step == self._finding:
            return True
        return bool(self._steps) and _before(step, kept) <= self._steps[-1] <= step < self._at_valid_until

    def leave(self) -> bool:
        """Nobody waits any more; whether anything was to come."""
        was, self._finding = self.under_way, None
        if self._steps:
            self._steps, self._at = (), None
        return was

    def goes_on_to(self, step: int, kept: Sequence[int]) -> bool:
        """Whether it comes there soonest by going on from where it stands; ``kept``: the steps of checkpoints."""
        return self._at is not None and _before(step, kept) <= self._at <= step < self._at_valid_until

    def way_to(self, step: int, kept: Sequence[int]) -> ReplayAnswer | None:
        """A way there that is known already and begins at the nearest checkpoint."""
        answer = self._last_answer
        if answer is None or answer.replay is None or step >= self._valid_until:
            return None
        # Those that are not there before it is no longer valid begin later.
        lanes = (replay.step for _, replay in answer.lanes if replay.step < self._valid_until)
        begins = max((answer.replay.step, *lanes))
        return answer if _before(step, kept) <= answer.replay.step and begins <= step else None

    def find(self, step: int, last: int) -> None:
        """A way to ``step`` is asked for; the run has come to ``last``."""
        self._finding, self._asked_at = step, last

    def takes(self, answer: ReplayAnswer) -> bool:
        """Whether the answer was waited for."""
        if self._finding != answer.step:
            return False
        self._finding, self._last_answer, self._valid_until = None, answer, self._asked_at
        return True

    def begin(self, steps: tuple[int, ...], answer: ReplayAnswer | None) -> None:
        """These steps are asked for, by a way that was found, or from where it stands."""
        self._steps = steps
        if answer is not None and answer.replay is not None:
            self._at, self._at_valid_until = answer.replay.step, self._valid_until

    def arrived(self, reply: Recomputed) -> None:
        """One of them has come."""
        self._at = reply.frame.step
        self._steps = tuple(step for step in self._steps if step > reply.frame.step)
        if reply.steps:
            self._step_seconds = reply.seconds / reply.steps

    def seconds_to(self, step: int) -> float | None:
        """About how long it takes to come to a step, once it is on its way."""
        if self._step_seconds is None or self._at is None:
            return None
        return max(step - self._at, 0) * self._step_seconds


def _before(step: int, kept: Sequence[int]) -> int:
    """The last checkpoint up to a step."""
    place = bisect_right(kept, step)
    return kept[place - 1] if place else 0
