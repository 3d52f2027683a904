"""Plots of what costs more than a step: it comes as often as its share of time allows, and they show its age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.observations.base import Observation
from simulator.training.run_info import RunInfo
from ui.chart.legend import Note
from ui.chart.view import S
from ui.plots.observed import ObservedPlot
from ui.style.numbers import integer, number


class CostlyPlot(ObservedPlot[S]):
    """A plot that says when what it shows was true."""

    def age(self, step: int, seconds: float) -> Sequence[Note]:
        """When what is shown was true and what it cost; what stands in the way of a newer one."""
        notes = [age_note(step, seconds)]
        return [Note(f"no more: {self.refusal}", warning=True), *notes] if self.refusal else notes


class PointedLayerPlot(CostlyPlot[S]):
    """Of one layer: the one that was pointed at last, here or elsewhere; it stays."""

    chosen = 0

    def observation_of(self, layer: int) -> Observation[Any]:
        """What is observed of a layer."""
        raise NotImplementedError

    def begin(self, info: RunInfo) -> None:
        self._choose(min(self.chosen, info.depth - 1))

    def layer_pointed(self, layer: int) -> None:
        if layer >= 0:
            self._choose(layer)

    def _choose(self, layer: int) -> None:
        self.chosen = layer
        self.observe(self.observation_of(layer))


def age_note(step: int, seconds: float) -> Note:
    """``as of step 1 204, 4.2 ms``"""
    cost = f"{number(seconds, 2)} s" if seconds >= 0.1 else f"{number(1000 * seconds, 2)} ms"
    return Note(f"as of step {integer(step)}, {cost}")
