"""Which experiment a run was trained by, step by step: changes by hand make it another one while it goes on."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment
    from simulator.record.frame import Frame

MOST = 1024
"""The newest are kept: what is shown is seldom older than some frames."""


class ExperimentLog:
    """The experiments of one run by the step at which each was first seen, ascending."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._experiments: list[Experiment] = []

    def see(self, frame: Frame) -> None:
        """Take in by which experiment a step was made."""
        experiment = frame.experiment
        if experiment is None or (self._experiments and self._experiments[-1] == experiment):
            return
        self._steps.append(frame.step)
        self._experiments.append(experiment)
        del self._steps[:-MOST], self._experiments[:-MOST]

    def at(self, step: int) -> Experiment | None:
        """The experiment as of this step; of a step before any that was seen, the first; None where none was."""
        index = max(0, bisect_right(self._steps, step) - 1)
        return self._experiments[index] if self._experiments else None

    def until(self, step: float) -> ExperimentLog:
        """A log of its own for a run that goes another way from ``step`` on."""
        earlier, count = ExperimentLog(), bisect_right(self._steps, step)
        earlier._steps, earlier._experiments = self._steps[:count], self._experiments[:count]
        return earlier

    def __deepcopy__(self, _memo: object) -> ExperimentLog:
        """Experiments never change, and so are shared."""
        return self.until(math.inf)
