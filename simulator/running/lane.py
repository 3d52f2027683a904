"""One network that is trained beside the run: on its way to the run's step, or standing there."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import numpy as np
from msgspec.structs import replace as changed

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.lane import Origin
from simulator.network.masks import masks_apart
from simulator.network.network import Network
from simulator.network.threads import limited_blas
from simulator.observations.registry import standard
from simulator.record.frame import frame_of
from simulator.record.history import Rows
from simulator.running.building import FROM_STEP_0, StartingPoint, as_planned, built, refusal
from simulator.running.lane_plan import LanePlan, LaneStart
from simulator.running.lane_state import LaneState
from simulator.running.live_run import LiveRun
from simulator.running.messages import LaneUpdate, Look
from simulator.running.timeline import Timeline
from simulator.system.progress import NOTICED_SECONDS, CancelledError, Progress, advance
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.replay import Replay, Replayer
from simulator.training.sampler import Indices
from simulator.training.training import Training

RUNS = itertools.count(-1, -1)
"""Ids of their runs, which no run of a session has."""


class Lane:
    """It is built when it is first to make a step; what cannot be trained says why."""

    def __init__(
        self, experiment: Experiment, plan: LanePlan | None = None, start: LaneStart | None = None,
        origin: Origin | None = None, known: Sequence[Timeline] = (),
    ) -> None:  # fmt: skip
        """``experiment``: as it is to be now; ``known``: ways of runs from which it may have branched off."""
        self.experiment, self.origin = experiment, origin
        self.plan = plan or LanePlan(LiveChanges(experiment))
        self.live: LiveRun | None = None
        """None until it is built, or where it cannot be."""
        self.refusal = ""
        """Why it is not trained."""
        self._start, self._known = start, known
        self._first = None if start is None else start.first
        """Step 0, while no answer has brought it."""
        self._continues = 0 if start is None else start.continues
        """The id of the run that answers know, whose past it goes on from."""
        self._past = () if start is None else start.past
        """The steps since, of networks before this one."""
        self._announced: LiveRun | None = None
        """The run of which answers have brought the changes."""
        self._behind_since: float | None = None
        """When it began to make the steps that the run waits for; None where the run does not wait."""
        self._same_batches = True
        """Whether those of all steps since the last answer, made in a block, were the run's."""
        self.evaluated = False
        """Whether loss and gradient of the present step are known before it is proposed."""
        self._compared: tuple[Network | None, Network | None, tuple[str, ...]] = None, None, ()
        """Two networks, and the layers whose masks are others in them."""
        self._validated: int | None = None
        """The last step whose validation was scored."""

    @property
    def first_step(self) -> int:
        """The one from which on it stands beside the run."""
        return self.plan.first_step

    def is_behind(self, step: int, most: int = 0) -> bool:
        """Whether the run waits for it; ``most``: so many steps it may lie behind."""
        if self.refusal or step < self.first_step:
            return False
        return self.live is None or self.live.training.step < step - most

    def can_catch_up(self, step: int) -> bool:
        """Whether it is behind and may make steps: those that it has made are waited for by nobody in vain."""
        return self.is_behind(step) and (self.live is None or not self.live.rows.full)

    def change(self, experiment: Experiment, step: int) -> bool:
        """Train ``experiment`` from this step on, if that needs no other network; whether it does not."""
        live, self.evaluated = self.live, False
        if live is None or live.training.step != step or live.coming or not live.change(live.as_read(experiment), 0):
            return False
        live.renew()
        self.experiment = experiment
        return True

    def can_change_written(self, experiment: Experiment) -> bool:
        """Whether nothing is another in it but the learning rate of the update that is written, to the bits of that."""
        live = self.live
        if live is None or experiment == self.experiment:
            return experiment == self.experiment
        after = live.as_read(experiment)
        return not live.coming and after.optimizer.rewrites and live.training.change_learning_rate(after, act=False)

    def change_written(self, experiment: Experiment) -> None:
        """Train it in the present step: as if it had been so when that began."""
        live = self.live
        if live is not None and experiment != self.experiment:
            training, self.experiment = live.training, experiment
            training.change_learning_rate(live.as_read(experiment))
            live.timeline.changed(LiveChange(training.step, training.experiment))
            live.rows.complete(training.step, training.row(training.scalars()))

    def start_of(self, plan: LanePlan, step: int) -> LaneStart | None:
        """From where another one that is to be so goes on with the past of this one; None where from nowhere."""
        live = self.live
        start = None if live is None else plan.start(live.timeline, plan.first_step, step)
        if live is None or start is None:
            return None
        past = tuple(_cut(rows, start.checkpoint.step) for rows in (*self._past, live.rows.take()))
        return replace(start, first=self._first, continues=self._continues, past=past)

    # -- catching up -----------------------------------------------------------------------------------------------

    def catch_up(self, name: str, step: int, until: float) -> None:
        """Make steps until ``step``, or until it is so late; a refusal is remembered."""
        if self._behind_since is None:
            self._behind_since = time.perf_counter()
        try:
            if self.live is None:
                self._build()
            while self.can_catch_up(step) and time.monotonic() < until:
                assert self.live is not None
                advance(catching_up(name), self.live.training.step, step, "steps")
                self.propose(trace=False)
                self._apply()
        except Exception as error:
            self._refuse(error)
        if not self.can_catch_up(step):
            self._behind_since = None

    def progress(self, name: str, step: int) -> Progress | None:
        """How far it has come to the step at which the run waits for it; None where nobody waits long."""
        seconds = 0.0 if self._behind_since is None else time.perf_counter() - self._behind_since
        if seconds < NOTICED_SECONDS or not self.can_catch_up(step):
            return None
        return Progress(catching_up(name), 0 if self.live is None else self.live.training.step, step, "steps", seconds)

    def cancel(self, name: str) -> None:
        """Make no more of the steps that the run waits for."""
        self._refuse(CancelledError(catching_up(name)))

    def _refuse(self, error: Exception) -> None:
        self.live, self.refusal = None, refusal(0, error, None).message

    def _build(self) -> None:
        run, start, plan = next(RUNS), self._start, self.plan
        if start is not None:
            self._start = None
            place = StartingPoint(start.checkpoint, start.timeline)
            live = built(run, start.checkpoint.experiment, place, self.experiment.data)
            coming = start.coming
        elif plan.first_step:
            live, coming = self._branched(run)
        else:
            live, coming = built(run, plan.beginning, FROM_STEP_0, self.experiment.data), plan.changes.entries
            live.training.look()
            self._first = frame_of(
                live.training, live.training.scalars(validate=True), live.observer.at_once(standard())
            )
        self.live = live
        live.plan(_as_read(live, coming))
        self._become_another()
        self.live.training.look()

    def _branched(self, run: int) -> tuple[LiveRun, tuple[LiveChange, ...]]:
        """At its first step, with all that the run had there from which it branches off."""
        plan = self.plan
        replayer = Replayer(plan.replay(self._known, run))
        with limited_blas(replayer.threads):
            training = replayer.go_to(plan.first_step)
        acted, coming = plan.acted_at_first()
        self._known = ()
        return LiveRun(training, Timeline(training.checkpoint(), acted), self.experiment.data), coming

    def _become_another(self) -> None:
        """Hand it on to other networks where that is what acts now."""
        while self.live is not None and self.live.coming.transplants(self.live.training.step):
            live = self.live
            _, operated = as_planned(live, 0)
            if operated is None or operated.past is None:
                raise ExperimentError("the network cannot be handed on to another one")
            self._past = (*self._past, operated.past)
            start = operated.start(live.coming.entries)
            self.live = built(next(RUNS), operated.checkpoint.experiment, start, self.experiment.data)
            self.live.training.look()

    def replay(self, step: int) -> Replay | None:
        """From where one of its steps is computed again."""
        return None if self.live is None else self.live.replay(step)

    def state(self, name: str, taken: bool) -> LaneState | None:
        """Where it stands between two steps, as :meth:`Lanes.states` says; None where it is not trained."""
        live, start = self.live, self._start
        if live is None:
            return None if start is None else LaneState(name, start.checkpoint, start.timeline.changes)
        rows, first = (live.rows.take(), self._first) if taken else (None, None)
        if taken:
            self._first = None
        return LaneState(name, live.training.checkpoint(), live.timeline.changes, live.training.info.run, rows, first)

    def state_before(self, name: str, step: int) -> LaneState | None:
        """The last that is kept of it of before ``step``; None where that is nothing."""
        way = None if self.live is None else self.live.timeline
        kept = None if way is None else way.checkpoints.before(step, good=False)
        if way is None or kept is None:
            return None
        return LaneState(name, kept.checkpoint, way.changes.until(kept.changes))

    # -- with the run ----------------------------------------------------------------------------------------------

    def make_block(self, batches: Sequence[Indices]) -> None:
        """Make the steps that the run has made on these batches; a refusal is remembered."""
        try:
            for batch in batches:
                if self.live is not None:
                    self._same_batches &= np.array_equal(self.live.training.batch, batch)
                    self.propose(trace=False)
                    self._apply()
        except Exception as error:
            self._refuse(error)

    def evaluate(self, trace: bool) -> None:
        """Evaluate the present step before it is known whether the run makes it."""
        if self.live is not None:
            self.live.evaluate(trace)
            self.evaluated = True

    def propose(self, trace: bool) -> None:
        """Evaluate the present step, if that has not been done, and record it; :meth:`apply` makes it."""
        if self.live is not None:
            training, evaluated, self.evaluated = self.live.training, self.evaluated, False
            self.live.propose(trace, evaluated=evaluated)
            self.live.rows.append(training.row(training.scalars()))

    def score(self, step: int) -> None:
        """Score validation if it stands at this step; its row and the answers of the step have the scores."""
        if self.live is not None and self.live.training.step == step:
            training, self._validated = self.live.training, step
            self.live.rows.complete(step, training.row(training.scalars(validate=True)))

    def apply(self) -> None:
        """Make it; what is planned for the next one acts."""
        try:
            self._apply()
        except ExperimentError as error:
            self._refuse(error)

    def _apply(self) -> None:
        if self.live is not None:
            self.live.apply()
            self._become_another()

    def answer(self, name: str, look: Look, run: Training, playing: bool, short: bool, provisional: bool) -> LaneUpdate:
        """What it shows of the present step; ``provisional``: which may still change."""
        live = self.live
        if live is None:
            return LaneUpdate(name, refusal=self.refusal, awaited=self.is_behind(run.step))
        if provisional:
            live.show_step()
        training = live.training
        frame = None
        if training.step == run.step:
            scalars = training.scalars(validate=self._validated == run.step)
            frame = frame_of(training, scalars, live.observer.observe(look.observations, goes_on=playing, short=short))
        row = training.row(frame.scalars) if provisional and frame is not None else None
        first, self._first = self._first, None
        same = self._same_batches and training.data.digest == run.data.digest
        same, self._same_batches = same and np.array_equal(training.batch, run.batch), True
        rows, (continues, past) = (live.rows.take(row),), self._take_past(training.info.run)
        return LaneUpdate(
            name, training.info.run, frame, rows, first, same, "", live.observer.awaited or self.is_behind(run.step),
            live.step_seconds, self._take_changes(live), continues, past, self.first_step,
            () if frame is None else self._masks_apart(run),
        )  # fmt: skip

    def _masks_apart(self, run: Training) -> tuple[str, ...]:
        """Compared once for two networks: draws that are the same go on so."""
        assert self.live is not None
        own, theirs = self.live.training.network, run.network
        if self._compared[:2] != (own, theirs):
            self._compared = own, theirs, masks_apart(own, theirs)
        return self._compared[2]

    @contextmanager
    def restored_on_failure(self) -> Iterator[None]:
        """What is told here is still to be told where that fails."""
        before = self._first, self._announced, self._continues, self._past, self._same_batches
        try:
            with nullcontext() if self.live is None else self.live.restored_on_failure():
                yield
        except Exception:
            self._first, self._announced, self._continues, self._past, self._same_batches = before
            raise

    def _take_past(self, run: int) -> tuple[int, tuple[Rows, ...]]:
        """Whose past goes on in what is told now, and the steps between that nobody has told."""
        past = self._continues, self._past
        self._continues, self._past = run, ()
        return past

    def _take_changes(self, live: LiveRun) -> LiveChanges:
        """What no answer has brought yet."""
        lately = live.take_changes()
        if self._announced is live:
            return LiveChanges(entries=lately)
        self._announced = live
        return live.timeline.changes


def catching_up(name: str) -> str:
    """What takes long, in words."""
    return f"Catching up network {name}"


def _cut(rows: Rows, step: int) -> Rows:
    """Those of the steps before this one."""
    return changed(rows, values=rows.values[: max(0, step - rows.first_step)], provisional=None)


def _as_read(live: LiveRun, changes: Sequence[LiveChange]) -> list[LiveChange]:
    """With what reading the data has decided."""
    return [
        each if each.experiment is None else changed(each, experiment=live.as_read(each.experiment)) for each in changes
    ]
