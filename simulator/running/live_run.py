"""The run that is trained, with all that ends with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import numpy as np
from msgspec.structs import replace

from simulator.data import AnyData
from simulator.experiment.experiment import Experiment
from simulator.network.threads import blas_threads
from simulator.observations.observer import Made
from simulator.record.frame import Frame, frame_of
from simulator.record.history import Rows
from simulator.running.first_looks import FirstLooks
from simulator.running.kept_runs import KeptRun
from simulator.running.lane_state import LaneState
from simulator.running.messages import NOTHING_KEPT, Halt, KeptCheckpoints, Settled, Snapshot, Started
from simulator.running.paced_observer import PacedObserver
from simulator.running.pending_rows import PendingRows
from simulator.running.resumption import Resumption
from simulator.running.start_observer import StartObserver
from simulator.running.step_clock import StepClock
from simulator.running.throttle import Throttle
from simulator.running.timeline import Timeline
from simulator.system.progress import CancelledError
from simulator.training.coming_changes import ComingChanges
from simulator.training.ledger import settings_between
from simulator.training.live_change import LiveChange, take_live
from simulator.training.replay import Replay
from simulator.training.training import Training

KEPT_SECONDS = 0.25
"""How often it is told what is kept while a run goes on."""


class LiveRun:
    """A training, who observes it, its way until now, and what of it no answer has brought yet."""

    def __init__(self, training: Training, timeline: Timeline, asked: AnyData) -> None:
        """``asked`` is what it was to be trained on, as it was described before the data were read."""
        self.training, self.timeline, self._asked = training, timeline, asked
        self.observer = PacedObserver(training)
        self.rows = PendingRows(training.step, training.columns)
        self.taps_are_current = True
        """Whether the taps show the present step, update included."""
        self.start = StartObserver(self.observer)
        """Looks at what is told of each start."""
        self._planned_acted = False
        self.coming = ComingChanges()
        """What is to be changed on the way, as was planned."""
        self.resumption: Resumption | None = None
        """What the next answer brings."""
        self._resumable = (0, 0)
        """The step of the one that was made last, and the changes by hand until then."""
        self.halted: Halt = ""
        self.has_halted = False
        """Whether it has paused where something was not finite: once is enough."""
        self._kept, self._kept_throttle = NOTHING_KEPT, Throttle(0, KEPT_SECONDS)
        self._announced_changes = len(timeline.changes.entries)
        """How many live changes answers have brought."""
        self._announced_experiment: Experiment | None = None
        """Of the last frame."""
        self.clock = StepClock()
        """Of its steps here, without what is shown of them."""

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

    def take_first_looks(self) -> FirstLooks | None:
        """What its first frame has left out, if it has and nobody cancels it."""
        if not self.start.left:
            return None
        with suppress(CancelledError):
            self.show_step()
            return FirstLooks(self.training.info.run, self.start.take_left())
        return None

    def frame(self, scalars: Mapping[str, float], observed: Made) -> Frame:
        """The present step for an answer; what is trained is told again only where it is another."""
        frame, announced = frame_of(self.training, scalars, observed), self._announced_experiment
        self._announced_experiment = self.training.experiment
        return replace(frame, experiment=None) if self.training.experiment is announced else frame

    def snapshot(self, lanes: tuple[LaneState, ...] = ()) -> Snapshot:
        """The run between two steps, with its rows that no answer has brought yet, and the networks beside it."""
        training, rows, changes = self.training, self.rows.take(), self.take_changes()
        threads = blas_threads(training.network)
        coming = tuple(self.coming.entries)
        return Snapshot(training.info.run, training.checkpoint(), (rows,), threads, changes, lanes, coming)

    def make_resumption(self, lanes: Callable[[], tuple[LaneState, ...]], again: bool) -> None:
        """From where it goes on if the worker dies, between two steps; of where one was made before, only ``again``."""
        present = step, acted = self.training.step, len(self.timeline.changes.entries)
        if again or (step > 0 and present != self._resumable):
            self._resumable = present
            self.resumption = Resumption(self.training.checkpoint(), acted, lanes(), tuple(self.coming.entries))

    def put_aside(self, edit: int, begun_by: int, lanes: tuple[LaneState, ...]) -> KeptRun:
        """The run between two steps, to go on when the edit that ends it is undone."""
        training, changes = self.training, self.timeline.changes
        threads = blas_threads(training.network)
        rows, coming = self.rows.take(), tuple(self.coming.entries)
        return KeptRun(
            training.info.run, edit, begun_by, training.checkpoint(), rows, threads, changes, coming, lanes,
        )  # fmt: skip

    def replay(self, step: int) -> Replay | None:
        """From where a step is computed again."""
        return self.timeline.replay(step, self.training)

    @contextmanager
    def restored_on_failure(self) -> Iterator[None]:
        """What is told here is still to be told where that fails: as where no memory is left for the answer."""
        announced, resumption, planned = self._announced_changes, self.resumption, self._planned_acted
        try:
            with self.rows.restored_on_failure():
                yield
        except Exception:
            self._announced_changes, self.resumption, self._planned_acted = announced, resumption, planned
            self._announced_experiment = None
            raise

    def take_changes(self) -> tuple[LiveChange, ...]:
        """The live changes that no answer has brought yet."""
        changes = self.timeline.changes.entries[self._announced_changes :]
        self._announced_changes += len(changes)
        return changes

    def started(
        self, frame: Frame, ended: KeptRun | None, continues: int, settled: Settled | None,
        notice: str = "", past: Rows | None = None,
    ) -> Started:  # fmt: skip
        """What is told when it begins or goes on."""
        training, self._announced_changes = self.training, len(self.timeline.changes.entries)
        changes = self.timeline.changes
        return Started(training.info, training.columns, frame, ended, continues, settled, changes, notice, past)

    def kept_checkpoints(self, playing: bool, aside: int) -> KeptCheckpoints:
        """What is kept of the run's way; while it goes on, as of a moment ago."""
        if not playing or self._kept_throttle.due:
            checkpoints = self.timeline.checkpoints
            good, spikes = checkpoints.good_steps, tuple(self.timeline.spikes)
            self._kept = KeptCheckpoints(good, checkpoints.summary(), aside, checkpoints.steps, spikes)
            self._kept_throttle.spent(0)
        return self._kept

    @property
    def threads(self) -> int:
        """How many matrix products have."""
        return max(1, self.timeline.changes.threads_after(len(self.timeline.changes.entries)))

    @property
    def step_seconds(self) -> float:
        """What one of its own steps takes on average; 0 while none was made here."""
        return self.clock.seconds

    def evaluate(self, trace: bool) -> None:
        """Bring forth loss and gradient of the present step, before it is proposed."""
        with self.clock.running(), np.errstate(all="ignore"):
            self.training.network.trace.begin(trace)
            self.training.evaluate()

    def propose(self, trace: bool, before_update: Callable[[], bool] | None = None, evaluated: bool = False) -> bool:
        """Evaluate the present step, if it is not ``evaluated``; whether it may be made: :meth:`apply` does."""
        with self.clock.running():
            goes_on = self.training.propose(trace=trace, before_update=before_update, evaluated=evaluated)
        if goes_on:
            self._act_written()
        return goes_on

    def apply(self) -> None:
        """Make the update of the step."""
        with self.clock.running():
            self.training.apply()
        self.clock.count()
        self.timeline.add(self.training)
        self.taps_are_current = False
        self.act_before()

    # -- changes by hand -------------------------------------------------------------------------------------------

    def change(self, experiment: Experiment, edit: int) -> bool:
        """Take over ``experiment`` between two steps, if it differs live; whether it does."""
        training = self.training
        if not (training.changes_update_rule(experiment) or training.accepts(experiment)):
            return False
        before = training.experiment
        if experiment != before:
            self.timeline.before_change(training, edit)
        take_live(training, experiment)
        self._plan_after_hand(before)
        if experiment != before:
            self.timeline.changed(LiveChange(training.step, experiment), edit)
        return True

    def change_within_step(self, experiment: Experiment, edit: int, written: bool) -> bool:
        """Take over ``experiment`` between gradient and update, or when that is ``written``, if it can be taken so."""
        training = self.training
        before = training.experiment
        if not written and training.changes_update_rule(experiment):
            self.timeline.before_change(training, edit)
        taken = training.change_learning_rate(experiment) if written else training.change_update_rule(experiment)
        self._plan_after_hand(before)
        if taken and experiment != before:
            self.timeline.changed(LiveChange(training.step, experiment, written), edit)
        return taken

    def plan(self, coming: Sequence[LiveChange]) -> None:
        """Let these act on the way; ExperimentError where the network cannot take them."""
        self.coming = ComingChanges(coming)
        self.coming.forget_before(self.training.step)
        self.coming.check(self.training)
        self.act_before()

    def _plan_after_hand(self, before: Experiment) -> None:
        """Nothing that was planned acts any more where a hand has changed what is trained."""
        after = self.training.experiment
        if self.coming and after != before:
            if settings_between(before, after):
                self.coming = ComingChanges()
            else:
                self.coming.keep_up(after)

    def act_before(self) -> None:
        """Let act what is planned for the present step, between two steps, and needs no other network."""
        step = self.training.step
        if self.coming.due(step) and not self.coming.transplants(step):
            self.timeline.before_change(self.training, 0)
            self._planned_changed(self.coming.act_in_place(self.training))
            self.renew()

    def take_planned(self) -> bool:
        """Whether something has acted as planned that no answer has told of."""
        planned, self._planned_acted = self._planned_acted, False
        return planned

    def _act_written(self) -> None:
        """Let act what is planned for the present step, whose update is written."""
        if self.coming.due(self.training.step):
            self._planned_changed(self.coming.act_written(self.training))

    def _planned_changed(self, acted: Sequence[LiveChange]) -> None:
        for change in acted:
            self.timeline.changed(change)
            self._planned_acted = True

    def set_threads(self, threads: int) -> None:
        """How many threads matrix products have from now on."""
        self.timeline.set_threads(self.training.step, threads)

    def revive(self, run: int, layer: str, units: tuple[int, ...]) -> None:
        """Draw the incoming weights of these units of a run anew: one that replaces it has other units."""
        if run != self.training.info.run:
            return
        self.coming = ComingChanges()
        self.timeline.before_change(self.training, 0)
        self.training.revive(layer, units)
        self.timeline.changed(LiveChange(self.training.step, layer=layer, units=units))
        self.renew()
