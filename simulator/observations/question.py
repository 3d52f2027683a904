"""Questions to a run that cost more than a step: asked once, answered with a step, at the worker's own pace."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.training.training import Training


class Question(ABC):
    """A frozen value that pickles. A new analysis is one class.

    ``answer`` finds the network at the present step with every tap and the update up to date, perhaps in the middle of
    the step: it must leave all of the training as it is. What it tries out, it tries out on a twin.
    """

    @abstractmethod
    def answer(self, training: Training) -> Any:
        """What was asked for: frozen and picklable. ValueError in one sentence where this run has no answer."""
