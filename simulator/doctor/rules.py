"""All rules, and the examination of a run by them."""

from __future__ import annotations

import numpy as np

from simulator.doctor.base import SEVERITIES, Finding, Rule
from simulator.doctor.batch_and_norm import NarrowNorm, SmallBatch
from simulator.doctor.clipping import Clipping
from simulator.doctor.data_scale import DataScale
from simulator.doctor.evidence import Evidence
from simulator.doctor.flat_output import FlatOutput
from simulator.doctor.initial_weights import InitialWeights
from simulator.doctor.labels import LabelNoise, NothingToLearn, Overlap
from simulator.doctor.layer_settings import BranchScale, HeavyDropout, LargeBiases, OpenGates, RecurrentWeights
from simulator.doctor.learning import Diverging, Oscillating, Overfitting, Stalled, UnhealthyUpdateRatio
from simulator.doctor.optimizer_state import LostOptimizerState
from simulator.doctor.penalties import Decay, L1Penalty, L2Penalty
from simulator.doctor.rates import LearningRate, Scheduling
from simulator.doctor.running_averages import Momentum, Squares
from simulator.doctor.signal import Exploding, Fading, Vanishing, VanishingThroughTime
from simulator.doctor.suspect import WORTH_NAMING
from simulator.doctor.underflow import Float16Underflow
from simulator.doctor.units import Dead, Saturated, Symmetric

SUSPECTS: tuple[Rule, ...] = (
    DataScale(), SmallBatch(), NarrowNorm(), L2Penalty(), L1Penalty(), Decay(), Clipping(), Scheduling(), Momentum(),
    Squares(), HeavyDropout(), BranchScale(), RecurrentWeights(), OpenGates(), FlatOutput(), InitialWeights(),
    LargeBiases(), LabelNoise(), Overlap(), LearningRate(),
)  # fmt: skip
"""Rules about one setting each, in the order in which equal suspicions are tried."""

RULES: tuple[Rule, ...] = (
    Diverging(), LostOptimizerState(), Exploding(), Vanishing(), VanishingThroughTime(), Fading(), Symmetric(), Dead(),
    Saturated(), Stalled(), Oscillating(), UnhealthyUpdateRatio(), Overfitting(), Float16Underflow(), NothingToLearn(),
)  # fmt: skip
"""In the order of their findings within one severity: causes before what follows from them."""


@np.errstate(all="ignore")
def examine(evidence: Evidence) -> tuple[Finding, ...]:
    """All findings, the most pressing first; none for a healthy run."""
    # Among NaN nothing else means anything.
    rules = (*SUSPECTS, Diverging()) if evidence.broken else (*SUSPECTS, *RULES)
    findings = [finding for rule in rules for finding in rule.examine(evidence)]
    return tuple(sorted(findings, key=_order))


def _order(finding: Finding) -> tuple[int, float]:
    """By severity; then strong suspicions, what is seen for certain, and weak suspicions."""
    return SEVERITIES.index(finding.severity), -finding.strength if finding.cause is not None else -WORTH_NAMING
