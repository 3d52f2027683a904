"""Trials beside a run: a worker that tries mends with little of the machine."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

from simulator.doctor.base import Finding, Remedy, Trial
from simulator.doctor.proof import prove
from simulator.doctor.trial import Trials, cures
from simulator.experiment.experiment import Experiment
from simulator.running.inbox import Inbox
from simulator.running.messages import Failed, Stop, failure
from simulator.running.side_session import Cancel
from simulator.running.trial_messages import Reply, Tried, Try, Trying
from simulator.system.progress import CancelledError

Command = Try | Cancel
REST = 1.0
"""A step that took a second is followed by so many without one;"""
REST_IN_THREAD = 4.0
"""and by so many where the interpreter is shared with a screen."""
PROGRESS_SECONDS = 0.2
"""How far it is, is told no more often than this."""


class TrialWorker:
    """Tries one request at a time; a newer one takes the place of what is being tried."""

    def __init__(self, inbox: Inbox[Command], post: Callable[[Reply | Failed], None], rest: float) -> None:
        self.inbox, self.post, self.rest = inbox, post, rest
        self._held: Command | Stop | None = None
        """What came during a trial, and ended it."""
        self._id = self._done = self._total = 0
        self._trials: tuple[tuple[Experiment, int], Trials] | None = None
        """The copies that have been made last, and what they are of."""
        self._resumed = self._reported_at = 0.0

    def loop(self) -> None:
        """Work until told to stop."""
        while True:
            command, self._held = self._held or self.inbox.get(None), None
            if isinstance(command, Stop):
                return
            if isinstance(command, Try):
                self._try(command)

    def _try(self, command: Try) -> None:
        self._id, self._done = command.id, 0
        self._resumed = self._reported_at = time.perf_counter()
        try:
            trials = self._trials_of(command)
            tried = {remedy.settings_key for finding in command.findings for remedy in finding.remedies}
            self._total = (1 + len(tried)) * (trials.steps + 1)
            findings = judged(command.findings, trials, command.loss)
            self.post(Tried(command.id, findings, trials.steps))
        except CancelledError:
            return
        except Exception as error:
            self.post(failure(error))

    def _trials_of(self, command: Try) -> Trials:
        """The last ones, if they are of the same run and have copies left: what has been tried is not tried again."""
        key = command.experiment, command.steps
        if self._trials is None or self._trials[0] != key or self._trials[1].exhausted:
            self._trials = key, Trials(command.experiment, steps=command.steps, between=self._between)
        return self._trials[1]

    def _between(self) -> None:
        """Rest between two steps, and see whether anybody still waits."""
        now = time.perf_counter()
        self._done += 1
        if now - self._reported_at > PROGRESS_SECONDS:
            self._reported_at = now
            self.post(Trying(self._id, min(self._done, self._total), self._total))
        self._held = self.inbox.get(self.rest * (now - self._resumed))
        if self._held is not None:
            raise CancelledError
        self._resumed = time.perf_counter()


def judged(findings: tuple[Finding, ...], trials: Trials, loss: float) -> tuple[Finding, ...]:
    """What copies leave of the findings about a run with this ``loss``, with the mends that cured."""
    outdated = tuple(finding for finding in findings if of_other_settings(finding, trials, loss))
    if not outdated:
        return prove(findings, trials)
    trial = Trial(trials.steps, loss, trials.untreated.loss, gone=True)
    remedy = Remedy("The present settings", (), "checkpoint", trial)
    return tuple(replace(finding, remedies=(remedy,)) for finding in outdated)


def of_other_settings(finding: Finding, trials: Trials, loss: float) -> bool:
    """Whether settings of before have brought it about, so that going back is enough.

    That is so if a copy with the present ones does not have it, is past the step at which it began, and has half the
    ``loss`` of the run, which has made as many steps at least, or whose loss is no number.
    """
    comparable = finding.step >= trials.steps > finding.since or not math.isfinite(loss)
    if finding.cause is not None or not trials.steps or not comparable or trials.untreated.has(finding):
        return False
    trial = Trial(trials.steps, loss, trials.untreated.loss, gone=True)
    return math.isfinite(trial.loss_after) and cures(trial)
