"""Makes the observations of one training, and keeps what some of them go on from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.observations.base import Observation, Observed, Result
from simulator.system.progress import CancelledError

if TYPE_CHECKING:
    from simulator.training.training import Training

Observations = Iterable[Observation[Any]]
Made = Mapping[Observation[Any], Observed[Any]]


@np.errstate(all="ignore")
def observed(training: Training, watch: Callable[[Training], Result]) -> Observed[Result]:
    """What ``watch`` finds at the present step, or why it finds nothing."""
    began, result, refusal = time.perf_counter(), None, ""
    try:
        result = watch(training)
    except ValueError as error:
        refusal = str(error)
    except CancelledError:
        refusal = "it was cancelled"
    except MemoryError:
        refusal = "there is not enough memory for it beside the run"
    return Observed(training.step, result, refusal, time.perf_counter() - began)


def observe(training: Training, observations: Observations) -> dict[Observation[Any], Observed[Any]]:
    """Each of them once, to the end."""
    return {each: observed(training, each.observe) for each in observations}


class Observer:
    """Looks at one training again and again."""

    def __init__(self, training: Training) -> None:
        self.training = training
        self._watches: dict[Observation[Any], Callable[[Training], Any]] = {}

    def observe(self, observations: Observations) -> dict[Observation[Any], Observed[Any]]:
        """Each of them at the present step."""
        return {each: self.observe_one(each) for each in observations}

    def observe_one(self, observation: Observation[Result]) -> Observed[Result]:
        if observation not in self._watches:
            self._watches[observation] = observation.watch()
        return observed(self.training, self._watches[observation])

    def forget(self, observation: Observation[Any]) -> None:
        """What is asked no more."""
        self._watches.pop(observation, None)
