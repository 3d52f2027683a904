"""The doctor: rules that look at a run and say, with evidence, what is wrong and what would mend it."""

from __future__ import annotations

import numpy as np

from simulator.doctor.base import SEVERITIES, Evidence, Finding, Mend, Rule, Severity, Trial
from simulator.doctor.learning import Diverging, Oscillating, Overfitting, Stalled, UpdateRatio, rising
from simulator.doctor.signal import Exploding, Fading, Vanishing, VanishingThroughTime
from simulator.doctor.state import LostState
from simulator.doctor.underflow import TinyGradients, Underflow, tiny_shares
from simulator.doctor.units import Dead, Saturated, Symmetric

RULES: tuple[Rule, ...] = (
    Diverging(), LostState(), Exploding(), Vanishing(), VanishingThroughTime(), Fading(), Symmetric(), Dead(),
    Saturated(), Stalled(), Oscillating(), UpdateRatio(), Overfitting(), Underflow(),
)  # fmt: skip
"""In the order of their findings within one severity: causes before what follows from them."""

WANTS = frozenset({"factors", "time"})
"""What a frame must bring to be evidence."""


@np.errstate(all="ignore")
def examine(evidence: Evidence) -> tuple[Finding, ...]:
    """All findings, the most pressing first; none for a healthy run."""
    # Among NaN nothing else means anything.
    rules = (Diverging(),) if evidence.broken else RULES
    found = [finding for rule in rules for finding in rule.examine(evidence)]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


__all__ = [
    "RULES", "SEVERITIES", "WANTS", "Evidence", "Finding", "Mend", "Rule", "Severity", "TinyGradients", "Trial",
    "examine", "rising", "tiny_shares",
]  # fmt: skip
