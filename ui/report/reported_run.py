"""What is told of a run: held fast, while the run itself may go on."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.experiment.experiment import Experiment
from simulator.record.changes import Change
from simulator.record.frame import Frame
from simulator.system.environment import Environment
from simulator.training.live_change import LiveChanges
from ui.doctor.trials import Offer


@dataclass(frozen=True)
class ReportedRun:
    """A run as it stands at one step."""

    experiment: Experiment
    """As it is trained now."""
    name: str
    frame: Frame
    scored: Frame | None
    """The last frame with a score on data held out."""
    changes: tuple[Change, ...]
    """As undo calls them."""
    live_changes: LiveChanges
    """What it was trained as from the start, as far as that is known."""
    seconds: float
    """Time that it was trained for."""
    offers: tuple[Offer, ...]
    examined: bool
    """Whether the doctor has looked at it."""
    environment: Environment
    stopped: str = ""
    """Where and why it ended, in a sentence."""
    empty: tuple[str, ...] = ()
    """Titles of plots that were asked for and have nothing to show."""
