"""What a diagnosis is made of: the evidence, the findings with their numbers, and remedies that can be applied."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from msgspec import Struct

from simulator.schema.parameter import is_live_change

if TYPE_CHECKING:
    from simulator.doctor.evidence import Evidence
    from simulator.experiment.experiment import Experiment
    from simulator.training.nonfinite import Began

Severity = Literal["severe", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("severe", "warning", "note")
"""Most pressing first: it does not learn; it learns badly; it would not matter here but may elsewhere."""

Application = Literal["live", "checkpoint", "start"]
Effect = Literal["nothing", "live", "start"]
"""What a remedy changes: nothing, or nothing that can be; only what acts in the next step; or what begins a run."""
MOST_KNOWN = 256
"""Effects that are known at once."""


class Cause(Struct, frozen=True):
    """The setting to blame: its path, as ``--set`` takes it, and its value."""

    path: str
    value: Any


USUAL_STEPS = 200
"""Steps of a trial for a run that has made few itself: some of the sick learn slowly at first."""


@dataclass(frozen=True)
class Trial:
    """What came of training a copy from the start with a remedy, and one without, with equal seeds."""

    steps: int
    loss_before: float
    """Of the copy without the remedy at its last step."""
    loss_after: float
    """Of the copy with the remedy."""
    gone: bool
    """Whether the finding is gone."""


@dataclass(frozen=True)
class Remedy:
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
        return experiment.varied(self.settings)

    def effect(self, experiment: Experiment) -> Effect:
        """What it changes, where it can be applied."""
        try:
            after = self.applied(experiment) if self.settings else experiment
        except ValueError:
            return "nothing"
        return "nothing" if after == experiment else "live" if is_live_change(experiment, after) else "start"


class KnownEffects:
    """What remedies change of experiments that were asked about lately: a doctor looks at one again and again.

    To apply a remedy is to check a whole experiment, 2 ms of fifty layers, and a look that finds something has a score.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, tuple[tuple[str, str], ...]], tuple[Experiment, Effect]] = {}
        """By the object and the settings; the object is held, so that no other has its number."""

    def of(self, remedy: Remedy, experiment: Experiment) -> Effect:
        """What a remedy changes."""
        key = id(experiment), remedy.settings_key
        known = self._known.get(key)
        if known is None:
            known = experiment, remedy.effect(experiment)
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = known
        return known[1]


EFFECTS = KnownEffects()


@dataclass(frozen=True)
class Finding:
    """What is wrong, where, since when, by which numbers, what causes it, and what would cure it."""

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
    remedies: tuple[Remedy, ...] = ()
    cause: Cause | None = None
    """None where the cause is the stack itself."""
    began: Began | None = None
    """Where NaN or Inf came in, for a finding about that."""
    strength: float = 0.0
    """Decades by which a suspected setting is beyond what is sound: the strongest suspicion is tried first."""

    @property
    def in_short(self) -> str:
        """``vanishing (severe)``"""
        return f"{self.rule} ({self.severity})"


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
        remedies: Iterable[Remedy | None] = (),
    ) -> Finding:
        """A finding of this rule, with those of ``remedies`` that can be applied and change something."""
        effects = ((each, EFFECTS.of(each, evidence.experiment)) for each in remedies if each is not None)
        helpful = tuple(
            replace(remedy, application=_application(evidence, effect, since))
            for remedy, effect in effects
            if effect != "nothing"
        )
        return Finding(
            self.name, severity, evidence.labels(rows), since, evidence.frame.step, dict(numbers), factor,
            sentence, helpful,
        )  # fmt: skip


def _application(evidence: Evidence, effect: Effect, since: int) -> Application:
    """How a remedy of what has been so ``since`` a step is applied: live only where that is enough."""
    if effect == "start":
        return "start"
    if not evidence.spoilt:
        return "live"
    return "checkpoint" if since > 0 else "start"
