"""What comes of an experiment that is to be trained: why it cannot be, and what reading its data decides."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import Struct

from simulator.data import AnyData
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.record.history import Rows
from simulator.running.kept_runs import KeptRun
from simulator.running.lane_state import LaneState
from simulator.running.live_run import LiveRun
from simulator.running.messages import GoBack, Operate, Refused, Restart, Resume, Revive, Settled, TakeSnapshot, Train
from simulator.running.timeline import Timeline
from simulator.schema.parameter import is_live_change
from simulator.system.machine import out_of_memory
from simulator.system.progress import CancelledError
from simulator.training.checkpoint import Checkpoint
from simulator.training.copies import copied
from simulator.training.live_change import LiveChange
from simulator.training.operation import operated
from simulator.training.surgery import Operation, TakeLane, Transplant
from simulator.training.training import Training


class OvertakenError(CancelledError):
    """Another network is wanted before this one was built."""


def refusal(run: int, error: Exception, ended: KeptRun | None) -> Refused:
    """Why an experiment cannot be trained."""
    match error:
        case ExperimentError():
            return Refused(run, error.in_words, error.path, ended)
        case CancelledError():
            what = str(error) or "building the network"
            return Refused(run, f"{what[:1].lower()}{what[1:]} was cancelled", "", ended, cancelled=True)
        case MemoryError():
            return Refused(run, out_of_memory(error, "this network"), "", ended)
    return Refused(run, f"{type(error).__name__}: {error}", "", ended, traceback.format_exc())


def settled(asked: Experiment, training: Training) -> Settled | None:
    """What reading the data has decided; None where nothing was left open."""
    data = training.experiment.data
    return None if data == asked.data else Settled(asked.data, data)


class StartingPoint(Struct, frozen=True):
    """From where on a run is trained; without a checkpoint from step 0 on."""

    checkpoint: Checkpoint | None = None
    timeline: Timeline | None = None
    """The way to it."""
    coming: Sequence[LiveChange] = ()
    """What is to be changed from there on, as was planned."""
    lanes: tuple[LaneState, ...] = ()
    """The networks beside it."""


FROM_STEP_0 = StartingPoint()


def built(
    run: int, experiment: Experiment, start: StartingPoint, asked: AnyData | None = None, present: LiveRun | None = None
) -> LiveRun:
    """The run from its start on, with what has changed live since.

    ``asked`` describes its data, where that leaves more open than the experiment does. ``present`` is what was trained
    until now, which is given up: where it can, it begins again.
    """
    checkpoint = start.checkpoint
    if present is not None and checkpoint is None and present.training.is_redrawn_by(experiment):
        training = present.training
        training.redraw(experiment, run)
    else:
        training = Training(experiment if checkpoint is None else checkpoint.experiment, run)
    if checkpoint is not None:
        training.restore(checkpoint)
    live = LiveRun(training, start.timeline or Timeline(training.checkpoint(copied)), asked or experiment.data)
    if checkpoint is not None and experiment != checkpoint.experiment:
        live.change(experiment, 0)
    live.plan(start.coming)
    return live


def first_pass(training: Training, validate: bool = True) -> dict[str, float]:
    """The scalars of a run's first step; it says how far it is, and may be cancelled as building it may."""
    with training.network.reporting_progress(), training.updater.reporting_progress():
        training.look()
        if not validate or training.data.validation_samples == 0:
            return training.scalars()
        with training.evaluator.twin.reporting_progress():
            return training.scalars(validate=True)


@dataclass(frozen=True)
class Operated:
    """Where a run goes on after an operation."""

    checkpoint: Checkpoint
    timeline: Timeline
    notice: str
    """What could not be handed on."""
    past: Rows | None = None
    """The last steps of the run, if it becomes what goes on as was planned."""

    def start(self, coming: Sequence[LiveChange]) -> StartingPoint:
        """That place, with what is to be changed from there on."""
        return StartingPoint(self.checkpoint, self.timeline, coming)


def operation(
    run: LiveRun | None, experiment: Experiment, surgery: Operation, edit: int, beside: Mapping[str, LiveRun]
) -> Operated | None:
    """Operate on a run between two steps, which is left as it is; None where the network cannot be built.

    ``beside``: what is trained beside it, by name.
    """
    if isinstance(surgery, TakeLane):
        taken = beside.get(surgery.lane)
        if run is not None:
            run.timeline.before_change(run.training, edit)  # It goes on beside what it makes room for.
        return None if taken is None else Operated(taken.training.checkpoint(), taken.timeline, "")
    if run is None:
        return None
    training, before = run.training, run.training.checkpoint()
    try:
        after, notice = operated(training, surgery, run.as_read(experiment))
        checkpoint = after.checkpoint()
    except (ExperimentError, CancelledError, MemoryError):
        return None  # Whoever builds it next says why.
    finally:
        training.restore(before)
    trained = None if after is training else after.experiment
    change = LiveChange(training.step, trained, surgery=surgery)
    return Operated(checkpoint, run.timeline.operated(training, change, edit), notice)


def as_planned(run: LiveRun, edit: int) -> tuple[Experiment, Operated | None]:
    """What a run becomes in its present step, as was planned; ``edit`` is what began it."""
    change = run.coming.take(run.training.step)
    assert isinstance(change.surgery, Transplant)
    experiment = change.experiment or run.training.experiment
    made = operation(run, experiment, change.surgery, edit, {})
    return experiment, None if made is None else replace(made, past=run.rows.take())


def overtakes(command: object, building: Experiment) -> bool:
    """Whether what is being built is not wanted any more: another network is."""
    if isinstance(command, Train):
        return command.over or not is_live_change(building, command.experiment)
    return isinstance(command, GoBack | Resume)


def asks_again(command: object, building: Experiment) -> bool:
    """Whether it asks for what is being built, but for live parameters: who cancels that wants neither."""
    return isinstance(command, Train) and not overtakes(command, building)


def ends_a_start(command: object) -> bool:
    """Whether a run that stands at step 0 is changed, kept or put aside by it."""
    return begins_a_run(command) or isinstance(command, Revive | TakeSnapshot)


def begins_a_run(command: object) -> bool:
    """Whether it says what is trained from then on: of several, only the last counts."""
    return isinstance(command, Train | GoBack | Operate | Restart | Resume)
