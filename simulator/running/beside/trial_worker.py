"""Trials beside a run: a worker that tries remedies with little of the machine."""

from __future__ import annotations

import math
import time
from dataclasses import replace

from simulator.doctor.base import Finding, Remedy, Trial
from simulator.doctor.proof import prove
from simulator.doctor.trial import COPYING, Trials, cures
from simulator.experiment.experiment import Experiment
from simulator.running.beside.side_worker import Post, SideInbox, SideWorker
from simulator.running.beside.trial_messages import Tried, Try

REST = 1.0
"""Seconds without a step, for each that a step took."""
REST_IN_THREAD = 4.0
"""The same where the interpreter is shared with a screen."""


class TrialWorker(SideWorker[Try, Tried]):
    """Tries the remedies of one request after the other; copies that another request needs too stay."""

    def __init__(self, inbox: SideInbox[Try], post: Post[Tried], rest: float) -> None:
        super().__init__(inbox, post)
        self.rest = rest
        self._done = self._total = 0
        """Steps of all copies together; the total is the most that they make."""
        self._trials: tuple[tuple[Experiment, int], Trials] | None = None
        """The copies that have been made last, and what they are of."""
        self._resumed = 0.0

    def answer(self, request: Try) -> None:
        self._done, self._resumed = 0, time.perf_counter()
        trials = self._trials_of(request)
        tried = {remedy.settings_key for finding in request.findings for remedy in finding.remedies}
        self._total = (1 + len(tried)) * (trials.steps + 1)
        findings = judged(request.findings, trials, request.loss)
        self.post(Tried(request.id, findings, trials.steps))

    def _trials_of(self, request: Try) -> Trials:
        """The last ones, if they are of the same run and have copies left: what has been tried is not tried again."""
        key = request.experiment, request.steps
        if self._trials is None or self._trials[0] != key or self._trials[1].exhausted:
            self._trials = key, Trials(request.experiment, steps=request.steps)
        return self._trials[1]

    def listen(self, doing: str, done: float, total: float, unit: str) -> None:
        """Rest after each step of a copy, and see whether anybody still waits."""
        if doing != COPYING:
            self.check_cancelled()
            return
        self._done += 1
        self.report(doing, min(self._done, self._total), self._total, unit)
        self.check_cancelled(within=self.rest * (time.perf_counter() - self._resumed))
        self._resumed = time.perf_counter()


def judged(findings: tuple[Finding, ...], trials: Trials, loss: float) -> tuple[Finding, ...]:
    """What copies leave of the findings about a run with this ``loss``, with the remedies that cured."""
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
