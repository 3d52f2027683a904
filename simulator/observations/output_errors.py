"""How well a network answers each target of a regression, or each class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from simulator.arrays.numeric import Floats, frozen
from simulator.observations.base import AnalysisRow, CellValue, Observation
from simulator.training.run_info import RunInfo

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
            rms: Floats = np.sqrt(2 * halves) * self.units
        return rms


class OutputErrorsObservation(Observation[OutputErrors], frozen=True, tag="outputs"):
    """How well each output answers.

    On the present batch, and on the held-out samples.
    """

    order = 13
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "output_errors.csv": (
            "step", "output", "half_squared_error", "validation_half_squared_error", "rms_error",
            "validation_rms_error",
        ),
    }  # fmt: skip

    def observe(self, training: Training) -> OutputErrors:
        data = training.data
        names = data.target_names or data.class_names or tuple(f"y{number}" for number in range(1, data.outputs + 1))
        outputs = training.network.output
        return OutputErrors(
            names=names,
            batch=frozen(outputs.half_squares(training.y).mean(axis=1)),
            validation=frozen(training.evaluator.half_squares()),
            units=frozen(np.array(data.target_units or [1.0] * data.outputs)),
        )

    def rows(self, result: OutputErrors, info: RunInfo) -> Iterator[AnalysisRow]:
        both = (("", result.batch, result.batch_rms), ("validation_", result.validation, result.validation_rms))
        for place, name in enumerate(result.names):
            cells: dict[str, CellValue] = {"output": name}
            for whose, error, rms in both if info.validation_samples > 0 else both[:1]:
                cells |= {f"{whose}half_squared_error": error[place], f"{whose}rms_error": rms[place]}
            yield AnalysisRow("output_errors.csv", cells)
