"""Rules about one setting: how far it is beyond what is sound, by numbers of the run, and what it should be instead."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from simulator.arrays.trace import Factor
from simulator.doctor.base import SEVERITIES, Cause, Finding, Remedy, Rule, Severity
from simulator.doctor.evidence import Evidence
from simulator.doctor.nonfinite_origin import nonfinite_since, origin_of_nonfinite
from simulator.doctor.phrases import beside_guessing, risen
from simulator.schema.numbers import count

SUSPECTED_STEPS = 30
"""Steps before a run that has not moved is held against a setting; against a weak suspicion it takes longer."""
SUSPECTED_UNMOVED, SUSPECTED_MOVING = 0.3, 0.7
"""Decades beyond what is sound from which a setting is suspected where nothing moves, and where something does."""
WORTH_NAMING = 0.5
"""Decades beyond what is sound, from which a setting is worth naming although setting it right does not cure."""
NEARLY_LEARNT_LEVEL = 0.1
"""Share of what guessing scores, below which too little is left for a setting to be blamed."""


def decades(value: float, limit: float) -> float:
    """log₁₀ value / limit: how far a number is beyond what is sound; −∞ for 0, ∞ for NaN, for nothing is worse."""
    ratio = value / limit if limit else math.inf
    if ratio == 0:
        return -math.inf
    return math.log10(ratio) if ratio > 0 and math.isfinite(ratio) else math.inf


class Suspect(Rule):
    """A setting is to blame where the run is sick and the setting is beyond what is sound."""

    factor: ClassVar[Factor | None] = None
    """What it acts on of the waterfall's factors."""

    def accuse(
        self,
        evidence: Evidence,
        cause: tuple[str, Any],
        strength: float,
        what: str,
        remedies: Iterable[Remedy | None],
        *,
        numbers: Mapping[str, float],
        rows: Iterable[int] = (),
        certain: bool = False,
        worst: Severity = "severe",
    ) -> Iterator[Finding]:
        """The finding, where the run gives reason for one; ``certain`` where algebra does, whatever the run.

        ``worst`` is how serious it can be at most.
        """
        severity = "severe" if certain else severity_of(evidence, strength)
        if severity is None:
            return
        finding = self.finding(
            evidence,
            max(severity, worst, key=SEVERITIES.index),
            f"{what}{condition_text(evidence)}.",
            numbers={**numbers, "loss": evidence.lately("loss").item(), "loss_of_guessing": evidence.guessing},
            since=onset(evidence, cause[0]),
            rows=rows,
            factor=self.factor or "",
            remedies=remedies,
        )
        yield replace(finding, began=evidence.frame.began, cause=Cause(*cause), strength=strength)


def severity_of(evidence: Evidence, strength: float) -> Severity | None:
    """How serious it is where a setting is ``strength`` decades beyond what is sound; None: no reason to say so."""
    step = evidence.frame.step
    if evidence.condition in ("broken", "diverged"):
        return "severe"
    if evidence.condition == "unmoved" and strength >= SUSPECTED_UNMOVED and step >= SUSPECTED_STEPS:
        return "severe"
    short = evidence.condition in ("slow", "well") and evidence.level > NEARLY_LEARNT_LEVEL
    return "warning" if short and strength >= SUSPECTED_MOVING and step >= SUSPECTED_STEPS else None


def onset(evidence: Evidence, path: str) -> int:
    """The step since which the run is as it is; where it does not learn, since a hand has set the setting so."""
    if evidence.condition == "broken":
        return nonfinite_since(evidence)
    losses, guess = evidence.past("loss"), evidence.guessing
    if evidence.condition == "diverged":
        return evidence.since(losses > max(evidence.start, guess))
    return evidence.record.live_changes.since(path)


def condition_text(evidence: Evidence) -> str:
    """How the run is doing, to stand behind a cause."""
    now, step, guess = evidence.lately("loss").item(), evidence.frame.step, evidence.guessing
    if evidence.condition == "broken":
        sentence = origin_of_nonfinite(evidence, nonfinite_since(evidence))
        return f". {sentence}"
    if step == 0:
        return ""
    if evidence.condition == "diverged":
        return f". The loss has lately been {risen(now, evidence.start)}"
    steps = count(step, "step")
    return f". After {steps} {beside_guessing(now, guess)}"
