"""Plots of what costs more than a step: it comes as often as its share of time allows, and they show its age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.observations.base import Observed
from simulator.training.run_info import RunInfo
from ui.chart.legend import Note
from ui.chart.view import S
from ui.plots.base import Plot, View
from ui.style.numbers import integer, number


class CostlyPlot(Plot[S]):
    """A subclass says in ``observations`` what it shows and how a result becomes a state."""

    refusal: str = ""
    """Why this run has no result."""

    def understand(self, observed: Observed[Any], view: View) -> S:
        """What is drawn of an observation that has a result."""
        raise NotImplementedError

    def start(self, info: RunInfo) -> None:
        self.refusal = ""
        super().start(info)

    def capture(self, view: View) -> S | None:
        observed = view.frame.observed(self.observations[0])
        self.refusal = "" if observed is None else observed.refusal
        return None if observed is None or observed.refusal else self.understand(observed, view)

    def age(self, step: int, seconds: float) -> Sequence[Note]:
        """When what is shown was true and what it cost; what stands in the way of a newer one."""
        notes = [age_note(step, seconds)]
        return [Note(f"no more: {self.refusal}", warning=True), *notes] if self.refusal else notes

    def _show_empty(self) -> None:
        super()._show_empty()
        if self.refusal:
            self._empty.setText(f"{self.refusal[0].upper()}{self.refusal[1:]}.")


def age_note(step: int, seconds: float) -> Note:
    """``as of step 1 204, 4.2 ms``"""
    cost = f"{number(seconds, 2)} s" if seconds >= 0.1 else f"{number(1000 * seconds, 2)} ms"
    return Note(f"as of step {integer(step)}, {cost}")
