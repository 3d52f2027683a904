"""How well a network answers each target of a regression, or each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.arrays.numeric import Floats, frozen
from simulator.observations.question import Question

if TYPE_CHECKING:
    from simulator.training.training import Training


@dataclass(frozen=True)
class OutputErrors:
    """(outputs,) each."""

    names: tuple[str, ...]
    batch: Floats
    """Mean of ½ (a − y)² over the present batch, as the network sees it: a squared error is the sum of these."""
    validation: Floats
    """The same over the held-out samples, in evaluation mode; NaN where none are held out."""
    units: Floats
    """What 1 is in the data's own units; of a class, whose target is 0 or 1, it is 1."""

    @property
    def batch_rms(self) -> Floats:
        """√mean (a − y)² in the data's own units."""
        return self._rms(self.batch)

    @property
    def validation_rms(self) -> Floats:
        return self._rms(self.validation)

    def _rms(self, halves: Floats) -> Floats:
        with np.errstate(all="ignore"):
            found: Floats = np.sqrt(2 * halves) * self.units
        return found


@dataclass(frozen=True)
class OutputErrorsQuestion(Question):
    """On the present batch, and on the held-out samples."""

    def answer(self, training: Training) -> OutputErrors:
        data = training.data
        names = data.target_names or data.class_names or tuple(f"y{number}" for number in range(1, data.outputs + 1))
        outputs = training.network.output
        return OutputErrors(
            names=names,
            batch=frozen(outputs.half_squares(training.y).mean(axis=1)),
            validation=frozen(training.evaluator.half_squares()),
            units=frozen(np.array(data.target_units or [1.0] * data.outputs)),
        )
