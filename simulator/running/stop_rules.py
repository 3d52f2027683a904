"""When training stops by itself: rules that a window and a headless run follow to the same step.

A rule is looked at between a step's gradient and its update, so the step at which training stops has not been made,
and going on gives the numbers of never having stopped. A new rule is one class here.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from msgspec import Struct, convert

from simulator.arrays.numeric import Floats
from simulator.experiment.experiment import ExperimentError
from simulator.observations.observer import Observer
from simulator.record.frame import frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.schema.numbers import THIN, count, exact, exact_percent, integer, number
from simulator.schema.parameter import Part, knob

if TYPE_CHECKING:
    from simulator.doctor.base import Finding
    from simulator.training.run_info import RunInfo
    from simulator.training.training import Training

VALIDATED_EVERY = 10
"""Steps from one score on data held out to the next: at multiples of this."""
SCORES_WITHOUT_GAIN = 20
"""Scores over which "not improved" is judged, where there are steps enough."""
EXAMINED_EVERY = 20
"""Steps from one examination by the doctor to the next: at multiples of this."""
GROWTH = 1.25
"""In a run that has become so many times as long, what copies did not bear out is tried on longer ones."""
WatchKey = tuple[str, str]


class StopRuleError(ExperimentError):
    """What is no rule, or a rule that can never hold, in one sentence."""


class Stopped(Struct, frozen=True):
    """Where and why training stopped by itself."""

    step: int
    reason: str

    @property
    def sentence(self) -> str:
        return f"Stopped at step {integer(self.step)}: {self.reason}."


class KnownPast(Struct, frozen=True):
    """What is known of a run in the midst of which a rule is set: a record, and rows that may not be in it yet."""

    record: Record
    rows: tuple[Rows, ...] = ()

    def whole(self, step: int) -> Record | None:
        """A record of its own of all before ``step``; None where some of it is missing."""
        record = deepcopy(self.record)
        for rows in self.rows:
            if rows.first_step == record.steps and rows.columns == record.history.columns:
                record.add(None, (rows,))
        return record if record.steps == step else None


class RuleWatch(ABC):
    """One rule over one run, from the step at which it was set."""

    end: int | None = None
    """The step at which it stops, where that is known from the start."""

    def traced(self, step: int) -> bool:
        """Whether the step's backward pass has to be followed."""
        return False

    @abstractmethod
    def reason(self, training: Training) -> str:
        """Why to stop at the present step, whose gradient is known and whose update is not; ``""`` to go on."""

    def add(self, step: int, row: Floats) -> None:
        """A step is made; ``row`` is what is recorded of it, in the order of ``Training.columns``."""
        return

    @property
    def record(self) -> Record | None:
        """The record that it keeps of the run, if it does."""
        return None

    def state(self) -> Any:
        """What else it remembers of earlier steps, as plain JSON values."""
        return None

    def load_state(self, state: Any, record: Record | None) -> None:
        """Remember again what :meth:`state` and :attr:`record` gave; ValueError where it is nothing of the kind."""
        return


class StopRule(Part, frozen=True):
    """When to stop."""

    symbol: ClassVar[str] = ":"
    """What stands between its kind and its number on a command line."""
    share: ClassVar[bool] = False
    """Whether people are told its number in per cent."""
    phrase: ClassVar[str] = ""
    """What training goes on until; what is to be below or above its number ends with that."""

    @property
    def text(self) -> str:
        """As it is written on a command line."""
        return self.kind + "".join(f"{self.symbol}{getattr(self, name)!r}" for name in self.__struct_fields__)

    def check(self, info: RunInfo) -> None:
        """StopRuleError where it can never hold in such a run."""

    @abstractmethod
    def watch(self, training: Training, past: KnownPast | None = None) -> RuleWatch:
        """Watch a run from its present step on."""


# -- scores -------------------------------------------------------------------------------------------------------


class _Score(StopRule, frozen=True, kw_only=True):
    """A score on the right side of a limit."""

    below: ClassVar[bool] = True
    subject: ClassVar[str] = ""
    held_out: ClassVar[bool] = False
    """Whether it is a score on data held out."""
    inclusive: Annotated[bool, knob("or equal", "Whether a score that equals the limit is enough.")] = False

    def __post_init__(self) -> None:
        if self.share and self.limit >= 1 and not self.inclusive:
            raise ValueError(f"Accuracy must be below {exact_percent(1)}, as none is above.")

    @property
    def text(self) -> str:
        return f"{self.kind}{self.symbol}{'=' if self.inclusive else ''}{self.limit!r}"

    def check(self, info: RunInfo) -> None:
        if not self.below and info.task != "classification":
            raise StopRuleError(f"{self.text} can never hold: a regression has no accuracy")
        if self.held_out:
            check_held_out(self, info)

    @property
    @abstractmethod
    def limit(self) -> float: ...

    def watch(self, training: Training, past: KnownPast | None = None) -> RuleWatch:
        return _ScoreWatch(self)

    def of(self, training: Training) -> float:
        """The score at the present step."""
        if self.held_out:
            return training.evaluator.validation().get(self.kind, math.nan)
        accuracy = training.accuracy
        return training.loss if self.below else math.nan if accuracy is None else accuracy


