"""The race: each optimiser from the same start, by the bench's own classes, so that the picture is the truth.

``race(plain)`` takes a *landscape* as JSON holds it and gives the paths by name::

    {
      "function": "ravine",
      "set": {"condition": 100},
      "optimizers": {"plain": {"kind": "sgd", "learning_rate": 0.01},
                     "heavy": {"kind": "sgd", "momentum": 0.9, "schedule": {"kind": "cosine", "t_max": 200}}},
      "start": [1, 1],
      "steps": 200
    }

``function`` is one of ``FUNCTIONS`` and ``set`` its fields; a rule is an optimiser, or ``momentum_as_printed``, with
its fields and a ``schedule`` beside them. ``start`` may be left out. ExperimentError says what is wrong and where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.arrays.numeric import Floats, Stream, stream
from simulator.landscape.entry import Racer
from simulator.landscape.function import Objective, Point
from simulator.landscape.landscape import Landscape
from simulator.system.progress import advance

TOLD_EVERY = 16
"""Steps between two words of how far it is."""


@dataclass(frozen=True)
class RacedPath:
    """Where one optimiser went: each array begins with the start, and ends where the last update led."""

    entry: Racer
    places: Floats
    """(steps + 1, 2): x and y."""
    values: Floats
    """(steps + 1,): f there."""
    gradients: Floats
    """(steps + 1, 2): the gradient that is followed from there, noise included."""
    states: Floats
    """(steps + 1, slots, 2): the optimiser's state vectors as each update finds them."""

    @property
    def steps(self) -> int:
        return len(self.places) - 1


class Runner:
    """One optimiser on its way; as many steps as are asked for."""

    def __init__(self, entry: Racer, objective: Objective, start: Point, steps: int, noise: tuple[float, int]) -> None:
        self.entry, self._objective = entry, objective
        self.sigma, seed = noise
        self._draws = stream(seed, Stream.LANDSCAPE)
        slots = entry.optimizer.slots
        self.step = 0
        """Updates that are made."""
        self.places = np.full((steps + 1, 2), np.nan)
        self.values = np.full(steps + 1, np.nan)
        self.gradients = np.full((steps + 1, 2), np.nan)
        self.states = np.zeros((steps + 1, slots, 2))
        self.places[0] = start
        self._state = tuple(np.zeros(2) for _ in range(slots))
        self._update = np.zeros(2)
        with np.errstate(all="ignore"):
            self._look()

    def _look(self) -> None:
        """What is found where it stands."""
        x, y = self.places[self.step]
        gradient = self.gradients[self.step]
        self.values[self.step], gradient[0], gradient[1] = self._objective.slope(x, y)
        if self.sigma:
            gradient += self.sigma * self._draws.standard_normal(2)

    def go_to(self, step: int) -> None:
        """Make updates until so many are made."""
        rule = self.entry.optimizer
        with np.errstate(all="ignore"):
            while self.step < step:
                here, gradient = self.places[self.step], self.gradients[self.step]
                rule.update(self._state, here, gradient, self._update, self.entry.rate(self.step), self.step + 1)
                self.step += 1
                np.add(here, self._update, out=self.places[self.step])
                for index, slot in enumerate(self._state):
                    self.states[self.step, index] = slot
                self._look()

    def path(self) -> RacedPath:
        """As far as it is; going on writes behind its end alone."""
        end = self.step + 1
        return RacedPath(self.entry, self.places[:end], self.values[:end], self.gradients[:end], self.states[:end])


def runners(landscape: Landscape, objective: Objective) -> list[Runner]:
    """All of those that race, at the start."""
    start, noise = landscape.begin, landscape.function.noise
    return [Runner(entry, objective, start, landscape.steps, noise) for entry in landscape.optimizers]


def run(landscape: Landscape, objective: Objective | None = None) -> list[RacedPath]:
    """All paths, to the end; ``objective`` is the function's own where that is made already."""
    started = runners(landscape, landscape.function.objective() if objective is None else objective)
    total = landscape.steps * len(started)
    for index, runner in enumerate(started):
        while runner.step < landscape.steps:
            advance("Racing", index * landscape.steps + runner.step, total, "steps")
            runner.go_to(min(runner.step + TOLD_EVERY, landscape.steps))
    return [runner.path() for runner in started]


def race(plain: Mapping[str, Any]) -> dict[str, RacedPath]:
    """The paths of a landscape as JSON holds it, by name; ExperimentError where it holds none."""
    return {path.entry.name: path for path in run(Landscape.from_builtins(plain))}
