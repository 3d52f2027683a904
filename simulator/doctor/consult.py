"""What a run without a screen is told at its end: findings whose remedies have been tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from simulator.doctor.base import Finding
from simulator.doctor.diagnosis import diagnose
from simulator.doctor.proof import prove
from simulator.doctor.trial import Trials
from simulator.experiment.experiment import ExperimentError
from simulator.record.frame import Frame
from simulator.record.record import Record
from simulator.training.training import Training


def consult(training: Training, frame: Frame, record: Record) -> tuple[Finding, ...]:
    """Findings about the step that ``training`` stands at, with the remedies that cured a copy."""
    return borne_out(training, diagnose(training, frame, record))


def borne_out(training: Training, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What copies of the run leave of ``findings`` about its present step."""
    try:
        return prove(findings, Trials(training.experiment, steps=training.step))
    except (ExperimentError, MemoryError):
        # Beside the run there is no room for a copy of it.
        return tuple(replace(finding, remedies=()) for finding in findings)
