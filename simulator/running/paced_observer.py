"""What is asked of a run beside its steps: made with its frames, as often as each one's share of the time allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from simulator.observations.base import Observation, Observed
from simulator.observations.observer import Observer
from simulator.running.throttle import Throttle
from simulator.system.progress import advance
from simulator.training.training import Training

FRAME_SECONDS = 0.05
"""What takes longer goes into a frame alone, and while nothing trains into one after that which shows the step."""
NOTICED_SECONDS = 0.01
"""What takes longer waits while a hand is on a knob."""
LEAST_SECONDS = 1e-9
MOST = 64
"""Observations whose last results are kept."""

AnyObservation = Observation[Any]


class _Asked:
    """One observation: what was found last, of which state of the training, and when it is due again."""

    def __init__(self, seconds: float) -> None:
        self.throttle = Throttle(0)
        self.observed: Observed[Any] | None = None
        self.state = -1
        self.seconds = seconds
        """What it cost last, or what its kind cost last in another run; inf where that is not known."""

    @property
    def age(self) -> int:
        """To be ordered by: what was never found first, then the oldest."""
        return -1 if self.observed is None else self.observed.step

    def holds(self, step: int, state: int) -> bool:
        """Whether looking again would find the same; a refusal holds for every step."""
        last = self.observed
        return last is not None and self.state == state and (last.step == step or bool(last.refusal))


class PacedObserver:
    """Observes one training while it goes on.

    What has no share of the time of its own is made for every frame. Of the rest a frame brings what is due, and else
    the last result, which says its step. Where nothing trains, all of it is due until it is of the present step.
    """

    def __init__(self, training: Training) -> None:
        self.training = training
        self.costs: dict[type[AnyObservation], float] = {}
        """Kind of observation → the seconds that one took last; observers of runs in turn share it."""
        self.awaited = False
        """Whether the last frame left out what the next one will bring, although nothing trains."""
        self.wanted: tuple[AnyObservation, ...] = ()
        """What the last frame was to bring."""
        self._observer = Observer(training)
        self._asked: dict[AnyObservation, _Asked] = {}
        self._state = 0
        self._shown: tuple[int, int] | None = None
        """Step and state of the last frame."""
        self._hand = Throttle(0)
        """Not due while a hand is on a knob."""
        self.networks = 1
        """How many are trained in turns: what is made of all of them together keeps to the shares."""
        self.spent = self._before = 0.0
        """Seconds that the last frame has taken with what was looked at of other networks, and that alone."""

    def renew(self) -> None:
        """The training is another than before at the same step."""
        self._state += 1

    def defer(self) -> None:
        """A hand is on a knob: what takes long waits for it."""
        self._hand.defer()

    def go_behind(self, other: PacedObserver) -> PacedObserver:
        """The next frame is of another network too, which has been looked at: what that took counts in this one."""
        self.networks, self.spent, self._before = other.networks, other.spent, other.spent
        return self

    def is_quick(self, observations: Sequence[AnyObservation]) -> bool:
        """Whether each of these is known not to take long, so that nobody needs to hear how far it is."""
        return all(not each.share or self._of(each).seconds <= NOTICED_SECONDS for each in observations)

    def at_once(self, observations: Sequence[AnyObservation]) -> dict[AnyObservation, Observed[Any]]:
        """All of them at the present step, whatever they cost."""
        wanted = tuple(dict.fromkeys(observations))
        for done, each in enumerate(wanted):
            advance("Looking at the first step", done, len(wanted))
            self._make(each, observations)
        return self._results(observations)

    def observe(
        self, observations: Sequence[AnyObservation], *, goes_on: bool, short: bool = False
    ) -> dict[AnyObservation, Observed[Any]]:
        """The results for a frame of the present step; ``short``: without any that may be left to the next."""
        asked = self.wanted = tuple(dict.fromkeys(observations))
        step, spent = self.training.step, self._before
        shown, self._shown = self._shown == (step, self._state), (step, self._state)
        for each in asked:
            if not each.share:
                self._make(each, asked)
        due = [each for each in asked if each.share and self._due(each, goes_on, short)]
        made = 0
        for each in sorted(due, key=lambda each: (self._of(each).age, self._of(each).seconds)):
            if spent > FRAME_SECONDS or (not goes_on and not shown and self._of(each).seconds > FRAME_SECONDS):
                continue
            spent += self._make(each, asked)
            made += 1
        self.awaited, self.spent = not goes_on and (short or made < len(due)), spent
        self._forget_old(asked)
        return self._results(asked)

    def _of(self, observation: AnyObservation) -> _Asked:
        if observation not in self._asked:
            self._asked[observation] = _Asked(self.costs.get(type(observation), math.inf))
        return self._asked[observation]

    def _due(self, observation: AnyObservation, goes_on: bool, short: bool) -> bool:
        asked = self._of(observation)
        if asked.holds(self.training.step, self._state):
            return False
        if not goes_on:
            return True
        waits = asked.seconds > NOTICED_SECONDS and not self._hand.due
        return asked.throttle.due and not short and not waits

    def _make(self, observation: AnyObservation, together: Sequence[AnyObservation]) -> float:
        """Observe it beside what is asked ``together`` with it; the seconds that it took."""
        asked = self._of(observation)
        try:
            asked.observed = self._observer.observe_one(observation)
        except Exception as error:
            # Once is enough: who looks again is told.
            asked.observed = Observed(self.training.step, None, f"{type(error).__name__}: {error}")
            raise
        finally:
            asked.state = self._state
        if observation.share:
            asked.seconds = self.costs[type(observation)] = asked.observed.seconds
            asked.throttle.rest = self._rest(observation, together)
            asked.throttle.spent(asked.seconds)
            if asked.seconds > NOTICED_SECONDS:
                self._hand.spent(0)
        return asked.observed.seconds

    def _rest(self, observation: AnyObservation, together: Sequence[AnyObservation]) -> float:
        """After how many times as long as it took it is due again, so that those of one share keep to it together.

        What costs c comes each √c Σ√c / share: of all paces that keep to the share, that with the least mean age.
        Of several networks each has a part of it.
        """
        costs = [self._of(each).seconds for each in together if each.share == observation.share]
        roots = sum(math.sqrt(seconds) for seconds in costs if math.isfinite(seconds))
        share = observation.share / self.networks
        return roots / math.sqrt(max(self._of(observation).seconds, LEAST_SECONDS)) / share - 1

    def _results(self, observations: Sequence[AnyObservation]) -> dict[AnyObservation, Observed[Any]]:
        last = {each: self._of(each).observed for each in observations}
        return {each: observed for each, observed in last.items() if observed is not None}

    def _forget_old(self, asked: Sequence[AnyObservation]) -> None:
        for each in [each for each in self._asked if each not in asked][: max(0, len(self._asked) - MOST)]:
            del self._asked[each]
            self._observer.forget(each)
