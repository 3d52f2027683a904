"""What is left in memory of a run without a screen."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.doctor.base import Finding
from simulator.experiment.experiment import Experiment
from simulator.record.frame import Frame
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.stop_rules import Stopped
from simulator.system.environment import Environment
from simulator.training.run_info import RunInfo


@dataclass(frozen=True)
class RunResult:
    """What a finished run leaves in memory."""

    experiment: Experiment
    """As it was trained: with what was taken where it leaves something open."""
    environment: Environment
    """Where."""
    info: RunInfo
    first: Frame
    last: Frame
    """With what plots show of the chosen analyses."""
    record: Record
    """Every step's scalars, and what was looked at now and then."""
    findings: tuple[Finding, ...]
    """What the doctor finds at the last step."""
    stopped: Stopped | None = None
    """Where and why it ended before its last step."""
    interrupted: bool = False
    """Whether it was asked to end there: it can be taken up again."""
    news: str = ""
    """Of a saved run that went on: why its last digits may be others than without a stop; and what has become of the
    file in which the end is kept."""

    @property
    def history(self) -> History:
        """Every step's scalars."""
        return self.record.history
