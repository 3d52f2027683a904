"""An observation with a file and a past of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.observations.base import AnalysisRow, Observation
from simulator.observations.sampled import Sampled, Subject
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training


class ParameterNorm(Sampled):
    """The larger of two looks."""

    name = "size"

    def subject(self, result: float, info: RunInfo) -> Subject:
        return Subject()

    def shape(self, subject: Subject) -> tuple[int, ...]:
        return (1,)

    def sampled(self, result: float, info: RunInfo) -> Floats:
        return np.array([result])

    def merge(self, earlier: Floats, later: Floats) -> Floats:
        return np.asarray(np.maximum(earlier, later))


class SizeObservation(Observation[float], frozen=True, tag="size"):
    """How large the parameters are."""

    past = ParameterNorm()
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"size.csv": ("step", "norm")}

    def observe(self, training: Training) -> float:
        return float(np.linalg.norm(training.network.parameters.value))

    def rows(self, result: float, info: RunInfo) -> Iterator[AnalysisRow]:
        yield AnalysisRow("size.csv", {"norm": result})
