"""Step after step of a run without a screen, to its last one or to where a rule ends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.arrays.numeric import Floats
from simulator.network.threads import BlasLimit
from simulator.record.record import Record
from simulator.running.stop_rules import KnownPast, StopRule
from simulator.running.stopping import Stopping
from simulator.training.checkpoint import Checkpoint
from simulator.training.coming_changes import ComingChanges
from simulator.training.live_change import LiveChange, take_live
from simulator.training.training import Training


class TrainingLoop:
    """A training on its way to step ``steps``, with what is changed in it on the way."""

    def __init__(
        self, training: Training, steps: int, until: StopRule | None, past: KnownPast | None = None,
        changes: Sequence[LiveChange] = (),
    ) -> None:  # fmt: skip
        """``past`` is that of a run that goes on."""
        self.training, self.steps = training, steps
        self._coming = ComingChanges(changes)
        self._coming.forget_before(training.step)
        self._coming.check(training)
        self._blas = BlasLimit()
        self.acted: list[LiveChange] = []
        """What has been changed in the present step."""
        self.stopping = Stopping()
        self.stopping.begin(training, until, past)

    @property
    def coming(self) -> tuple[LiveChange, ...]:
        """What is still to be changed in it."""
        return tuple(self._coming.entries)

    def take_up(self, kept: Checkpoint, rule: Any, rule_record: Record | None) -> None:
        """Go on at a checkpoint, with what the rule remembered there; ValueError where they do not fit."""
        if not take_live(self.training, kept.experiment):
            # It was handed on to another network before.
            self.training = Training(kept.experiment, self.training.info.run)
            self.stopping.renew(self.training, playing=True)
        self._coming.forget_before(kept.step)
        self.training.check_fit(kept)
        self.training.restore(kept)
        self.stopping.load_state(rule, rule_record)

    def propose(self, trace: bool, goes_on: bool = True) -> bool:
        """Evaluate the present step; whether another one follows, whose update is written then.

        What is changed there may make it a step of another network.
        """
        self.acted = []
        self._act_before()
        training, stopping = self.training, self.stopping
        if goes_on and training.step < self.steps:
            traced = trace or stopping.traced(training.step)
            if training.propose(trace=traced, before_update=lambda: not stopping.stops(training)):
                self._act_written()
                return True
        training.look()
        return False

    def _act_before(self) -> None:
        if self._coming.due(self.training.step):
            before = self.training
            self.training, acted = self._coming.act_before(before)
            self._acted(acted)
            if self.training is not before:
                self.stopping.renew(self.training, playing=True)

    def _act_written(self) -> None:
        if self._coming.due(self.training.step):
            self._acted(self._coming.act_written(self.training))

    def _acted(self, acted: list[LiveChange]) -> None:
        self.acted += acted
        threads = next((each.threads for each in reversed(acted) if each.threads), 0)
        if threads:
            self._blas.asked = threads
            self._blas.hold(self.training.network)

    def close(self) -> None:
        """Products have the threads that they had before."""
        self._blas.close()

    def apply(self, row: Floats) -> None:
        """Make the step of which ``row`` is recorded."""
        self.stopping.add(self.training.step, row)
        self.training.apply()
