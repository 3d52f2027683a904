"""What the doctor makes of one net whose cause is known, and of one that is healthy."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.sick_nets import Planted
from simulator import Experiment, RunResult, run
from simulator.arrays.numeric import median
from simulator.doctor.base import Finding, Remedy
from simulator.measures.baseline import baseline_loss
from simulator.training.training import Training

STEPS = 300
"""Updates of a sick net, of its healthy twin and of the net that is mended."""
RECENT = 10
"""Steps whose median is the loss of a run: one odd batch is no cure."""
CURED = 0.5
"""Share of the untreated loss that a cure must reach."""
SICK = 2.0
"""Times the loss of its healthy twin that a sick net must have."""


@np.errstate(all="ignore")
def trained(experiment: Experiment, steps: int = STEPS) -> RunResult:
    """Only the last step is measured whole: findings are about that."""
    return run(experiment, steps=steps, every=max(1, steps // 10))


@dataclass(frozen=True)
class Level:
    """Where a run has come to."""

    loss: float
    """The median of the last steps; NaN where most of them have none."""
    guessing: float
    """What a constant guess scores with the same loss and targets."""

    @classmethod
    def of(cls, experiment: Experiment, result: RunResult) -> Level:
        loss = float(median(result.history.series("loss").last[-RECENT:]))
        return cls(loss, baseline_loss(experiment.objective, Training(experiment).data.y_train))

    @property
    def both(self) -> tuple[float, float]:
        """The loss, and what it is of guessing, for a mend may change its unit; a NaN counts as infinite."""
        loss = math.inf if math.isnan(self.loss) else self.loss
        return loss, loss / self.guessing


@dataclass(frozen=True)
class Cure:
    """What came of training anew with a mend."""

    level: Level
    gone: bool
    """Whether no finding of that rule is left."""

    def cures(self, before: Level) -> bool:
        """The finding is gone, and the loss at most half of the untreated."""
        halved = all(now <= CURED * then for now, then in zip(self.level.both, before.both, strict=True))
        return self.gone and math.isfinite(self.level.loss) and halved

    def harms(self, before: Level) -> bool:
        """Not finite, or a higher loss than the untreated."""
        return not math.isfinite(self.level.loss) or self.level.both[1] > before.both[1]


@dataclass(frozen=True)
class Diagnosis:
    """Of a sick net."""

    planted: Planted
    level: Level
    findings: tuple[Finding, ...]
    cures: tuple[Cure, ...]
    """By each mend of the first finding."""

    @property
    def first(self) -> Finding | None:
        return self.findings[0] if self.findings else None

    @property
    def named(self) -> bool:
        """Whether the first finding names what was planted."""
        if self.first is None:
            return False
        if self.first.cause is None:
            return self.first.factor in self.planted.factors
        return any(within(self.first.cause.path, path) for path in self.planted.paths)

    @property
    def offered(self) -> bool:
        return bool(self.cures)

    @property
    def cured(self) -> bool:
        """By the first mend."""
        return self.offered and self.cures[0].cures(self.level)

    @property
    def harmed(self) -> bool:
        """By the first mend."""
        return self.offered and self.cures[0].harms(self.level)

    @property
    def failing(self) -> tuple[Remedy, ...]:
        """Further mends of the first finding that do not cure."""
        remedies = self.first.remedies if self.first is not None else ()
        return tuple(
            remedy for remedy, cure in zip(remedies[1:], self.cures[1:], strict=True) if not cure.cures(self.level)
        )  # fmt: skip

    @property
    def untried(self) -> tuple[Remedy, ...]:
        """Mends that nothing is said about what came of them."""
        return tuple(remedy for finding in self.findings for remedy in finding.remedies if remedy.tried is None)

    @property
    def ill_said(self) -> tuple[str, ...]:
        """Sentences with a blemish."""
        return tuple(finding.sentence for finding in self.findings if blemishes(finding.sentence))

    @property
    def contradictory(self) -> tuple[str, ...]:
        """Settings that one mend raises and another lowers."""
        return contradictions(self.planted.sick, [remedy for finding in self.findings for remedy in finding.remedies])


BLEMISHES = (
    r"\bnan\b", r"\binf\b", r"(infinite|∞) decades", r"\bNone\b", r"\blayers (\S+) to \1\b",
    r"(?<![\d.,])1 (layers|units|steps|samples|entries|decades|times)\b", r"\d[eE][-+]?\d",
    r"(?<!\w)-\d", "×10", r"  ", r" [,.;:]", r"\.\.",
    r"[^.]$", r"^(?!float16)[a-z]", r"\b(\w+) \1\b", r"[<>{}_]",
)  # fmt: skip
"""What no sentence for a person may hold."""


def blemishes(sentence: str) -> tuple[str, ...]:
    """The patterns of ``BLEMISHES`` that are found in it."""
    return tuple(pattern for pattern in BLEMISHES if re.search(pattern, sentence))


def within(path: str, whole: str) -> bool:
    """Whether ``path`` is ``whole`` or a field of it."""
    return path == whole or path.startswith(f"{whole}.")


def contradictions(experiment: Experiment, remedies: Iterable[Remedy]) -> tuple[str, ...]:
    """Paths of numbers that are both raised and lowered."""
    ways: dict[str, set[bool]] = defaultdict(set)
    for remedy in remedies:
        for path, value in remedy.settings:
            now = _number_at(experiment, path)
            if now is not None and isinstance(value, int | float) and value != now:
                ways[path].add(value > now)
    return tuple(path for path, found in ways.items() if len(found) == 2)


def _number_at(experiment: Experiment, path: str) -> float | None:
    here: Any = experiment.to_builtins()
    for key in path.split("."):
        here = here[int(key)] if isinstance(here, list | tuple) else here.get(key)
        if here is None:
            return None
    return here if isinstance(here, int | float) else None


def mended(experiment: Experiment, remedy: Remedy) -> Experiment:
    """With the mend's settings as they stand in ``findings.json`` and go through ``--set``."""
    return experiment.with_values(json.loads(json.dumps(remedy.settings)))


def diagnose(planted: Planted, steps: int = STEPS) -> Diagnosis:
    """Train it, ask the doctor, and train anew with each mend that the first finding offers."""
    experiment = planted.sick
    result = trained(experiment, steps)
    first = result.findings[:1]
    cures = tuple(_cure(experiment, remedy, finding, steps) for finding in first for remedy in finding.remedies)
    return Diagnosis(planted, Level.of(experiment, result), result.findings, cures)


def _cure(experiment: Experiment, remedy: Remedy, finding: Finding, steps: int) -> Cure:
    other = mended(experiment, remedy)
    result = trained(other, steps)
    return Cure(Level.of(other, result), all(each.rule != finding.rule for each in result.findings))


@dataclass(frozen=True)
class FalseAlarm:
    """A finding about a net that learns."""

    net: str
    step: int
    finding: Finding


def false_alarms(name: str, experiment: Experiment, times: Sequence[int]) -> list[FalseAlarm]:
    """What the doctor says of a healthy net at each of these steps, notes left out."""
    return [
        FalseAlarm(name, step, finding)
        for step in times
        for finding in trained(experiment, step).findings
        if finding.severity != "note"
    ]
