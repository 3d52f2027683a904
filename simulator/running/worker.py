"""The worker's loop: commands in, replies out, training in between; as a thread or as a process, it does not know."""

from __future__ import annotations

import math
import time
import traceback
from bisect import bisect
from collections.abc import Callable
from contextlib import ExitStack
from copy import copy

import numpy as np
from msgspec.structs import replace

from simulator.arrays.numeric import Floats
from simulator.doctor import OBSERVATIONS as DIAGNOSED
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.network.threads import blas_threads, limited_blas
from simulator.observations.registry import standard
from simulator.record.frame import Frame, frame_of
from simulator.record.history import Rows
from simulator.running.inbox import Inbox
from simulator.running.kept_runs import KeptRun, KeptRuns
from simulator.running.messages import (
    Change,
    Command,
    Failed,
    GoBack,
    Guard,
    Halt,
    Keep,
    Limit,
    Look,
    Pause,
    Play,
    Refused,
    Reply,
    Restart,
    Resume,
    Revive,
    Started,
    Stop,
    Update,
)
from simulator.running.paced_observer import PacedObserver
from simulator.running.throttle import Throttle
from simulator.schema.parameter import is_live_change
from simulator.training.checkpoint import Checkpoint
from simulator.training.checkpoint_ring import CheckpointRing
from simulator.training.training import Training

MAX_ROWS = 20_000
"""Rows kept for an absent screen; beyond them training waits rather than lose a step."""
CATCH_UP_SECONDS = 0.1
"""A limited run that fell behind makes good no more than this."""
VALIDATION_SECONDS = 0.25
"""Validation is scored no more often than this,"""
VALIDATION_REST = 100.0
"""and then that many times as long as it took is trained without."""


