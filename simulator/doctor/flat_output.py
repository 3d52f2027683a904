"""The output and its loss: an output that is flat where it is wrong, or that cannot reach its targets."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator.doctor.base import Finding, Remedy
from simulator.doctor.evidence import Evidence
from simulator.doctor.phrases import number
from simulator.doctor.suspect import Suspect, decades
from simulator.schema.numbers import percent, setting
from simulator.schema.parameter import title_of

FLAT_MISTAKES_SHARE = 0.2
"""Share of the wrong answers that lie where the output is flat."""
TARGET_MARGIN = 0.05
"""How far beyond what the output reaches a target may lie."""
REMEDIES = {
    "classification": (
        ("sigmoid_cross_entropy", "Sigmoid + cross-entropy"), ("softmax_cross_entropy", "Softmax + cross-entropy"),
    ),
    "regression": (("mse", "Linear + squared error"),),
}  # fmt: skip


class FlatOutput(Suspect):
    """The slope that the loss multiplies every error with, beside the steepest; cross-entropy has none."""

    name = "flat output"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        facts, loss = evidence.facts, evidence.experiment.objective
        if facts is None or not loss.sloped or loss.activation is None:
            return
        remedies = [Remedy(title, (("loss.kind", kind),)) for kind, title in REMEDIES[evidence.frame.info.task]]
        data = facts.data
        numbers = {"output_slope": facts.output_slope, "flat_mistakes": facts.flat_mistakes}
        low, high = loss.activation.values
        name = title_of(type(loss.activation))
        excess = max(low - data.target_low, data.target_high - high)
        if excess > TARGET_MARGIN:
            yield from self.accuse(
                evidence,
                ("loss.kind", loss.kind),
                1 + max(decades(excess, 1.0), 0.0),
                f"The targets go from {number(data.target_low)} to {number(data.target_high)}, and the output's {name} "
                f"from {setting(low)} to {setting(high)} only",
                remedies,
                numbers={**numbers, "target_low": data.target_low, "target_high": data.target_high},
            )
        elif facts.flat_mistakes > FLAT_MISTAKES_SHARE and math.isfinite(facts.output_slope):
            yield from self.accuse(
                evidence,
                ("loss.kind", loss.kind),
                1 + max(decades(0.1, facts.output_slope), 0.0),
                f"{percent(facts.flat_mistakes)} of the wrong answers lie where the output's {name} is flat: the "
                f"loss's gradient is multiplied with slopes of {number(facts.output_slope)} of the steepest",
                remedies,
                numbers=numbers,
            )
