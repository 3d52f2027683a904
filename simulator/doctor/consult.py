"""A doctor for a run without a screen: what is only asked for on suspicion is asked for here too."""

from __future__ import annotations

from simulator.analysis.sharpness import Sharpness, SharpnessQuestion
from simulator.doctor import Evidence, Finding, examine, rising, tiny_shares
from simulator.frame import Frame
from simulator.history import History
from simulator.training import Training


def consult(training: Training, frame: Frame, history: History, first: Frame | None) -> tuple[Finding, ...]:
    """Findings about the step that ``training`` stands at; ``frame`` has ``WANTS``."""
    evidence = Evidence(training.experiment, frame, history, first, tiny_shares(training.network.taps))
    if rising(evidence) and not evidence.broken:
        evidence = Evidence(
            training.experiment, frame, history, first, evidence.tiny, _sharpness(training)
        )  # fmt: skip
    return examine(evidence)


def _sharpness(training: Training) -> Sharpness | None:
    try:
        return SharpnessQuestion().answer(training)
    except ValueError:
        return None  # too many parameters: then this rule has nothing to go by