class Worker:
    """Trains one experiment and answers questions about it."""

    def __init__(self, inbox: Inbox[Command], post: Callable[[Reply], None]) -> None:
        self.inbox, self.post = inbox, post
        self.training: Training | None = None
        self.observer: PacedObserver | None = None
        """Of the present training."""
        self.run = 0
        self.begun_by = 0
        """The edit that the present run began with."""
        self.aside = 0
        """Where the network cannot be built: the edit that put the last one aside; 0 for none."""
        self.runs = KeptRuns()
        self.remaining: float = 0
        """Steps left to train; 0 is paused."""
        self.guarded = self.warned = False
        """Whether to pause where something is not finite, and whether this run has done so: once is enough."""
        self.halted: Halt = ""
        self.limit: float | None = None
        self.rows: list[Floats] = []
        self.first_row = 0
        self.wanted: Look | None = None
        self.fresh = False
        """Whether the taps show the present step, update included."""
        self.validations = Throttle(VALIDATION_REST, VALIDATION_SECONDS)
        self.steered = self.hurried = False
        """Whether a hand has changed something and waits to see it; whether it got, for that, less than was due."""
        self.kept: Checkpoint | None = None
        self.keeps = False
        """Whether a checkpoint has been asked for that is not made yet."""
        self.checkpoints = Throttle(0)
        self.ring = CheckpointRing()
        self.ended_ring = 0, self.ring
        """Id and checkpoints of the run that was put aside last."""
        self.next_step, self.stopped = 0.0, False
        self.clock: list[tuple[float, int]] = []
        self._held: Command | None = None
        """A command that came between a step and its update, and waits for the step to be over."""
        self._blas = ExitStack()

    def loop(self) -> None:
        """Work until told to stop; an unknown error is told, and pauses."""
        with self._blas:
            while not self.stopped:
                try:
                    self._drain()
                    if not self.stopped:
                        self._work()
                except Exception as error:
                    self.remaining = 0
                    self.wanted = None
                    self.post(Failed(f"{type(error).__name__}: {error}", traceback.format_exc()))

    # -- commands -------------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        """Take all waiting commands; wait for one where there is nothing else to do."""
        command, self._held = self._held or self.inbox.get(self._patience()), None
        while command is not None:
            self._obey(command)
            if self.stopped:
                return
            command = self.inbox.get(0)

    def _patience(self) -> float | None:
        if self.wanted is not None and not self._soon():
            return 0
        if not self._training_now():
            return None
        return max(0.0, self.next_step - time.perf_counter()) if self.limit else 0

    def _training_now(self) -> bool:
        return self.training is not None and self.remaining > 0 and len(self.rows) < MAX_ROWS

    def _obey(self, command: Command) -> None:
        match command:
            case Change():
                self._change(command)
            case Restart(run):
                if self.training is not None:
                    self._begin(run, self.training.experiment, 0)
            case Resume(run, checkpoint):
                self._begin(run, checkpoint.experiment, 0, checkpoint)
            case Keep(kept):
                self.runs.keep(kept)
            case GoBack():
                self._go_back(command)
            case Revive(run, layer, units):
                # A network that has been replaced meanwhile has other units.
                if self.training is not None and run == self.training.info.run:
                    self.training.revive(layer, units)
                    self._changed()
            case Play(steps):
                if self.training is not None:
                    self.remaining = float("inf") if steps is None else self.remaining + steps
                    self.halted = ""
                    self.clock.clear()
            case Pause():
                self.remaining = 0
            case Limit(rate):
                self.limit = rate
                self.next_step = 0.0
            case Guard(on):
                self.guarded = on
            case Look():
                self.wanted = command
                self.keeps = self.keeps or command.checkpoint
            case Stop():
                self.stopped = True

    def _change(self, change: Change) -> None:
        kept = self._kept_for(change)
        if kept is not None:
            self._begin(change.run, change.experiment, change.edit, kept.checkpoint, kept, back=True)
        elif not change.over and self._takes_live(change.experiment):
            self._changed()
            self._steer()
        else:
            self._begin(change.run, change.experiment, change.edit, back=change.back)

    def _go_back(self, command: GoBack) -> None:
        checkpoint, ring = self.ring.before(command.step + 1), copy(self.ring)
        if checkpoint is not None and not is_live_change(checkpoint.experiment, command.experiment):
            checkpoint = None
        self._begin(command.run, command.experiment, command.edit, checkpoint)
        if checkpoint is not None:
            ring.go_back(checkpoint.step)
            self.ring = ring

    def _kept_for(self, change: Change) -> KeptRun | None:
        """The run that goes on with this change: its edit put it aside, or nothing has been trained since."""
        edits = [self.aside] * (self.training is None) + [change.edit] * change.back
        found = (self.runs.take(edit, change.experiment) for edit in edits)
        return next((kept for kept in found if kept is not None), None)

    def _takes_live(self, experiment: Experiment) -> bool:
        """Take over ``experiment`` without a new network, if that can be; whether it can."""
        training = self.training
        if training is None or not (training.steer(experiment) or training.accepts(experiment)):
            return False
        if training.experiment is not experiment:
            training.update_spec(experiment)
        return True

    def _changed(self) -> None:
        """The present step is another one than was seen."""
        self.fresh = False
        if self.observer is not None:
            self.observer.renew()

    def _steer(self) -> None:
        """A hand is on a knob: what takes long waits for it."""
        self.steered = True
        if self.observer is not None:
            self.observer.defer()
        for throttle in (self.validations, self.checkpoints):
            throttle.defer()

    def _begin(
        self, run: int, experiment: Experiment, edit: int,
        checkpoint: Checkpoint | None = None, kept: KeptRun | None = None, back: bool = False,
    ) -> None:  # fmt: skip
        """Put the present run aside and train ``experiment``; where that cannot be, nothing is trained."""
        if self.training is not None or not edit:
            self.aside = edit
        ended = self._put_aside(edit, back)
        try:
            training, frame = self._build(run, experiment, checkpoint)
        except Exception as error:
            self.remaining = 0
            self.post(refusal(run, error, ended))
            return
        self.aside, self.begun_by = 0, edit if kept is None else kept.begun_by
        if kept is not None and kept.run == self.ended_ring[0]:
            self.ring = self.ended_ring[1]
        self.post(Started(training.info, training.columns, frame, ended, 0 if kept is None else kept.run))

    def _put_aside(self, edit: int, back: bool) -> KeptRun | None:
        """End the present run; it is kept unless it is given up, or only a stage of the edit that goes on."""
        training, self.training = self.training, None
        if training is None or not edit or (edit == self.begun_by and not back):
            return None
        ended = KeptRun(self.run, edit, self.begun_by, training.checkpoint(), self._untold(training))
        self.runs.keep(ended)
        self.ended_ring = self.run, self.ring
        return ended

    def _build(self, run: int, experiment: Experiment, checkpoint: Checkpoint | None) -> tuple[Training, Frame]:
        training = Training(experiment if checkpoint is None else checkpoint.experiment, run)
        if checkpoint is not None:
            training.restore(checkpoint)
            if experiment != checkpoint.experiment:
                training.update_spec(experiment)
        self._blas.close()
        self._blas.enter_context(limited_blas(blas_threads(training.network)))
        if self.remaining != float("inf"):
            self.remaining = 0
        self.rows, self.first_row = [], training.step
        training.look()
        observer = PacedObserver(training)
        # Where the run goes on at once, no later frame tells the doctor of step 0.
        observations = (*standard(), *DIAGNOSED) if self.remaining else standard()
        frame = frame_of(training, training.scalars(validate=True), observer.at_once(observations))
        self.training, self.observer, self.run = training, observer, run
        self.warned, self.halted = False, ""
        self.fresh = True
        self.validations.reset()
        self.kept = None
        self.ring = CheckpointRing()
        self.clock.clear()
        return training, frame

    # -- work -----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """One step if training; the answers, if any are wanted, show that step with the update it then makes."""
        if self._training_now() and self._due():
            self._step()
            return
        if self.wanted is not None and not self._soon():
            self._show_present()

    def _soon(self) -> bool:
        """Whether the next step comes soon enough to answer with it, and spare evaluating one for the answer."""
        return self._training_now() and (not self.limit or self.limit > 20)

    def _due(self) -> bool:
        if self.limit is None:
            return True
        now = time.perf_counter()
        if now < self.next_step:
            return False
        # A late step is caught up with, but only a little: no burst after a pause.
        self.next_step = max(self.next_step, now - CATCH_UP_SECONDS) + 1 / self.limit
        return True

    def _step(self) -> None:
        training = self.training
        assert training is not None
        traced = self.wanted is not None and any(each.traced for each in self.wanted.observations)
        if not training.propose(trace=traced, steer=lambda: self._goes_on(training)):
            self._halt("loss")
            return
        self.remaining -= 1
        self._peek(training.rescale)
        if self.wanted is not None:
            # What takes long is left to the next answer; not twice in a row, or a turning knob would never show it.
            self.hurried = self.steered and not self.hurried and self.remaining > 0
        scalars = training.scalars()
        if self.wanted is not None and not self.hurried and self._validation_due():
            scalars |= self._validation(training)
        self.rows.append(training.row(scalars))
        try:
            self._tell(training, scalars, traced)
        finally:
            # What is recorded is made, even if it could not be told.
            training.apply()
            self.fresh = False
            if self.keeps and self.checkpoints.due:
                # Not before: the optimiser's state is ahead of the parameters within a step.
                self.kept, self.keeps = training.checkpoint(), False
            if self.ring.due(training.step, training.loss):
                self.ring.keep(training.checkpoint())
            if self._watchful and not training.finite:
                self._halt("parameters")
        self.clock.append((time.perf_counter(), training.step))
        if len(self.clock) > 4096:
            del self.clock[:2048]

    @property
    def _watchful(self) -> bool:
        return self.guarded and not self.warned

    def _goes_on(self, training: Training) -> bool:
        """Between the gradient and the update: whether that is to be made."""
        self._peek(training.steer)
        return not self._watchful or math.isfinite(training.loss)

    def _halt(self, what: Halt) -> None:
        """Stand at this step until told to go on."""
        self.remaining, self.fresh = 0, False
        self.halted, self.warned = what, True

    def _tell(self, training: Training, scalars: dict[str, float], traced: bool) -> None:
        """Answer, in the middle of a step, what has been asked."""
        if (look := self.wanted) is not None and not traced and any(each.traced for each in look.observations):
            # It came too late for a trace: the next step has one, but a hand that waits is not kept waiting for it.
            untraced = tuple(each for each in look.observations if not each.traced)
            look = replace(look, observations=untraced) if self.hurried else None
        if look is not None:
            self._answer(look, training, scalars, None, self.hurried)
        self.fresh = True

    def _peek(self, takes: Callable[[Experiment], bool]) -> None:
        """See what has come during the step: what is asked is answered with it; a change acts if it still ``takes`` it.

        Anything else waits for the step to be over, and so does what comes behind it.
        """
        while self._held is None:
            command = self.inbox.get(0)
            if command is None:
                return
            if isinstance(command, Look | Limit):
                self._obey(command)
            elif isinstance(command, Change) and takes(command.experiment):
                self._steer()
            else:
                self._held = command

    def _show_present(self) -> None:
        """Answer with the present step, whose update has not been made and may still change."""
        assert self.wanted is not None
        training = self.training
        if training is None:
            self.post(Update(self.wanted.id, None))
            self.wanted = None
            return
        if not self.fresh:
            training.look()
            self.fresh = True
        scalars = training.scalars()
        if self._validation_due():
            scalars |= self._validation(training)
        if self.keeps:
            self.kept, self.keeps = training.checkpoint(), False
        self._answer(self.wanted, training, scalars, training.row(scalars))

    def _validation_due(self) -> bool:
        return self.validations.due or self.remaining == 0

    def _validation(self, training: Training) -> dict[str, float]:
        """Scores of the validation split; the larger it is, the rarer."""
        with self.validations.spending():
            return training.evaluator.validation()

    def _answer(
        self,
        look: Look,
        training: Training,
        scalars: dict[str, float],
        provisional: Floats | None,
        hurried: bool = False,
    ) -> None:
        self.wanted, self.steered = None, False
        assert self.observer is not None
        observed = self.observer.observe(look.observations, goes_on=self.remaining > 0, hurried=hurried)
        frame = frame_of(training, scalars, observed)
        rows = self._untold(training, provisional)
        speed = self._speed(time.perf_counter())
        kept, self.kept = self.kept, None
        playing = self.remaining > 0
        awaited = self.observer.awaited
        self.post(Update(look.id, frame, (rows,), playing, speed, kept, self.halted, awaited, self.ring.steps))

    def _untold(self, training: Training, provisional: Floats | None = None) -> Rows:
        """The rows of all steps since the last answer."""
        values = np.array(self.rows) if self.rows else np.empty((0, len(training.columns)))
        rows = Rows(self.first_row, training.columns, values, provisional)
        self.first_row += len(self.rows)
        self.rows = []
        return rows

    def _speed(self, now: float) -> float:
        """Steps per second over the last second."""
        oldest = bisect(self.clock, (now - 1.0, 0))
        if len(self.clock) - oldest < 2:
            return 0.0
        (start, first), (end, last) = self.clock[oldest], self.clock[-1]
        return (last - first) / (end - start) if end > start else 0.0


def refusal(run: int, error: Exception, ended: KeptRun | None) -> Refused:
    """Why an experiment cannot be trained."""
    match error:
        case ExperimentError():
            return Refused(run, error.in_words, error.path, ended)
        case MemoryError():
            return Refused(run, f"there is not enough memory for this network ({error})".replace(" ()", ""), "", ended)
    return Refused(run, f"{type(error).__name__}: {error}", "", ended, traceback.format_exc())
