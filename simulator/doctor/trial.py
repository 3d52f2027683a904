"""Remedies are tried before they are offered: fresh copies of the run, one with each remedy and one without.

All copies start at step 0 with the seeds of the run and make the same number of steps, which arithmetic decides and no
clock: the same run is told the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from simulator.arrays.numeric import median
from simulator.doctor.base import USUAL_STEPS, Finding, Remedy, Trial
from simulator.doctor.diagnosis import diagnose
from simulator.doctor.evidence import OBSERVATIONS
from simulator.experiment.experiment import Experiment
from simulator.network.threads import blas_threads, limited_blas
from simulator.observations.facts import FactsObservation
from simulator.observations.observer import Observer
from simulator.record.frame import Frame, frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.system.progress import advance
from simulator.training.training import Training

COPYING = "Training a copy of the run"
"""What whoever listens hears before each step of a copy."""
CURED_SHARE = 0.5
"""Share of the untreated loss that a copy with a remedy must come down to."""
LEAST_STEPS, MOST_STEPS = 30, 2000
LAST_STEPS = 10
"""Steps at the end whose median is the loss that counts."""
USUAL_COPIES, LEAST_COPIES, MOST_COPIES = 5, 3, 24
"""Copies that a trial's length allows for; fewer than the least tell nothing."""
CLOSE_LOOKS = 12
"""Steps of a copy that are looked at closely, about, besides the last."""
ENOUGH_LEVEL = 0.1
"""Share of what guessing scores, with which no other remedy of the finding needs to be tried."""
OPERATIONS_BUDGET = 6e11
"""Floating-point operations that all trials of one consultation may cost together."""
CALL_OPERATIONS = 2e6
"""What the calls of a step cost for each layer, whatever its width, in floating-point operations."""


@dataclass(frozen=True)
class TrialOutcome:
    """What became of a copy."""

    loss: float
    """Median of the last steps; NaN where a step's was not finite."""
    yardstick: float
    """What a constant guess scores with its loss and data or, where that is exactly 0, 1."""
    findings: tuple[Finding, ...]

    @property
    def level(self) -> float:
        """The loss as a share of the yardstick; ∞ where it is NaN, for nothing is worse."""
        return math.inf if math.isnan(self.loss) else self.loss / self.yardstick

    def has(self, finding: Finding) -> bool:
        """Whether the copy has what was found, or is as sick as that."""
        ill = ("diverging", "stalled") if finding.cause is not None else ()
        return any(each.rule in (finding.rule, *ill) for each in self.findings)


def step_cost(training: Training) -> float:
    """Floating-point operations of a step, roughly: six for every weight and every observation that it meets."""
    products = 0.0
    for tap in training.network.taps:
        if tap.weights is not None and tap.delta is not None:
            products += 6.0 * tap.weights.size * tap.delta.size / max(tap.weights.shape[-1], 1)
    times = training.data.input_shape[0] if len(training.data.input_shape) == 2 else 1
    return products + CALL_OPERATIONS * training.info.depth * max(times / 10, 1)


def plan(training: Training, steps: int) -> tuple[int, int]:
    """(steps of each copy, how many copies) for a run of ``steps``; (0, 0) where not even a few are affordable."""
    affordable = OPERATIONS_BUDGET / step_cost(training)
    wanted = min(steps, MOST_STEPS) if steps >= LEAST_STEPS else USUAL_STEPS
    length = max(min(wanted, int(affordable / USUAL_COPIES)), LEAST_STEPS)
    copies = min(int(affordable / length), MOST_COPIES)
    return (length, copies) if copies >= LEAST_COPIES else (0, 0)


