"""What decides about a step beside the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from simulator.measures.facts import DataFacts, Facts, data_facts, facts
from simulator.observations.base import Observation

if TYPE_CHECKING:
    from simulator.training.training import Training

_OF_DATA: WeakKeyDictionary[Training, DataFacts] = WeakKeyDictionary()
"""Of each training whose data have been looked at: they stay the same, also where its weights are drawn anew."""


class FactsObservation(Observation[Facts], frozen=True, tag="facts"):
    """The data, the penalties, the clipping and the output's slope."""

    share = 0

    def observe(self, training: Training) -> Facts:
        if training not in _OF_DATA:
            _OF_DATA[training] = data_facts(training.data, training.experiment)
        network, rules = training.network, training.experiment.regularization
        return facts(_OF_DATA[training], rules, network.parameters, network.output, training.y)