SIDES = {(True, False): "below", (True, True): "at most", (False, False): "above", (False, True): "at least"}
"""In words where a score is, by whether it is to be below its limit, and whether that itself is enough."""


class _ScoreWatch(RuleWatch):
    def __init__(self, rule: _Score) -> None:
        self._rule = rule

    def reason(self, training: Training) -> str:
        rule = self._rule
        if rule.held_out and training.step % VALIDATED_EVERY:
            return ""
        score = rule.of(training)
        better = score < rule.limit if rule.below else score > rule.limit
        if not (better or (rule.inclusive and score == rule.limit)):
            return ""
        side = SIDES[rule.below, rule.inclusive]
        limit = exact_percent(rule.limit) if rule.share else exact(rule.limit)
        return f"{rule.subject} is {told_apart(score, rule.limit, share=rule.share)}, {side} {limit}"


_LOSS = knob("loss", "Training stops at the first loss below it; ≤: or equal.", slider=(1e-6, 10), log=True, gt=0)
_SHARE = knob("accuracy", "Training stops at the first share above it; ≥: or equal.", slider=(0, 0.999), ge=0, le=1)


class LossBelow(_Score, frozen=True, tag="loss"):
    """The loss of a training batch is below a limit."""

    symbol: ClassVar[str] = "<"
    label: ClassVar[str] = "loss <"
    phrase: ClassVar[str] = "the loss is below"
    subject: ClassVar[str] = "the loss"
    limit: Annotated[float, _LOSS] = 0.1


class AccuracyAbove(_Score, frozen=True, tag="accuracy"):
    """The share of a training batch that is right is above a limit."""

    symbol: ClassVar[str] = ">"
    label: ClassVar[str] = "accuracy >"
    phrase: ClassVar[str] = "the accuracy is above"
    subject: ClassVar[str] = "the accuracy"
    share: ClassVar[bool] = True
    below: ClassVar[bool] = False
    limit: Annotated[float, _SHARE] = 0.9


class ValidationLossBelow(_Score, frozen=True, tag="validation_loss"):
    """The loss on data held out is below a limit; it is scored every tenth step."""

    symbol: ClassVar[str] = "<"
    label: ClassVar[str] = "valid. loss <"
    phrase: ClassVar[str] = "the validation loss is below"
    subject: ClassVar[str] = "the validation loss"
    held_out: ClassVar[bool] = True
    limit: Annotated[float, _LOSS] = 0.1


class ValidationAccuracyAbove(_Score, frozen=True, tag="validation_accuracy"):
    """The share of the data held out that is right is above a limit; it is scored every tenth step."""

    symbol: ClassVar[str] = ">"
    label: ClassVar[str] = "valid. acc. >"
    phrase: ClassVar[str] = "the validation accuracy is above"
    subject: ClassVar[str] = "the validation accuracy"
    share: ClassVar[bool] = True
    below: ClassVar[bool] = False
    held_out: ClassVar[bool] = True
    limit: Annotated[float, _SHARE] = 0.9


def check_held_out(rule: StopRule, info: RunInfo) -> None:
    """StopRuleError where nothing is held out."""
    if not info.validation_samples:
        raise StopRuleError(f"{rule.text} can never hold: the data hold nothing out for validation")


def told_apart(value: float, limit: float, *, share: bool = False) -> str:
    """With as many digits as tell it from the limit; a share in per cent."""
    if share:
        return f"{told_apart(round(100 * value, 13), round(100 * limit, 13))}{THIN}%"
    texts = (number(value, digits) for digits in range(3, 18))
    return next((text for text in texts if text != exact(limit)), exact(value))


# -- how long ------------------------------------------------------------------------------------------------------


