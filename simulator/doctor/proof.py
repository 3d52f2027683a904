"""Which of the suspected causes is the true one, and which remedies help: copies of the run decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from simulator.doctor.base import SEVERITIES, Finding, Remedy
from simulator.doctor.evidence import GOOD_LEVEL
from simulator.doctor.suspect import WORTH_NAMING
from simulator.doctor.trial import TrialOutcome, Trials, cures
from simulator.experiment.experiment import Experiment
from simulator.schema.settings import value_at

AS_GOOD_AS_BEST = 2.5
"""Times the best copy's loss, within which another setting explains as much."""
HELPFUL_RATIO = 1.25
"""Times as low a loss, from which on a change that does not cure tells something all the same."""
NOTHING_TO_LEARN = "nothing to learn"
"""The rule that blames the labels."""
TRUE_OF_A_RUN_THAT_LEARNS = frozenset({"dead", "over-fitting"})
"""What remains true of a run that learns."""


@dataclass(frozen=True)
class Tested:
    """A finding with what became of the copies with its remedies."""

    finding: Finding
    copies: tuple[tuple[Remedy, TrialOutcome], ...]

    @property
    def curing(self) -> list[Remedy]:
        """The remedies that cured, in the order of the finding."""
        return [remedy for remedy, _ in self.copies if cures(remedy.tried)]

    @property
    def best(self) -> TrialOutcome | None:
        """The copy that cured with the lowest loss, or else that with the lowest loss."""
        cured = [outcome for remedy, outcome in self.copies if cures(remedy.tried)]
        return min(cured or [outcome for _, outcome in self.copies], key=lambda outcome: outcome.level, default=None)

    @property
    def level(self) -> float:
        return float("inf") if self.best is None else self.best.level

    @property
    def proven(self) -> Finding:
        """With the remedies that cured, those with the lowest loss first."""
        levels = {id(remedy): outcome.level for remedy, outcome in self.copies}
        return replace(self.finding, remedies=tuple(sorted(self.curing, key=lambda remedy: levels[id(remedy)])))


def prove(findings: Sequence[Finding], trials: Trials) -> tuple[Finding, ...]:
    """What copies of the run leave of ``findings``, the true cause first, with the remedies that cured a copy.

    A setting is the cause where setting it right alone cures; where several would, the one that is furthest beyond what
    is sound among those that cure best. What the cure takes away followed from the cause, and is not told beside it.
    """
    if not findings or not trials.steps:
        return tuple(replace(finding, remedies=()) for finding in findings)
    return consistent(_judged(findings, trials), trials.experiment)


def _judged(findings: Sequence[Finding], trials: Trials) -> tuple[Finding, ...]:
    suspects = sorted((each for each in findings if each.cause is not None), key=lambda each: -each.strength)
    culprit = find_culprit([Tested(each, tuple(trials.of_finding(each))) for each in suspects], trials.untreated)
    others = [each for each in findings if each.cause is None]
    if culprit is None:
        return _without_culprit(others, trials)
    if not culprit.curing:
        culprit = _otherwise(culprit, others, trials)
    return (culprit.proven, *_left(culprit, others))


def _left(leader: Tested, others: Iterable[Finding]) -> Iterator[Finding]:
    """What does not follow from the first finding: what its cure leaves."""
    for finding in others:
        if finding is not leader.finding and finding.rule != NOTHING_TO_LEARN and (
            leader.best is None or leader.best.has(finding)
        ):  # fmt: skip
            yield replace(finding, remedies=())


def consistent(findings: Iterable[Finding], experiment: Experiment) -> tuple[Finding, ...]:
    """Without remedies that raise what one before them lowers, or lower what it raises."""
    ways: dict[str, bool] = {}
    kept = []
    for finding in findings:
        remedies = []
        for remedy in finding.remedies:
            moves = dict(_moves(remedy, experiment))
            if all(ways.get(path, up) == up for path, up in moves.items()):
                ways |= moves
                remedies.append(remedy)
        kept.append(replace(finding, remedies=tuple(remedies)))
    return tuple(kept)


def _moves(remedy: Remedy, experiment: Experiment) -> Iterator[tuple[str, bool]]:
    """Path of each number that a remedy changes, and whether it raises it."""
    plain = experiment.to_builtins()
    for path, value in remedy.settings:
        now = value_at(plain, path)
        if isinstance(value, int | float) and isinstance(now, int | float) and value != now:
            yield path, value > now


def _otherwise(culprit: Tested, others: Sequence[Finding], trials: Trials) -> Tested:
    """Where setting the cause right is not enough: with what helps against the signs that came with it."""
    remedies = {remedy.settings_key: remedy for each in others for remedy in each.remedies}
    helped = replace(culprit.finding, remedies=tuple(remedies.values()))
    return Tested(culprit.finding, (*culprit.copies, *trials.of_finding(helped)))


def find_culprit(tested: Iterable[Tested], untreated: TrialOutcome) -> Tested | None:
    """The setting to blame; None where none of them explains the run."""
    known = list(tested)
    likely = [each for each in known if each.curing] or [each for each in known if _likely(each, untreated)]
    if not likely:
        return None
    best = min(each.level for each in likely)
    contenders = [each for each in likely if each.level <= AS_GOOD_AS_BEST * best + 0.05] or likely
    return max(contenders, key=lambda each: each.finding.strength)


def _likely(tested: Tested, untreated: TrialOutcome) -> bool:
    """Whether a setting that does not cure explains a sick run all the same."""
    strength = tested.finding.strength
    helps = tested.level * HELPFUL_RATIO < untreated.level
    return untreated.level > GOOD_LEVEL and (strength >= 1 or (helps and strength >= WORTH_NAMING))


def _without_culprit(others: Sequence[Finding], trials: Trials) -> tuple[Finding, ...]:
    """The stack itself is to blame, or nothing is."""
    tested = [Tested(each, tuple(trials.of_finding(each))) for each in others]
    if trials.untreated.level < GOOD_LEVEL:
        # It learns: what looks odd does no harm.
        kept = [
            each.proven
            for each in tested
            if each.finding.rule in TRUE_OF_A_RUN_THAT_LEARNS or each.finding.severity == "note"
        ]
        return tuple(finding for finding in kept if finding.remedies or finding.severity == "note")
    cured = [each for each in tested if each.curing]
    if cured:
        leader = min(cured, key=lambda each: SEVERITIES.index(each.finding.severity))
        return (leader.proven, *_left(leader, others))
    nothing = [each.finding for each in tested if each.finding.rule == NOTHING_TO_LEARN]
    if nothing:
        # No part of a network can be blamed for what cannot be learnt.
        blameless = [each.finding for each in tested if not each.finding.factor and each.finding not in nothing]
        return (*nothing, *(replace(each, remedies=()) for each in blameless))
    return tuple(each.proven for each in tested if each.finding.severity != "warning" or _worth_telling(each))


def _worth_telling(tested: Tested) -> bool:
    """Whether a warning is worth a word although nothing that was tried at least halves the loss."""
    return tested.finding.rule == "over-fitting" or not tested.finding.remedies
