"""What is looked at of every run's start, whoever looks: later steps are compared with it."""

from __future__ import annotations

from simulator.observations.observer import Made
from simulator.observations.registry import standard
from simulator.running.paced_observer import AnyObservation, PacedObserver


class StartObserver:
    """Makes it for the first frame; where a hand waits, what nobody sees is left until the run leaves its start."""

    def __init__(self, observer: PacedObserver) -> None:
        self.left: tuple[AnyObservation, ...] = ()
        """What the first frame has left out."""
        self._observer = observer

    def observe(self, goes_on: bool, hand: PacedObserver | None) -> Made:
        """What the first frame brings; ``hand`` observed the stage before, where a hand waits for this one."""
        looks = _first_looks(goes_on)
        if hand is not None and self._observer.training.step == 0:
            seen = self._observer.wanted = hand.wanted
            self.left = tuple(each for each in looks if each not in seen)
            looks = tuple(each for each in looks if each in seen)
        return self._observer.at_once(looks)

    def take_left(self) -> Made:
        """What was left out."""
        left, self.left = self.left, ()
        return self._observer.at_once(left)


def _first_looks(goes_on: bool) -> tuple[AnyObservation, ...]:
    """What the first frame of a run brings; where it goes on at once, no later one tells the doctor of step 0."""
    if not goes_on:
        return standard()
    from simulator.doctor.evidence import OBSERVATIONS  # The first network of a bench does not wait for the doctor.

    return *standard(), *OBSERVATIONS
