"""Whether training is to stop by itself at the present step: asked in the same way with and without a screen."""

from __future__ import annotations

import math
import time
from typing import Any

from simulator.arrays.numeric import Floats
from simulator.record.record import Record
from simulator.running.stop_rules import KnownPast, RuleWatch, Stopped, StopRule, StopRuleError
from simulator.schema.numbers import count
from simulator.system.progress import NOTICED_SECONDS, CancelledError, Progress
from simulator.training.training import Training


class Stopping:
    """The rule that training follows, if any, and where it has stopped it."""

    def __init__(self) -> None:
        self.stopped: Stopped | None = None
        """Where and why training stands still, until it goes on."""
        self._rule: StopRule | None = None
        self._watch: RuleWatch | None = None
        self._count = 0
        """Steps that were to be made in all, where no rule is followed."""
        self._start, self._began = 0, 0.0
        """At which step training goes on, and since when."""

    def begin(self, training: Training, rule: StopRule | None, past: KnownPast | None = None) -> bool:
        """Follow a rule, or none, from the present step on; whether it can hold: else that is why training stops."""
        self._rule, self._watch, self.stopped = rule, None, None
        if rule is None:
            return True
        try:
            rule.check(training.info)
        except StopRuleError as error:
            self.stop(training.step, str(error))
            return False
        self._watch = rule.watch(training, past)
        self._start, self._began = training.step, time.perf_counter()
        return True

    def renew(self, training: Training, playing: bool) -> bool:
        """Another run takes the place of one; if that was ``playing``, whether it goes on by the same rule."""
        return self.begin(training, self._rule if playing else None) and playing

    def begin_count(self, steps: int, anew: bool) -> None:
        """Follow no rule: so many steps are to be made, ``anew`` or besides those that still are."""
        self._rule, self._watch, self.stopped = None, None, None
        if anew:
            self._count, self._began = 0, time.perf_counter()
        self._count += steps

    def progress(self, step: int, steps_left: float) -> Progress | None:
        """How far the steps are that are to be made; None where nobody knows how many, or nobody waits long."""
        seconds = time.perf_counter() - self._began
        if not steps_left or seconds < NOTICED_SECONDS:
            return None
        if math.isfinite(steps_left):
            return Progress("Training", self._count - steps_left, self._count, "steps", seconds)
        end = None if self._watch is None else self._watch.end
        return None if end is None else Progress("Training", step - self._start, end - self._start, "steps", seconds)

    def traced(self, step: int) -> bool:
        """Whether the rule needs the step's backward pass to be followed."""
        return self._watch is not None and self._watch.traced(step)

    def stops(self, training: Training) -> bool:
        """Between gradient and update: whether the step is not to be made."""
        try:
            reason = "" if self._watch is None else self._watch.reason(training)
        except CancelledError:
            reason = "the examination was cancelled"
        if reason:
            self.stop(training.step, reason)
        return bool(reason)

    def add(self, step: int, row: Floats) -> None:
        """A step is made, of which ``row`` is recorded."""
        if self._watch is not None:
            self._watch.add(step, row)

    @property
    def record(self) -> Record | None:
        """What the rule keeps of the run, if it does."""
        return None if self._watch is None else self._watch.record

    def state(self) -> Any:
        """What the rule remembers, as plain JSON values."""
        return None if self._watch is None else self._watch.state()

    def load_state(self, state: Any, record: Record | None) -> None:
        """Remember again what :meth:`state` and :attr:`record` gave; ValueError where it is nothing of the kind."""
        if self._watch is not None:
            self._watch.load_state(state, record)

    def count_out(self, step: int) -> None:
        """All steps that were asked for are made: training stops, which is not worth saying of one alone."""
        if self._count > 1:
            self.stop(step, f"{count(self._count, 'step')} made")

    def stop(self, step: int, reason: str) -> None:
        """Training stands still here."""
        self.stopped = Stopped(step, reason)
