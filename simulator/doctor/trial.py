"""Mends are tried before they are offered: fresh copies of the run, one with each mend and one without.

All copies start at step 0 with the seeds of the run and make the same number of steps, which arithmetic decides and no
clock: the same run is told the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from simulator.doctor import WANTS
from simulator.doctor.base import Finding, Mend, Trial
from simulator.doctor.diagnosis import diagnose
from simulator.experiment import Experiment
from simulator.frame import Frame
from simulator.history import History, Rows
from simulator.numeric import median
from simulator.profiles import Profiles
from simulator.threads import blas_threads, limited_blas
from simulator.training import Training

CURED = 0.5
"""Share of the untreated loss that a copy with a mend must come down to."""
USUAL_STEPS = 200
"""Steps of a trial for a run that has made less than ``LEAST_STEPS``: some of the sick learn slowly at first."""
LEAST_STEPS, MOST_STEPS = 30, 2000
LAST = 10
"""Steps at the end whose median is the loss that counts."""
LOOKS = 12
"""Steps of a copy that are looked at closely, about, besides the last."""
BUDGET = 4e11
"""Floating-point operations that all trials of one consultation may cost together."""
CALLS = 2e6
"""What the calls of a step cost for each layer, whatever its width, in floating-point operations."""


class CancelledError(Exception):
    """Raised by ``between`` to end a trial: nobody waits for it any more."""


@dataclass(frozen=True)
class Outcome:
    """What became of a copy."""

    steps: int
    """How many it was to make."""
    loss: float
    """Median of the last steps; NaN where a step's was not finite."""
    findings: tuple[Finding, ...]

    def has(self, finding: Finding) -> bool:
        """Whether the copy has what was found."""
        return any(each.rule == finding.rule for each in self.findings)


def step_cost(training: Training) -> float:
    """Floating-point operations of a step, roughly: six for every weight and every observation that it meets."""
    products = 0.0
    for tap in training.network.taps:
        if tap.weights is not None and tap.delta is not None:
            products += 6.0 * tap.weights.size * tap.delta.size / max(tap.weights.shape[-1], 1)
    times = training.data.input_shape[0] if len(training.data.input_shape) == 2 else 1
    return products + CALLS * training.info.depth * max(times / 10, 1)


def trial_steps(training: Training, steps: int, copies: int) -> int:
    """Steps of each of ``copies`` copies of a run that has made ``steps``; 0: not even a few are affordable."""
    wanted = min(steps, MOST_STEPS) if steps >= LEAST_STEPS else USUAL_STEPS
    affordable = int(BUDGET / step_cost(training) / copies)
    return 0 if affordable < LEAST_STEPS else min(wanted, affordable)


def _nothing() -> None:
    """Between the steps of a trial that nothing holds up."""


class Trials:
    """The copies of one experiment, each made when first asked for.

    ``steps`` of the run are repeated, as far as they can be afforded. ``between`` is called before every step of every
    copy: it may wait, or raise :class:`CancelledError`, which ends the trial.
    """

    def __init__(self, experiment: Experiment, *, steps: int, between: Callable[[], None] = _nothing) -> None:
        self.experiment, self._wanted, self._between = experiment, steps, between
        self._outcomes: dict[tuple[tuple[str, str], ...], Outcome | None] = {}

    COPIES = 5
    """As many as must be affordable."""

    @cached_property
    def steps(self) -> int:
        """Of each copy; 0 where none can be afforded."""
        return trial_steps(Training(self.experiment), self._wanted, self.COPIES)

    @cached_property
    def untreated(self) -> Outcome:
        return copy(self.experiment, self.steps, self._between)

    def of(self, mend: Mend) -> Outcome | None:
        """What became of the copy with ``mend``; None where it cannot be built."""
        key = mend.settings_key
        if key not in self._outcomes:
            try:
                self._outcomes[key] = copy(mend.applied(self.experiment), self.steps, self._between)
            except ValueError:
                self._outcomes[key] = None
        return self._outcomes[key]

    def trial(self, finding: Finding, mend: Mend) -> Trial | None:
        outcome = self.of(mend)
        if outcome is None:
            return None
        return Trial(self.steps, self.untreated.loss, outcome.loss, not outcome.has(finding))


def cures(trial: Trial) -> bool:
    """Whether a mend is worth offering: what was found is gone, and the loss at most half; an untreated NaN is ∞."""
    return trial.gone and (trial.loss_after <= CURED * trial.loss_before or math.isnan(trial.loss_before))


def prove(findings: tuple[Finding, ...], trials: Trials) -> tuple[Finding, ...]:
    """The findings with those of their mends that cured a copy."""
    return tuple(replace(finding, mends=tuple(_cures(finding, trials))) for finding in findings)


def _cures(finding: Finding, trials: Trials) -> Iterator[Mend]:
    if not finding.mends or not trials.steps:
        return
    for mend in finding.mends:
        trial = trials.trial(finding, mend)
        if trial is not None and not math.isnan(trial.loss_after) and cures(trial):
            yield replace(mend, tried=trial)


@np.errstate(all="ignore")
def copy(experiment: Experiment, steps: int, between: Callable[[], None] = _nothing) -> Outcome:
    """Train a fresh copy and examine it at its last step, or where it is first NaN; ExperimentError if it cannot be."""
    training = Training(experiment)
    record = _Record(training)
    with limited_blas(blas_threads(training.network)):
        for step in range(steps + 1):
            between()
            watched = step % (1 + steps // LOOKS) == 0
            if step < steps:
                training.propose(trace=watched)
            if step == steps or not math.isfinite(training.loss):
                training.look()
                record.add(training, watched=True)
                break
            record.add(training, watched)
            training.apply()
        return Outcome(steps, record.loss, record.findings(training))


class _Record:
    """The past of a copy."""

    def __init__(self, training: Training) -> None:
        self.history, self.profiles = History(training.columns), Profiles()
        self.frames: list[Frame] = []
        """The first and the last that were looked at."""

    def add(self, training: Training, watched: bool) -> None:
        scalars = training.scalars(validate=watched)
        self.history.extend(Rows(training.step, training.columns, training.row(scalars)[np.newaxis]))
        if watched:
            frame = training.frame(scalars, WANTS)
            self.profiles.add(frame.step, frame.time)
            self.frames[1:] = [frame]

    @property
    def loss(self) -> float:
        losses = self.history.series("loss").last[-LAST:]
        return float(median(losses)) if np.isfinite(losses).all() else math.nan

    def findings(self, training: Training) -> tuple[Finding, ...]:
        first, last = self.frames[0], self.frames[-1]
        return diagnose(training, last, self.history, first, self.profiles)
