"""The run that is trained, with all that ends with it."""

from __future__ import annotations

from simulator.data import AnyData
from simulator.experiment.experiment import Experiment
from simulator.network.threads import blas_threads
from simulator.running.messages import Halt, Snapshot
from simulator.running.paced_observer import PacedObserver
from simulator.running.pending_rows import PendingRows
from simulator.training.checkpoint import Checkpoint
from simulator.training.training import Training


class LiveRun:
    """A training, who observes it, and what of it no answer has brought yet."""

    def __init__(self, training: Training, asked: AnyData) -> None:
        """``asked`` is what it was to be trained on, as it was described before the data were read."""
        self.training, self._asked = training, asked
        self.observer = PacedObserver(training)
        self.rows = PendingRows(training.step, training.columns)
        self.taps_are_current = True
        """Whether the taps show the present step, update included."""
        self.checkpoint: Checkpoint | None = None
        """What the next answer brings."""
        self.halted: Halt = ""
        self.has_halted = False
        """Whether it has paused where something was not finite: once is enough."""

    def as_read(self, experiment: Experiment) -> Experiment:
        """With what reading the data has decided, where ``experiment`` describes them as they were asked for."""
        return experiment.with_data(self.training.experiment.data) if experiment.data == self._asked else experiment

    def renew(self) -> None:
        """The present step is another one than was seen."""
        self.taps_are_current = False
        self.observer.renew()

    def halt(self, what: Halt) -> None:
        """Stand at this step until told to go on."""
        self.taps_are_current = False
        self.halted, self.has_halted = what, True

    def show_step(self) -> None:
        """Bring taps and measures to the present step, whose update has not been made and may still change."""
        if not self.taps_are_current:
            self.training.look()
            self.taps_are_current = True

    def snapshot(self) -> Snapshot:
        """The run between two steps, with its rows that no answer has brought yet."""
        training, rows = self.training, self.rows.take()
        return Snapshot(training.info.run, training.checkpoint(), (rows,), blas_threads(training.network))

    def apply(self) -> None:
        """Make the update of the step."""
        self.training.apply()
        self.taps_are_current = False
