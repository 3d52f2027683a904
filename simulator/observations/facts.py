"""What decides about a step beside the layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.measures.facts import DataFacts, Facts, data_facts, facts
from simulator.observations.base import Observation

if TYPE_CHECKING:
    from simulator.training.training import Training


class FactsObservation(Observation[Facts], frozen=True, tag="facts"):
    """The data, the penalties, the clipping and the output's slope."""

    share = 0

    def observe(self, training: Training) -> Facts:
        return _DataKnown().facts(training)

    def watch(self) -> Callable[[Training], Facts]:
        return _DataKnown().facts


class _DataKnown:
    """The data stay the same over a run."""

    def __init__(self) -> None:
        self._data: DataFacts | None = None

    def facts(self, training: Training) -> Facts:
        network = training.network
        if self._data is None:
            self._data = data_facts(training.data, training.experiment)
        rules = training.experiment.regularization
        return facts(self._data, rules, network.parameters, network.output, training.y)
