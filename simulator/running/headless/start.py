"""Where a run without a screen begins: at step 0, where a saved run stands, or where it was stopped itself."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.headless.folder import UnfinishedRun
from simulator.running.headless.training_loop import TrainingLoop
from simulator.running.nabla.run_file import SavedLane, SavedRun, taken_up
from simulator.running.stop_rules import KnownPast, StopRule
from simulator.system.environment import Environment
from simulator.training.ledger import Ledger
from simulator.training.ledger import read as read_changes
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.training import Training


class RunStart:
    """A training before its first step here, with its past and with what is to be changed on its way."""

    def __init__(
        self, experiment: Experiment, saved: SavedRun | None, changes: Ledger | str | Path | None
    ) -> None:  # fmt: skip
        self.training = Training(experiment) if saved is None else _went_on(saved, experiment)
        self.step = self.training.step
        self.record = Record(History(self.training.columns)) if saved is None else deepcopy(saved.record)
        self.lanes: tuple[SavedLane, ...] = () if saved is None else saved.lanes_of(self.training.experiment)
        self.ledger = _ledger(changes)
        self.coming = _coming(self.training, self.ledger, None if changes else saved)
        self._saved, self._went_on = saved, saved

    @property
    def experiment(self) -> Experiment:
        """What its first step is of, before anything is changed on the way."""
        return self.coming.experiment or self.training.experiment

    def loop(self, steps: int, until: StopRule | None) -> TrainingLoop:
        """Its way over so many steps."""
        past = None if self._saved is None else KnownPast(self._saved.record)
        return TrainingLoop(self.training, self.step + steps, until, past, self.coming.entries)

    def take_up(self, kept: UnfinishedRun, loop: TrainingLoop) -> None:
        """Go on where this very run was stopped."""
        self.record, self._went_on = kept.run.record, kept.run
        loop.take_up(kept.run.checkpoint, kept.rule, kept.rule_record)

    def news(self, here: Environment) -> str:
        """Why the last digits of a run that goes on may be others than without a stop; else ``""``."""
        return "" if self._went_on is None else self._went_on.news(here, self.training.data.digest)

    def changes_until(self, training: Training, threads: int) -> LiveChanges:
        """What it was trained as until now; a saved run may go on as another experiment, or on other threads."""
        if self._saved is None:
            acted = tuple(each for each in self.coming.entries if each.step < training.step)
            return LiveChanges(self.coming.experiment, threads, acted)
        known = self.record.live_changes
        if training.experiment != (known.experiment_at(training.step) or training.experiment):
            known = known.after((LiveChange(training.step, training.experiment),))
        if threads != (known.threads_after(len(known.entries)) or threads):
            known = known.after((LiveChange(training.step, threads=threads),))
        return known


def _ledger(changes: Ledger | str | Path | None) -> Ledger:
    if changes is None:
        return Ledger()
    return changes if isinstance(changes, Ledger) else read_changes(Path(changes))


def _coming(training: Training, ledger: Ledger, saved: SavedRun | None) -> LiveChanges:
    """What acts on the way; ``saved`` is a run for which nothing else is given."""
    if saved is not None and training.experiment == saved.experiment:
        return LiveChanges(training.experiment, 0, saved.coming)
    # Of a run in which a hand has changed anything, what was planned is not wanted any more.
    return ledger.since(training.step).on(training.experiment)


def _went_on(saved: SavedRun, experiment: Experiment) -> Training:
    """The saved run, with an experiment that differs from its own in live parameters only."""
    training = taken_up(saved)
    if experiment != saved.experiment:
        if not training.accepts(experiment):
            raise ExperimentError("a saved run goes on with live parameters only: anything else begins another one")
        training.update_spec(experiment)
    return training
