"""A run without a screen is examined: what is only asked for on suspicion is asked for here too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.doctor.base import Finding
from simulator.doctor.evidence import Evidence
from simulator.doctor.learning import rising
from simulator.doctor.rules import examine
from simulator.observations.observer import observed
from simulator.observations.sharpness import SharpnessObservation
from simulator.observations.tiny_gradients import TinyGradientsObservation

if TYPE_CHECKING:
    from simulator.record.frame import Frame
    from simulator.record.record import Record
    from simulator.training.training import Training


@np.errstate(all="ignore")
def diagnose(training: Training, frame: Frame, record: Record) -> tuple[Finding, ...]:
    """Findings about the step that ``training`` stands at, their remedies untried; ``frame`` has ``OBSERVATIONS``."""
    tiny = TinyGradientsObservation().observe(training)
    evidence = Evidence(training.experiment, frame, record, tiny)
    if rising(evidence) and not evidence.broken:
        # Without room for a twin this rule has nothing to go by.
        evidence = replace(evidence, sharpness=observed(training, SharpnessObservation().watch()).result)
    return examine(evidence)
