"""Step after step of a run without a screen, to its last one or to where a rule ends it."""

from __future__ import annotations

from typing import Any

from simulator.arrays.numeric import Floats
from simulator.record.record import Record
from simulator.running.stop_rules import Past, StopRule
from simulator.running.stopping import Stopping
from simulator.training.checkpoint import Checkpoint
from simulator.training.training import Training


class Course:
    """A training on its way to step ``steps``."""

    def __init__(self, training: Training, steps: int, until: StopRule | None, past: Past | None = None) -> None:
        """``past`` is that of a run that goes on."""
        self.training, self.steps = training, steps
        self.stopping = Stopping()
        self.stopping.begin(training, until, past)

    def take_up(self, kept: Checkpoint, rule: Any, rule_record: Record | None) -> None:
        """Go on at a checkpoint, with what the rule remembered there; ValueError where they do not fit."""
        self.training.check_fit(kept)
        self.training.restore(kept)
        self.stopping.load_state(rule, rule_record)

    def propose(self, trace: bool, goes_on: bool = True) -> bool:
        """Evaluate the present step; whether another one follows, whose update is written then."""
        training, stopping = self.training, self.stopping
        if goes_on and training.step < self.steps:
            traced = trace or stopping.traced(training.step)
            if training.propose(trace=traced, before_update=lambda: not stopping.stops(training)):
                return True
        training.look()
        return False

    def apply(self, row: Floats) -> None:
        """Make the step of which ``row`` is recorded."""
        self.stopping.add(self.training.step, row)
        self.training.apply()
