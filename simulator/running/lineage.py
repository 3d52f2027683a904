"""Which edit began the run that is trained, and the runs to which an edit that is undone goes back."""

from __future__ import annotations

from copy import copy

from simulator.experiment.experiment import Experiment
from simulator.network.threads import blas_threads
from simulator.running.kept_runs import KeptRun, KeptRuns
from simulator.running.live_run import LiveRun
from simulator.running.messages import Change
from simulator.schema.parameter import is_live_change
from simulator.training.checkpoint import Checkpoint
from simulator.training.checkpoint_ring import CheckpointRing


class Lineage:
    """The edits around the present run, the runs that they put aside, and the checkpoints on the way here."""

    def __init__(self) -> None:
        self.kept = KeptRuns()
        self.run = 0
        """Id of the last run that was begun."""
        self.begun_by = 0
        """The edit that it began with."""
        self.refused_edit = 0
        """Where its network cannot be built, so that nothing is trained: the edit that put the run before aside."""
        self.ring = CheckpointRing()
        self._ended = 0, self.ring
        """Id and checkpoints of the run that was put aside last."""

    def run_for(self, change: Change, trains: bool) -> KeptRun | None:
        """The run that goes on with this change: its edit put it aside, or nothing has been trained since."""
        edits = [self.refused_edit] * (not trains) + [change.edit] * change.back
        candidates = (self.kept.take(edit, change.experiment) for edit in edits)
        return next((kept for kept in candidates if kept is not None), None)

    def put_aside(self, ended: LiveRun | None, edit: int, back: bool) -> KeptRun | None:
        """Keep the run that ``edit`` ends, unless it is given up, or only a stage of the edit that goes on."""
        if ended is not None or not edit:
            self.refused_edit = edit
        if ended is None or not edit or (edit == self.begun_by and not back):
            return None
        training = ended.training
        threads = blas_threads(training.network)
        kept = KeptRun(self.run, edit, self.begun_by, training.checkpoint(), ended.rows.take(), threads)
        self.kept.keep(kept)
        self._ended = self.run, self.ring
        return kept

    def begin(self, run: int, edit: int, kept: KeptRun | None) -> None:
        """A run is trained from now on; ``kept`` is the one that goes on in it."""
        self.run, self.refused_edit = run, 0
        self.begun_by = edit if kept is None else kept.begun_by
        self.ring = self._ended[1] if kept is not None and kept.run == self._ended[0] else CheckpointRing()

    def checkpoint_before(self, step: int, experiment: Experiment) -> Checkpoint | None:
        """The last one of before ``step`` from which ``experiment`` can go on."""
        checkpoint = self.ring.before(step)
        if checkpoint is None or not is_live_change(checkpoint.experiment, experiment):
            return None
        return checkpoint

    def ring_until(self, step: int) -> CheckpointRing:
        """The checkpoints of a run that goes another way from ``step`` on."""
        ring = copy(self.ring)
        ring.go_back(step)
        return ring
