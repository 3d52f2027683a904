"""A run without a screen is examined: what is only asked for on suspicion is asked for here too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.doctor import Evidence, Finding, examine, rising, tiny_shares
from simulator.observations.sharpness import Sharpness, SharpnessQuestion
from simulator.record.frame import Frame
from simulator.record.record import Record
from simulator.training.training import Training


@np.errstate(all="ignore")
def diagnose(training: Training, frame: Frame, record: Record) -> tuple[Finding, ...]:
    """Findings about the step that ``training`` stands at, their mends untried; ``frame`` has ``WANTS``."""
    tiny = tiny_shares(training.network.taps)
    evidence = Evidence(training.experiment, frame, record, tiny)
    if rising(evidence) and not evidence.broken:
        evidence = replace(evidence, sharpness=_sharpness(training))
    return examine(evidence)


def _sharpness(training: Training) -> Sharpness | None:
    try:
        return SharpnessQuestion().answer(training)
    except (ValueError, MemoryError):
        return None  # no room for a twin: then this rule has nothing to go by
