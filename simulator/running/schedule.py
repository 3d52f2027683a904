"""What of a frame is due beside the step itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from simulator.observations.base import Observation
from simulator.running.paced_observer import NOTICED_SECONDS
from simulator.running.throttle import Throttle
from simulator.training.training import Training

VALIDATION_SECONDS = 0.25
"""Validation is scored no more often than this."""
VALIDATION_REST = 100.0
"""Times as long as a validation took is trained without another."""


class FrameSchedule:
    """When validation is scored, when a checkpoint is made, and whether a frame leaves out all that takes long.

    While a hand is on a knob all of that is deferred, though not in two frames in a row.
    """

    def __init__(self) -> None:
        self.hand_waits = False
        """Whether a hand has changed something and waits to see it."""
        self.hand_begins = False
        """Whether the run has begun in the midst of what a hand does, and its first frame is awaited."""
        self.frame_is_short = False
        """Whether the frame of this step leaves out, for the hand, what takes long."""
        self.checkpoint_asked = False
        """Whether a checkpoint has been asked for that is not made yet."""
        self.costs: dict[type[Observation[Any]], float] = {}
        """Kind of observation → the seconds that one took last, in whichever run: what a frame has time for."""
        self._validations = Throttle(VALIDATION_REST, VALIDATION_SECONDS)
        self._checkpoints = Throttle(0)

    def begin(self, by_hand: bool = False) -> None:
        """Another run is trained; ``by_hand``: as a further stage of what a hand does."""
        self._validations.reset()
        self.hand_begins = by_hand

    def turn(self) -> None:
        """A hand has turned a knob."""
        self.hand_waits = True
        for throttle in (self._validations, self._checkpoints):
            throttle.defer()

    def plan_frame(self, goes_on: bool) -> None:
        """Choose what the frame of this step brings, when another one follows it or not."""
        # Not short twice in a row, or a turning knob would never show what takes long.
        self.frame_is_short = self.hand_waits and not self.frame_is_short and goes_on

    def frame_made(self) -> None:
        self.hand_waits = self.hand_begins = False

    def leaves_score(self, training: Training) -> bool:
        """Whether the first frame of a run leaves the score, which takes long, to the next: a hand waits."""
        return self.hand_begins and training.evaluator.seconds > NOTICED_SECONDS

    def validation_due(self, goes_on: bool) -> bool:
        """Where training does not go on, every frame has the score."""
        return self._validations.due or not goes_on

    def validating(self) -> AbstractContextManager[None]:
        """Score validation here; the longer it takes, the rarer it is."""
        return self._validations.spending()

    def validation(self, training: Training, beside: Callable[[int], None], goes_on: bool) -> dict[str, float]:
        """Scores of the validation split where they are due; ``beside`` scores other networks of this step."""
        if not self.validation_due(goes_on):
            return {}
        with self.validating():
            beside(training.step)
            return training.evaluator.validation()

    @property
    def checkpoint_due(self) -> bool:
        return self.checkpoint_asked and self._checkpoints.due
