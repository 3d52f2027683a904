"""The rate that acts: the optimiser's own, and what the schedule makes of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from simulator.doctor.base import Finding, Remedy
from simulator.doctor.evidence import HEALTHY_UPDATE_RATIOS, Evidence
from simulator.doctor.phrases import number
from simulator.doctor.running_averages import MOST_AVERAGED_STEPS
from simulator.doctor.suspect import Suspect, decades
from simulator.parts.optimizers import Optimizer
from simulator.parts.schedules import Schedule
from simulator.schema.numbers import integer, percent, setting
from simulator.schema.parameter import parameter, title_of

SPENT_RATE_SHARE = 0.03
"""Share of the greatest rate of the run, or of the base, below which a schedule has all but stopped it."""
MOST_STEPS_SHARE = 0.5
"""Share of the run's steps that a schedule must have spent so: one that ends with its run is as it is meant."""
GROWN_RATE_RATIO = 10.0
"""Times the base rate."""
SHORT, LONG = HEALTHY_UPDATE_RATIOS


def usual_rate(optimizer: Optimizer) -> float:
    """The default of its kind."""
    return float(parameter(type(optimizer), "learning_rate").default)


def gain(optimizer: Optimizer) -> float:
    """What momentum multiplies a constant gradient's steps with, as far as it is not itself beyond what is sound."""
    return min(optimizer.gain, MOST_AVERAGED_STEPS)


def constant(rate: float, optimizer: Optimizer) -> Iterator[Remedy]:
    """No schedule, with the base rate where it is near what is usual, and with the usual one."""
    usual = usual_rate(optimizer)
    if usual / 100 <= rate <= usual * 10:
        yield Remedy("Constant rate", (("schedule.kind", "constant"),))
        rate *= 10
    else:
        rate = usual
    if rate <= usual * 10:
        title = f"Constant rate {setting(rate)}"
        yield Remedy(title, (("schedule.kind", "constant"), ("optimizer.learning_rate", float(f"{rate:.3g}"))))


class Scheduling(Suspect):
    """The rate that acts, beside the greatest of the run or the base: spent, not there yet, or grown."""

    name = "schedule"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        schedule, base = evidence.experiment.schedule, evidence.experiment.optimizer.learning_rate
        if not schedule.changes:
            return
        aim = max(evidence.top_rate, base if schedule.uses_base else _peak(schedule))
        yield from self._grown(evidence, schedule, base)
        rates = evidence.past("learning_rate")
        if evidence.rate < SPENT_RATE_SHARE * aim and np.mean(rates < SPENT_RATE_SHARE * aim) > MOST_STEPS_SHARE:
            yield from self._spent(evidence, schedule, aim)

    def _grown(self, evidence: Evidence, schedule: Schedule, base: float) -> Iterator[Finding]:
        top, usual = evidence.top_rate, usual_rate(evidence.experiment.optimizer)
        peaks = bool(schedule.peak_field) or not schedule.uses_base
        strength = (
            decades(top, usual * GROWN_RATE_RATIO) + 0.5 if peaks else decades(top, base * GROWN_RATE_RATIO) + 0.5
        )
        if strength <= 0 or (not peaks and top <= base):
            return
        yield from self.accuse(
            evidence,
            _cause(schedule, schedule.peak_field or schedule.factor_field),
            strength,
            f"The schedule has raised the learning rate to {number(top)}"
            + (f", {number(top / base)} times the base rate {number(base)}" if base and not peaks else ""),
            [
                Remedy(f"Highest rate {setting(usual)}", ((f"schedule.{schedule.peak_field}", usual),))
                if schedule.peak_field
                else None,
                *constant(base, evidence.experiment.optimizer),
            ],
            numbers={"learning_rate": evidence.rate, "highest_rate": top, "base_rate": base},
        )

    def _spent(self, evidence: Evidence, schedule: Schedule, aim: float) -> Iterator[Finding]:
        rate = evidence.rate
        rises = evidence.top_rate <= SPENT_RATE_SHARE * aim
        yield from self.accuse(
            evidence,
            _cause(schedule, schedule.horizon or schedule.factor_field),
            decades(aim, rate) if rate else 6.0,
            f"The schedule {'has not raised' if rises else 'has lowered'} the learning rate "
            + (
                f"beyond {number(rate)}, where it aims at {number(aim)}"
                if rises
                else f"from {number(aim)} to {number(rate)}"
            ),
            constant(evidence.experiment.optimizer.learning_rate, evidence.experiment.optimizer),
            numbers={"learning_rate": rate, "highest_rate": aim},
        )


