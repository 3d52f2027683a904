"""What comes of an experiment that is to be trained: why it cannot be, and what reading its data decides."""

from __future__ import annotations

import traceback

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.running.kept_runs import KeptRun
from simulator.running.live_run import LiveRun
from simulator.running.messages import Change, GoBack, Refused, Restart, Resume, Settled
from simulator.running.timeline import Timeline
from simulator.system.machine import out_of_memory
from simulator.system.progress import CancelledError
from simulator.training.checkpoint import Checkpoint
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


def built(run: int, experiment: Experiment, checkpoint: Checkpoint | None, timeline: Timeline | None) -> LiveRun:
    """The run from step 0 or from a checkpoint on, to which ``timeline`` leads, and what has changed live since."""
    training = Training(experiment if checkpoint is None else checkpoint.experiment, run)
    if checkpoint is not None:
        training.restore(checkpoint)
    live = LiveRun(training, timeline or Timeline(training.checkpoint()), experiment.data)
    if checkpoint is not None and experiment != checkpoint.experiment:
        live.change(experiment, 0)
    return live


def begins_a_run(command: object) -> bool:
    """Whether it says what is trained from then on: of several, only the last counts."""
    return isinstance(command, Change | GoBack | Restart | Resume)