class Epochs(StopRule, frozen=True, tag="epochs"):
    """The training set has been gone through so many times more."""

    label: ClassVar[str] = "epochs"
    phrase: ClassVar[str] = "so many epochs are made"
    epochs: Annotated[int, knob("epochs", "Times through the training set.", slider=(1, 1000), log=True, ge=1)] = 10

    def watch(self, training: Training, past: KnownPast | None = None) -> RuleWatch:
        samples, batch = training.info.train_samples, training.info.batch_size
        return _StepWatch(training.step + -(-self.epochs * samples // batch), f"{count(self.epochs, 'epoch')} made")


class _StepWatch(RuleWatch):
    def __init__(self, end: int, reached: str) -> None:
        self.end, self._reached = end, reached

    def reason(self, training: Training) -> str:
        return self._reached if self.end is not None and training.step >= self.end else ""


class StalledValidation(StopRule, frozen=True, tag="stalled"):
    """The loss on data held out has not improved for so many steps; it is scored twenty times in as many."""

    label: ClassVar[str] = "stalled"
    phrase: ClassVar[str] = "validation has not improved for so many steps"
    steps: Annotated[int, knob("steps", "Steps without a better loss.", slider=(1, 100_000), log=True, ge=1)] = 500

    def check(self, info: RunInfo) -> None:
        check_held_out(self, info)

    def watch(self, training: Training, past: KnownPast | None = None) -> RuleWatch:
        return _StallWatch(self.steps, training.step)


class _StallWatch(RuleWatch):
    def __init__(self, steps: int, start: int) -> None:
        self._steps, self._every = steps, max(1, steps // SCORES_WITHOUT_GAIN)
        self._best, self._best_step, self._start = math.inf, start, start

    def reason(self, training: Training) -> str:
        step = training.step
        if (step - self._start) % self._every:
            return ""
        loss = training.evaluator.validation()["validation_loss"]
        if loss < self._best:
            self._best, self._best_step = loss, step
        if step - self._best_step < self._steps:
            return ""
        best = f" (best: {number(self._best)} at step {integer(self._best_step)})" if self._best < math.inf else ""
        return f"the validation loss has not improved for {count(step - self._best_step, 'step')}{best}"

    def state(self) -> Any:
        # None: no score was finite yet, and JSON has no infinity.
        return [self._best if self._best < math.inf else None, self._best_step]

    def load_state(self, state: Any, record: Record | None) -> None:
        best, self._best_step = convert(state, tuple[float | None, int])
        self._best = math.inf if best is None else best


# -- the doctor ----------------------------------------------------------------------------------------------------


class FindingAppears(StopRule, frozen=True, tag="finding"):
    """The doctor finds what it did not find when training began; it looks every twentieth step."""

    label: ClassVar[str] = "finding"
    phrase: ClassVar[str] = "a finding appears"

    def watch(self, training: Training, past: KnownPast | None = None) -> RuleWatch:
        return _FindingWatch(training, past)


class _FindingWatch(RuleWatch):
    """Keeps a record of its own: with what and how often others look, its findings must not change."""

    def __init__(self, training: Training, past: KnownPast | None) -> None:
        self._start, self._columns = training.step, training.columns
        known = past.whole(training.step) if past is not None and training.step > 0 else None
        self._record = known or Record(History(training.columns, start=training.step))
        self._observer = Observer(training)
        self._known: set[WatchKey] | None = None
        """What was found when the rule was set."""
        self._dismissed: set[WatchKey] = set()
        """What was suspected and copies did not bear out."""
        self._judged = 0
        """The step at which copies were asked last."""

    def traced(self, step: int) -> bool:
        return step == self._start or step % EXAMINED_EVERY == 0

    def reason(self, training: Training) -> str:
        if not self.traced(training.step):
            return ""
        # The doctor is imported by a rule that asks it: no start waits for it because there is such a rule.
        from simulator.doctor.diagnosis import diagnose
        from simulator.doctor.evidence import OBSERVATIONS

        training.preview()
        scalars = training.scalars(validate=True)
        self.add(training.step, training.row(scalars))
        frame = frame_of(training, scalars, self._observer.observe(OBSERVATIONS))
        self._record.add(frame)
        proven = self._borne_out(training, diagnose(training, frame, self._record))
        if self._known is None:
            self._known = set(map(key_of, proven))
        appeared = [finding for finding in proven if key_of(finding) not in self._known]
        return f"a finding appeared: {appeared[0].sentence.rstrip('.')}" if appeared else ""

    def _borne_out(self, training: Training, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """What copies of the run leave of the findings; made where something else is suspected, or it is long."""
        from simulator.doctor.base import USUAL_STEPS
        from simulator.doctor.consult import borne_out

        suspected = set(map(key_of, findings)) - (self._known or set())
        longer = training.step >= GROWTH * max(self._judged, USUAL_STEPS)
        if not suspected or (suspected <= self._dismissed and not longer):
            return ()
        proven = borne_out(training, findings)
        self._dismissed, self._judged = suspected - set(map(key_of, proven)), training.step
        return proven

    @property
    def record(self) -> Record | None:
        return self._record

    def state(self) -> Any:
        known = None if self._known is None else sorted(self._known)
        return [known, sorted(self._dismissed), self._judged]

    def load_state(self, state: Any, record: Record | None) -> None:
        if record is None or record.history.columns != self._columns:
            raise ValueError("what the rule has recorded is missing, or of another run")
        self._known, self._dismissed, self._judged = convert(state, tuple[set[WatchKey] | None, set[WatchKey], int])
        self._record = record

    def add(self, step: int, row: Floats) -> None:
        if step == self._record.steps:
            self._record.add(None, (Rows(step, self._columns, row[np.newaxis]),))


def key_of(finding: Finding) -> WatchKey:
    """What makes it another finding: its rule, and the setting that it blames."""
    return finding.rule, "" if finding.cause is None else finding.cause.path
