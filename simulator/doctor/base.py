"""What a diagnosis is made of: the evidence, the findings with their numbers, and mends that can be applied."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.analysis.sharpness import Sharpness
from simulator.experiment import Experiment
from simulator.frame import Began, Floats, Frame, LayerInfo
from simulator.history import History
from simulator.numeric import median
from simulator.parameter import is_live_change
from simulator.profiles import Profiles
from simulator.trace import Factor

Severity = Literal["severe", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("severe", "warning", "note")
"""Most pressing first: it does not learn; it learns badly; it would not matter here but may elsewhere."""
UNMOVED = 0.97
"""Share of what always guessing the mean scores, above which nothing has been learnt."""
LEARNT = 0.1
"""Share of the loss at the start below which updates may be as small as they like."""
SPOILT = 2.0
"""Times the loss at the start beyond which the weights are no good place to go on from."""
RECENT = 10
"""Steps over which a number is judged: one odd batch is no finding."""


Application = Literal["live", "checkpoint", "start"]


@dataclass(frozen=True)
class Cause:
    """The setting to blame: its path, as ``--set`` takes it, and its value."""

    path: str
    value: Any


@dataclass(frozen=True)
class Trial:
    """What came of training a copy from the start with a mend, and one without, with equal seeds."""

    steps: int
    loss_before: float
    """Of the copy without the mend at its last step."""
    loss_after: float
    """Of the copy with the mend."""
    gone: bool
    """Whether the finding is gone."""


@dataclass(frozen=True)
class Mend:
    """A change of the experiment that helps: words for a button and (path, value) settings."""

    title: str
    settings: tuple[tuple[str, Any], ...]
    application: Application = "live"
    """In the running network, from a checkpoint of before the trouble, or from step 0."""
    tried: Trial | None = None

    @property
    def settings_key(self) -> tuple[tuple[str, str], ...]:
        """What it sets, as a key."""
        return tuple((path, repr(value)) for path, value in self.settings)

    def applied(self, experiment: Experiment) -> Experiment:
        """The experiment so changed; ExperimentError where it cannot be."""
        return experiment.with_values(self.settings)

    def helps(self, experiment: Experiment) -> bool:
        """Whether it can be applied, and changes something."""
        try:
            return bool(self.settings) and self.applied(experiment) != experiment
        except ValueError:
            return False


@dataclass(frozen=True)
class Finding:
    """What is wrong, where, since when, by which numbers, what causes it, and what would mend it."""

    rule: str
    severity: Severity
    layers: tuple[str, ...]
    """Labels of the layers concerned, in depth order; empty: the run as a whole."""
    since: int
    """The first step of the unbroken time in which it has been so."""
    step: int
    """The step at which it was found."""
    numbers: Mapping[str, float]
    factor: str
    """What the gradient waterfall holds responsible; ``""`` where that does not apply."""
    sentence: str
    mends: tuple[Mend, ...] = ()
    cause: Cause | None = None
    """None where the cause is the stack itself."""
    began: Began | None = None
    """Where NaN or Inf came in, for a finding about that."""


@dataclass(frozen=True)
class Evidence:
    """All that rules look at."""

    experiment: Experiment
    frame: Frame
    """The present, with ``factors`` (and ``time`` where layers have a state)."""
    history: History
    first: Frame | None = None
    """The frame of step 0."""
    tiny: Floats | None = None
    """(layers,): share of the weight gradient's entries that float16 could not hold; None: not counted."""
    sharpness: Sharpness | None = None
    """None: not known."""
    profiles: Profiles | None = None
    """The past of profiles through time; None: not known."""
    _series: dict[str, Floats] = field(default_factory=dict, repr=False, compare=False)

    # -- layers ---------------------------------------------------------------------------------------------------

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        return self.frame.info.layers

    @cached_property
    def hidden(self) -> NDArray[np.bool_]:
        """(layers,)"""
        return np.array([layer.entry >= 0 for layer in self.layers], np.bool_)

    def labels(self, rows: Iterable[int]) -> tuple[str, ...]:
        return tuple(self.layers[row].label for row in rows)

    def name(self, row: int) -> str:
        """``layer 3``, or ``the output``."""
        layer = self.layers[row]
        return "the output" if layer.entry < 0 else f"layer {layer.label}"

    def rows(self, measure: str) -> list[int]:
        """Hidden layers that have the measure now."""
        found: list[int] = np.flatnonzero(self.frame.defined[measure] & self.hidden).tolist()
        return found

    @property
    def broken(self) -> bool:
        """Whether NaN or Inf has come in."""
        loss = self.frame.scalars.get("loss", 0.0)
        return not math.isfinite(loss) or bool(np.any(self.frame.measures["nonfinite"] > 0))

    @property
    def spoilt(self) -> bool:
        """Whether the state of the network is such that no setting would bring it back."""
        dead = self.frame.measures["activation_dead"][self.hidden]
        grown = self.frame.scalars.get("loss", 0.0) > SPOILT * self.start
        return self.broken or self.frame.lost_state is not None or grown or bool(np.any(dead >= 0.5))

    def application(self, mend: Mend, since: int) -> Application:
        """How a mend of what has been so ``since`` a step is applied: live only where that is enough."""
        if not is_live_change(self.experiment, mend.applied(self.experiment)):
            return "start"
        if not self.spoilt:
            return "live"
        return "checkpoint" if since > 0 else "start"

    # -- the past -------------------------------------------------------------------------------------------------

    @cached_property
    def steps(self) -> Floats:
        """(buckets,): the last step of each."""
        series = self.history.series("loss")
        return np.minimum(series.steps + series.stride - 1, self.history.end)

    def past(self, name: str) -> Floats:
        """(buckets,) or, for a measure, (buckets, layers): the last value of each bucket."""
        if name not in self._series:
            self._series[name] = self.history.series(name).last
        return self._series[name]

    @cached_property
    def recent(self) -> int:
        """How many buckets make up the recent past."""
        return min(max(1, -(-RECENT // self.history.stride)), max(len(self.steps), 1))

    def lately(self, name: str) -> Floats:
        """The median of the recent past: (), or (layers,) for a measure; NaN where most of it is."""
        past = self.past(name)[-self.recent :]
        return median(past)

    # -- what it has learnt ---------------------------------------------------------------------------------------

    @cached_property
    def start(self) -> float:
        """The loss of the first steps."""
        return float(median(self.past("loss")[: self.recent]))

    @cached_property
    def guessing(self) -> float:
        """What a constant guess scores, or the start of the run where that is not known."""
        info = self.frame.info
        if info.baseline_loss is not None:
            return info.baseline_loss
        if self.experiment.objective.kind == "softmax_cross_entropy":
            return min(self.start, math.log(max(len(info.class_names), 2)))
        return self.start

    @property
    def learnt(self) -> bool:
        """Whether little is left to learn."""
        return self.lately("loss").item() < LEARNT * self.start

    @property
    def moved(self) -> bool:
        """Whether it is better than guessing, or has not had the time to be."""
        return self.frame.step < 2 * self.recent or self.lately("loss").item() < UNMOVED * self.guessing

    def since(self, holds: NDArray[np.bool_]) -> int:
        """The step from which on ``holds`` (buckets,) has been true; the present step if it is not even now."""
        if not len(holds) or not holds[-1]:
            return self.frame.step
        broken = np.flatnonzero(~holds)
        first = int(broken[-1]) + 1 if broken.size else 0
        return int(self.history.series("loss").steps[first])


class Rule(ABC):
    """Looks for one thing. A new rule is one class, named in ``RULES``."""

    name: ClassVar[str]

    @abstractmethod
    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        """What it finds: nothing in a healthy run."""

    def finding(
        self,
        evidence: Evidence,
        severity: Severity,
        sentence: str,
        *,
        numbers: Mapping[str, float],
        since: int,
        rows: Iterable[int] = (),
        factor: str = "",
        mends: Iterable[Mend | None] = (),
        began: Began | None = None,
    ) -> Finding:
        """A finding of this rule, with those of ``mends`` that can be applied and change something."""
        experiment = evidence.experiment
        helpful = tuple(
            replace(mend, application=evidence.application(mend, since))
            for mend in mends
            if mend is not None and mend.helps(experiment)
        )
        return Finding(
            self.name, severity, evidence.labels(rows), since, evidence.frame.step, dict(numbers), factor,
            sentence, helpful, began=began,
        )  # fmt: skip


@dataclass(frozen=True)
class Balance:
    """What the factors of a waterfall do to the error signal on its whole way back, in decades."""

    sums: Mapping[Factor, float]
    """Over all layers where the signal lives."""
    end: Factor | None
    """What turned it into exactly 0, if something did."""

    @property
    def total(self) -> float:
        """Of all factors."""
        return sum(self.sums.values())

    def culprit(self, sign: int) -> tuple[Factor, float] | None:
        """The factor that shrinks (−1) or magnifies (+1) the signal most, and by how much; None where none does."""
        signed = [(sign * value, factor) for factor, value in self.sums.items() if sign * value > 0]
        if not signed:
            return None
        value, factor = max(signed)
        return factor, sign * value


def balance(frame: Frame) -> Balance | None:
    """The factors of a frame summed over all hidden layers; None where it has none."""
    if not frame.factors:
        return None
    sums: dict[Factor, float] = {}
    end: Factor | None = None
    for gains in reversed(frame.factors):
        for factor, value in gains.factors.items():
            if math.isfinite(value):
                sums[factor] = sums.get(factor, 0.0) + value
            elif value == -math.inf and end is None:
                end = factor
    return Balance(sums, end)
