"""Plots of what costs more than a step: it comes as often as its share of time allows, and they show its age."""

from __future__ import annotations

from collections.abc import Sequence

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


def age_note(step: int, seconds: float) -> Note:
    """``as of step 1 204, 4.2 ms``"""
    cost = f"{number(seconds, 2)} s" if seconds >= 0.1 else f"{number(1000 * seconds, 2)} ms"
    return Note(f"as of step {integer(step)}, {cost}")
