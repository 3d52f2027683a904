"""Settings of an optimiser's running averages: momentum, its decay rates, and epsilon."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.doctor.base import Finding, Mend
from simulator.doctor.evidence import Evidence
from simulator.doctor.suspect import Suspect, decades
from simulator.doctor.words import number

SOUND = 20.0
"""Steps over which an average may go."""
NAMES = {"momentum": "Momentum", "beta1": "Beta 1", "beta2": "Beta 2", "rho": "Rho", "eps": "Epsilon"}


class Momentum(Suspect):
    """An average over 1 / (1 − β) steps is as late as it is long, and multiplies plain steps as often."""

    name = "momentum"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        for field in ("momentum", "beta1"):
            share = getattr(evidence.experiment.optimizer, field, 0.0)
            length = 1 / (1 - share)
            if length > SOUND:
                louder = f", and makes the rate {number(length)} times what it says" if field == "momentum" else ""
                yield from self.accuse(
                    evidence,
                    (f"optimizer.{field}", share),
                    decades(length, SOUND) + 0.3,
                    f"{NAMES[field]} {share:g} averages over {number(length)} steps{louder}",
                    [Mend(f"{NAMES[field]} 0.9", ((f"optimizer.{field}", 0.9),))],
                    numbers={field: share, "steps_averaged": length},
                )


class Squares(Suspect):
    """An average of squared gradients over next to nothing, or an ε that drowns it."""

    name = "squared gradients"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        optimizer = evidence.experiment.optimizer
        for field, usual in (("beta2", 0.999), ("rho", 0.9)):
            share = getattr(optimizer, field, usual)
            if share < usual and 1 / (1 - share) < 4:
                what = f"{NAMES[field]} {share:g} averages squared gradients over {number(1 / (1 - share))} steps only"
                yield from self._accuse(evidence, field, share, usual, decades(4, 1 / (1 - share)) + 0.3, what)
            elif 1 - share < (1 - usual) / 50:
                what = f"{NAMES[field]} {share:g} averages squared gradients over {number(1 / (1 - share))} steps"
                yield from self._accuse(evidence, field, share, usual, 0.3, what)
        eps = getattr(optimizer, "eps", 0.0)
        size = evidence.facts.gradient_size if evidence.facts is not None else 0.0
        if eps > 1e-6 and eps > size:
            what = f"ε {number(eps)} drowns gradients of {number(size)}: the steps are η·g/ε, and as short as these"
            yield from self._accuse(evidence, "eps", eps, 1e-8, decades(eps, 1e-6) / 2, what)

    def _accuse(
        self, evidence: Evidence, field: str, value: float, usual: float, strength: float, what: str
    ) -> Iterator[Finding]:
        mend = Mend(f"{NAMES[field]} {number(usual)}", ((f"optimizer.{field}", usual),))
        yield from self.accuse(evidence, (f"optimizer.{field}", value), strength, what, [mend], numbers={field: value})
