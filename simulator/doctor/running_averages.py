"""Settings of an optimiser's running averages: momentum, its decay rates, and epsilon."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.doctor.base import Finding, Remedy
from simulator.doctor.evidence import Evidence
from simulator.doctor.phrases import number
from simulator.doctor.suspect import Suspect, decades
from simulator.parts.optimizers import Optimizer
from simulator.schema.numbers import amount, setting
from simulator.schema.parameter import parameter
from simulator.system.text import capitalized

MOST_AVERAGED_STEPS = 20.0
"""Steps over which an average may go."""
LEAST_AVERAGED_STEPS = 4.0
"""Steps over which an average of squares says too little."""


def name_of(optimizer: Optimizer, field: str) -> str:
    """How forms call it, as the beginning of a sentence."""
    return capitalized(parameter(type(optimizer), field).knob.label)


class Momentum(Suspect):
    """An average over 1 / (1 − β) steps is as late as it is long, and multiplies plain steps as often."""

    name = "momentum"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        optimizer = evidence.experiment.optimizer
        field = optimizer.mean_field
        share = getattr(optimizer, field) if field else 0.0
        length = 1 / (1 - share)
        if length <= MOST_AVERAGED_STEPS:
            return
        louder = f", and makes the rate {number(length)} times what it says" if optimizer.gain > 1 else ""
        name = name_of(optimizer, field)
        yield from self.accuse(
            evidence,
            (f"optimizer.{field}", share),
            decades(length, MOST_AVERAGED_STEPS) + 0.3,
            f"{name} {setting(share)} averages over {amount(length, 'step')}{louder}",
            [Remedy(f"{name} 0.9", ((f"optimizer.{field}", 0.9),))],
            numbers={field: share, "steps_averaged": length},
        )


class Squares(Suspect):
    """An average of squared gradients over next to nothing, or an ε that drowns it."""

    name = "squared gradients"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        optimizer = evidence.experiment.optimizer
        if optimizer.square_field:
            yield from self._length(evidence, optimizer, optimizer.square_field)
        eps = optimizer.epsilon
        size = evidence.facts.gradient_size if evidence.facts is not None else 0.0
        if eps > 1e-6 and eps > size:
            what = f"ε {number(eps)} drowns gradients of {number(size)}: the steps are η·g/ε, and as short as these"
            yield from self._accuse(evidence, optimizer.epsilon_field, eps, 1e-8, decades(eps, 1e-6) / 2, what)

    def _length(self, evidence: Evidence, optimizer: Optimizer, field: str) -> Iterator[Finding]:
        """Beside what is usual of its kind."""
        share, usual = float(getattr(optimizer, field)), float(parameter(type(optimizer), field).default)
        length = 1 / (1 - share)
        what = f"{name_of(optimizer, field)} {setting(share)} averages squared gradients over {amount(length, 'step')}"
        if share < usual and length < LEAST_AVERAGED_STEPS:
            yield from self._accuse(
                evidence, field, share, usual, decades(LEAST_AVERAGED_STEPS, length) + 0.3, f"{what} only"
            )
        elif 1 - share < (1 - usual) / 50:
            yield from self._accuse(evidence, field, share, usual, 0.3, what)

    def _accuse(
        self, evidence: Evidence, field: str, value: float, usual: float, strength: float, what: str
    ) -> Iterator[Finding]:
        name = name_of(evidence.experiment.optimizer, field)
        remedy = Remedy(f"{name} {number(usual)}", ((f"optimizer.{field}", usual),))
        yield from self.accuse(
            evidence, (f"optimizer.{field}", value), strength, what, [remedy], numbers={field: value}
        )
