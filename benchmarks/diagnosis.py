"""What the doctor makes of one net whose cause is known, and of one that is healthy."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.sick_nets import Planted
from simulator import Experiment, RunResult, run
from simulator.doctor import Finding, Mend
from simulator.numeric import median

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


def final_loss(result: RunResult) -> float:
    """The median loss of the last steps; NaN where most of them have none."""
    return float(median(result.history.series("loss").last[-RECENT:]))


def infinite_if_nan(loss: float) -> float:
    """A loss that is not a number counts as infinite."""
    return math.inf if math.isnan(loss) else loss


@dataclass(frozen=True)
class Cure:
    """What came of training anew with a mend."""

    loss: float
    gone: bool
    """Whether no finding of that rule is left."""

    def cures(self, before: float) -> bool:
        """The finding is gone, and the loss at most half of the untreated."""
        return self.gone and math.isfinite(self.loss) and self.loss <= CURED * infinite_if_nan(before)

    def harms(self, before: float) -> bool:
        """Not finite, or a higher loss than the untreated."""
        return not math.isfinite(self.loss) or self.loss > infinite_if_nan(before)


@dataclass(frozen=True)
class Diagnosis:
    """Of a sick net."""

    planted: Planted
    loss: float
    findings: tuple[Finding, ...]
    cure: Cure | None
    """By the first mend of the first finding; None where none is offered."""

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
    def cured(self) -> bool:
        return self.cure is not None and self.cure.cures(self.loss)

    @property
    def harmed(self) -> bool:
        return self.cure is not None and self.cure.harms(self.loss)

    @property
    def untried(self) -> tuple[Mend, ...]:
        """Mends that nothing is said about what came of them."""
        return tuple(mend for finding in self.findings for mend in finding.mends if mend.tried is None)

    @property
    def contradictory(self) -> tuple[str, ...]:
        """Settings that one mend raises and another lowers."""
        return contradictions(self.planted.sick, [mend for finding in self.findings for mend in finding.mends])


def within(path: str, whole: str) -> bool:
    """Whether ``path`` is ``whole`` or a field of it."""
    return path == whole or path.startswith(f"{whole}.")


def contradictions(experiment: Experiment, mends: Iterable[Mend]) -> tuple[str, ...]:
    """Paths of numbers that are both raised and lowered."""
    ways: dict[str, set[bool]] = defaultdict(set)
    for mend in mends:
        for path, value in mend.settings:
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


def mended(experiment: Experiment, mend: Mend) -> Experiment:
    """With the mend's settings as they stand in ``findings.json`` and go through ``--set``."""
    return experiment.with_values(json.loads(json.dumps(mend.settings)))


def diagnose(planted: Planted, steps: int = STEPS) -> Diagnosis:
    """Train it, ask the doctor, and train anew with the first mend that is offered."""
    experiment = planted.sick
    result = trained(experiment, steps)
    first = result.findings[0] if result.findings else None
    cure = None
    if first is not None and first.mends:
        again = trained(mended(experiment, first.mends[0]), steps)
        cure = Cure(final_loss(again), all(finding.rule != first.rule for finding in again.findings))
    return Diagnosis(planted, final_loss(result), result.findings, cure)


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
