"""What comes of an experiment that is to be trained: why it cannot be, and what reading its data decides."""

from __future__ import annotations

import traceback

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.running.kept_runs import KeptRun
from simulator.running.messages import Refused, Settled
from simulator.system.progress import CancelledError
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
            return Refused(run, f"there is not enough memory for this network ({error})".replace(" ()", ""), "", ended)
    return Refused(run, f"{type(error).__name__}: {error}", "", ended, traceback.format_exc())


def settled(asked: Experiment, training: Training) -> Settled | None:
    """What reading the data has decided; None where nothing was left open."""
    data = training.experiment.data
    return None if data == asked.data else Settled(asked.data, data)


def takes_live(training: Training, experiment: Experiment) -> bool:
    """Take over ``experiment`` without a new network, if that can be; whether it can."""
    if not (training.change_update_rule(experiment) or training.accepts(experiment)):
        return False
    if training.experiment is not experiment:
        training.update_spec(experiment)
    return True