class Trials:
    """The copies of one experiment, each made when first asked for.

    ``steps`` of the run are repeated, as far as they can be afforded. Before every step of every copy whoever listens
    hears of it, and may wait, or end the trial.
    """

    def __init__(self, experiment: Experiment, *, steps: int) -> None:
        self.experiment, self._wanted = experiment, steps
        self._outcomes: dict[tuple[tuple[str, str], ...], TrialOutcome | None] = {}

    @cached_property
    def _plan(self) -> tuple[int, int]:
        return plan(Training(self.experiment), self._wanted)

    @property
    def steps(self) -> int:
        """Of each copy; 0 where none can be afforded."""
        return self._plan[0]

    @cached_property
    def untreated(self) -> TrialOutcome:
        return copy(self.experiment, self.steps)

    @property
    def exhausted(self) -> bool:
        """Whether no more copies can be afforded."""
        return len(self._outcomes) + 1 >= self._plan[1]

    def of(self, remedy: Remedy) -> TrialOutcome | None:
        """What became of the copy with ``remedy``; None where it cannot be built, or not be afforded any more."""
        key = remedy.settings_key
        if key not in self._outcomes:
            if self.exhausted:
                return None
            self._outcomes[key] = self._copied(remedy)
        return self._outcomes[key]

    def _copied(self, remedy: Remedy) -> TrialOutcome | None:
        try:
            return copy(remedy.applied(self.experiment), self.steps)
        except (ValueError, MemoryError):
            return None

    def of_finding(self, finding: Finding) -> Iterator[tuple[Remedy, TrialOutcome]]:
        """Each remedy of a finding with its trial, and what became of the copy, as far as there is one."""
        for remedy in finding.remedies:
            outcome = self.of(remedy)
            if outcome is None:
                continue
            tried = replace(remedy, tried=self._trial(finding, remedy, outcome))
            yield tried, outcome
            if cures(tried.tried) and outcome.level < ENOUGH_LEVEL:
                return

    def _trial(self, finding: Finding, remedy: Remedy, outcome: TrialOutcome) -> Trial:
        after, treated = outcome.loss, remedy.applied(self.experiment)
        if treated.objective != self.experiment.objective or treated.data != self.experiment.data:
            # Another loss, other targets: in the units of the untreated loss.
            after = outcome.level * self.untreated.yardstick
        return Trial(self.steps, self.untreated.loss, after, not outcome.has(finding))


def cures(trial: Trial | None) -> bool:
    """Whether a remedy is worth offering: what was found is gone, and the loss at most half; an untreated NaN is ∞."""
    if trial is None or not trial.gone or not math.isfinite(trial.loss_after):
        return False
    return math.isnan(trial.loss_before) or trial.loss_after <= CURED_SHARE * trial.loss_before


@np.errstate(all="ignore")
def copy(experiment: Experiment, steps: int) -> TrialOutcome:
    """Train a fresh copy and examine it at its last step, or where it is first NaN; ExperimentError if it cannot be."""
    training = Training(experiment)
    past = _Watched(training)
    with limited_blas(blas_threads(training.network)):
        for step in range(steps + 1):
            advance(COPYING, step, steps + 1, "steps")
            watched = step % (1 + steps // CLOSE_LOOKS) == 0
            if step < steps:
                training.propose(trace=watched)
            if step == steps or not math.isfinite(training.loss):
                training.look()
                past.add(training, watched=True)
                break
            past.add(training, watched)
            training.apply()
        return past.outcome(training)


class _Watched:
    """The past of a copy."""

    def __init__(self, training: Training) -> None:
        self.record = Record(History(training.columns))
        self.observer = Observer(training)
        self.last: Frame | None = None
        """The last that was looked at closely."""

    def add(self, training: Training, watched: bool) -> None:
        scalars = training.scalars(validate=watched)
        if watched:
            self.last = frame_of(training, scalars, self.observer.observe(OBSERVATIONS))
        rows = Rows(training.step, training.columns, training.row(scalars)[np.newaxis])
        self.record.add(self.last if watched else None, (rows,))

    def outcome(self, training: Training) -> TrialOutcome:
        losses = self.record.history.series("loss").last[-LAST_STEPS:]
        loss = float(median(losses)) if np.isfinite(losses).all() else math.nan
        assert self.last is not None
        facts = self.last.result(FactsObservation())
        assert facts is not None
        findings = diagnose(training, self.last, self.record)
        return TrialOutcome(loss, facts.data.guessing_loss or 1.0, findings)
