"""What a run keeps of its way: checkpoints, and what was changed by hand, so that any step of it can be had again."""

from __future__ import annotations

import math
from collections import deque
from copy import copy

from msgspec.structs import replace

from simulator.experiment.experiment import Experiment
from simulator.running.throttle import Throttle
from simulator.schema.parameter import is_live_change
from simulator.training.checkpoint import Checkpoint
from simulator.training.checkpoints import Checkpoints, KeptCheckpoint
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.nonfinite import FINITE
from simulator.training.replay import Replay
from simulator.training.spikes import SpikeWatch
from simulator.training.training import Training

REST = 200.0
"""Times as long as a copy took is trained without another, unless something happens."""
MOST_SPIKES = 1024
"""Whose steps are known: the newest."""
TROUBLED_LOSS = 2.0
"""Times the loss at the start, above which a run is in trouble."""


class Timeline:
    """Of one run, from ``first`` on, where it began or was taken up after ``changes``."""

    def __init__(self, first: Checkpoint, changes: LiveChanges | None = None, rest: float = REST) -> None:
        self.checkpoints = Checkpoints()
        began = first.experiment if first.step == 0 else None
        self.changes = LiveChanges(began) if changes is None else changes
        """What was trained from the start, and what was changed by hand."""
        self._start_loss = math.nan
        """The loss at the first step that was seen."""
        self._finite = first.known == FINITE
        self._edit = 0
        """The edit to which the last change belongs."""
        self._spikes = SpikeWatch()
        self.spikes: deque[int] = deque(maxlen=MOST_SPIKES)
        """The steps at which any began."""
        self._rest, self._throttle = rest, Throttle(rest)
        self.checkpoints.keep(KeptCheckpoint(first, "start", self._finite, len(self.changes.entries)))

    def share_time(self, networks: int) -> None:
        """So many are trained in turns: copies of all of them together take no more time than those of one."""
        self._throttle.rest = self._rest * networks

    # -- while it is trained ---------------------------------------------------------------------------------------

    def add(self, training: Training) -> None:
        """A step has been made: keep what is worth it. Within a step the optimiser is ahead of the weights."""
        made, loss = training.step - 1, training.loss
        if math.isnan(self._start_loss):
            self._start_loss = loss
        spike = self._spikes.begins(loss, training.gradient_norm)
        finite = training.finite and training.watch.kept == FINITE and math.isfinite(loss)
        well = loss <= TROUBLED_LOSS * self._start_loss and not self._spikes.spiking
        self.checkpoints.judge(made, good=self._finite and math.isfinite(training.gradient_norm) and well)
        if spike:
            self.spikes.append(made)
            self.checkpoints.mark_before(made, "spike")
        if self._finite and not finite:
            self.checkpoints.mark_before(made + 1, "not finite")
        self._finite = finite
        if finite and self.checkpoints.due(training.step) and self._throttle.due:
            with self._throttle.spending():
                self._keep(training)

    def _keep(self, training: Training) -> None:
        """Whether it is a good one shows when its own step is made."""
        self.checkpoints.keep(KeptCheckpoint(training.checkpoint(), "recent", False, len(self.changes.entries)))

    def before_change(self, training: Training, edit: int) -> None:
        """A hand is about to change the run, between two steps or before an update is written: keep where it was.

        The stages of one drag are one ``edit``, and are recomputed from where it began.
        """
        if (not edit or edit != self._edit) and self._finite:
            self._keep(training)

    def changed(self, change: LiveChange, edit: int = 0) -> None:
        """A hand has changed the run."""
        if not edit or edit != self._edit:
            self.checkpoints.mark_before(change.step + 1, "change", good=False)
        self.changes = self.changes.after((change,))
        self._edit = edit

    def set_threads(self, step: int, threads: int) -> None:
        """How many threads matrix products have from now on: their last digits may hang on it."""
        present = self.changes.threads_after(len(self.changes.entries))
        if not present:
            self.changes = replace(self.changes, threads=threads)
        elif threads != present:
            self.changed(LiveChange(step, threads=threads))

    def operated(self, training: Training, change: LiveChange, edit: int) -> Timeline:
        """That of the run that goes on from ``training``, a surgery later, while this one is put aside."""
        cut = copy(self)
        cut.checkpoints, cut._spikes = self.checkpoints.until(training.step), SpikeWatch()
        cut.before_change(training, edit)
        cut.changed(change, edit)
        return cut

    # -- the way back ----------------------------------------------------------------------------------------------

    def way_back(self, step: int, experiment: Experiment) -> tuple[Checkpoint | None, Timeline | None]:
        """The last good checkpoint up to ``step`` and the way there, if ``experiment`` can go on from it."""
        kept = self.checkpoints.before(step + 1)
        if kept is None or not is_live_change(kept.checkpoint.experiment, experiment):
            return None, None
        return kept.checkpoint, self.cut_at(kept)

    def cut_at(self, kept: KeptCheckpoint) -> Timeline:
        """Of a run that goes another way from one of its checkpoints on."""
        cut = copy(self)
        cut.checkpoints, cut.changes = self.checkpoints.until(kept.step), self.changes.until(kept.changes)
        cut._spikes, cut._edit, cut._finite = SpikeWatch(), 0, kept.checkpoint.known == FINITE
        cut.spikes = deque((step for step in self.spikes if step < kept.step), MOST_SPIKES)
        return cut

    def replay(self, step: int, training: Training) -> Replay | None:
        """From where ``step`` is computed again; None where nothing is known of before it."""
        if not 0 <= step <= training.step:
            return None
        kept = self.checkpoints.before(step + 1, good=False)
        experiment = self.changes.experiment if kept is None else kept.checkpoint.experiment
        if experiment is None:
            return None
        count = 0 if kept is None else kept.changes
        return Replay(
            experiment, self.changes.threads_after(count), None if kept is None else kept.checkpoint,
            self.changes.entries[count:], training.watch.kept, training.info.run,
        )  # fmt: skip