def _peak(schedule: Schedule) -> float:
    """The highest rate that it sets itself; 0 where it does not say."""
    return float(getattr(schedule, schedule.peak_field)) if schedule.peak_field else 0.0


def _cause(schedule: Schedule, field: str) -> tuple[str, Any]:
    """(path, value) of one field of the schedule; of its kind where there is no one field."""
    return f"schedule.{field or 'kind'}", getattr(schedule, field or "kind")


def _dead(evidence: Evidence) -> str:
    """``; 70% of layer 2's units are dead since step 12``, where updates have killed that many."""
    rows, shares = evidence.rows("activation_dead"), evidence.lately("activation_dead")
    worst = max(rows, key=lambda row: shares[row], default=None)
    if worst is None or not shares[worst] >= MOST_STEPS_SHARE:
        return ""
    since = evidence.since(evidence.past("activation_dead")[:, worst] >= MOST_STEPS_SHARE)
    return (
        f"; {percent(shares[worst])} of {evidence.name(worst)}'s units are dead since step {integer(since)}"
        if since > 0
        else ""
    )


def _steps_up(usual: float) -> list[float]:
    return [usual, 3 * usual, 10 * usual]


class LearningRate(Suspect):
    """0; beyond a decade above the usual where the run broke; or steps too short everywhere."""

    name = "learning rate"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        rate, usual = evidence.experiment.optimizer.learning_rate, usual_rate(evidence.experiment.optimizer)
        if rate == 0 and evidence.rate == 0:
            yield from self._accuse(
                evidence, 10.0, "The learning rate is 0: nothing is learnt", _steps_up(usual), certain=True
            )
            return
        if not evidence.experiment.schedule.uses_base or not rate:
            return
        yield from self._high(evidence, rate, usual)
        yield from self._low(evidence, rate, usual)

    def _high(self, evidence: Evidence, rate: float, usual: float) -> Iterator[Finding]:
        longest, row, step = evidence.longest_update
        beyond = decades(rate * gain(evidence.experiment.optimizer), 10 * usual)
        lost = evidence.condition in ("broken", "diverged")
        if not lost and (longest < 10 * LONG or rate < usual / 10):
            return
        change = f"changed {evidence.name(row)}'s weights by {number(longest)} of their size"
        how = f": the update of step {integer(step)} {change}"
        ladder = [value for value in (usual, 10 * usual, usual / 10) if rate > 2 * value]
        yield from self._accuse(
            evidence,
            max(beyond, 0.0) + 0.3,
            f"The learning rate {number(rate)} is too high{how if longest > LONG else ''}{_dead(evidence)}",
            [*ladder, rate / 10, rate / 100],
        )

    def _low(self, evidence: Evidence, rate: float, usual: float) -> Iterator[Finding]:
        ratios = evidence.lately("update_ratio")[evidence.updated]
        most = float(np.nanmax(ratios)) if np.isfinite(ratios).any() else math.nan
        # Without a gradient, or with a schedule that leaves none of it, no rate is to blame.
        blameless = evidence.rate < SPENT_RATE_SHARE * rate or not evidence.frame.scalars.get("gradient_norm", 0.0) > 0
        if not most < LONG / 10 or evidence.condition in ("broken", "diverged") or blameless:
            return
        ladder = [value for value in _steps_up(usual) if value > 2 * rate]
        optimizer = evidence.experiment.optimizer
        name = title_of(type(optimizer))
        why = f", and {name} divides it by the root of all squared gradients so far" if optimizer.accumulates else ""
        yield from self._accuse(
            evidence,
            max(decades(usual / 10, rate), 0.0) + min(max(decades(SHORT, most), 0.0) / 2, 2.0),
            f"The learning rate {number(rate)} is too low{why}: no update changes a layer's weights by more than "
            f"{number(most)} of their size",
            [*ladder, rate * 10, rate * 100],
        )

    def _accuse(
        self, evidence: Evidence, strength: float, what: str, values: list[float], certain: bool = False
    ) -> Iterator[Finding]:
        rate = evidence.experiment.optimizer.learning_rate
        rounded = dict.fromkeys(float(f"{value:.3g}") for value in values)
        yield from self.accuse(
            evidence,
            ("optimizer.learning_rate", rate),
            strength,
            what,
            [Remedy(f"Learning rate {setting(value)}", (("optimizer.learning_rate", value),)) for value in rounded],
            numbers={"learning_rate": rate, "longest_update_ratio": evidence.longest_update[0]},
            certain=certain,
        )
