"""An optimiser whose state has overflowed: what it divides by is infinite, so that nothing moves any more."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.doctor import remedies
from simulator.doctor.base import Finding, Rule
from simulator.doctor.evidence import Evidence
from simulator.schema.numbers import count, integer
from simulator.schema.parameter import title_of


class LostOptimizerState(Rule):
    """Infinite running squares; where the network is not finite either, that is what is said."""

    name = "optimiser state"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        lost = evidence.frame.lost_state
        if lost is None:
            return
        experiment = evidence.experiment
        yield self.finding(
            evidence,
            "severe",
            f"The squared gradients that {title_of(type(experiment.optimizer))} keeps are infinite for "
            f"{count(lost.entries, 'parameter')} since step {integer(lost.step)}: what they belong to is not trained "
            "any more.",
            numbers={"entries": lost.entries},
            since=lost.step,
            remedies=[remedies.clip(experiment)],
        )
