"""Plots of what costs more than a step: they ask at their own pace while they are seen, and show the answer's age."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.observations.question import Question
from simulator.running.messages import Answer
from simulator.training.run_info import RunInfo
from ui.chart.legend import Note
from ui.chart.view import S
from ui.plots.base import Plot, View
from ui.style.numbers import integer, number


class Asking(Plot[S]):
    """A subclass says what it asks and how an answer becomes a state."""

    refusal: str = ""
    """Why this run has no answer."""

    def question(self) -> Question:
        raise NotImplementedError

    def understand(self, answer: Answer, view: View) -> S:
        """What of an answer, which has a result, is drawn."""
        raise NotImplementedError

    def start(self, info: RunInfo) -> None:
        self.refusal = ""
        super().start(info)

    def capture(self, view: View) -> S | None:
        answer = view.answers.get(self.key)
        self.refusal = "" if answer is None else answer.refusal
        return None if answer is None or answer.refusal else self.understand(answer, view)

    def age(self, step: int, seconds: float) -> Sequence[Note]:
        """When the answer was true and what it cost; what stands in the way of a newer one."""
        cost = f"{number(seconds, 2)} s" if seconds >= 0.1 else f"{number(1000 * seconds, 2)} ms"
        found = [Note(f"as of step {integer(step)}, {cost}")]
        return [Note(f"no more: {self.refusal}", warning=True), *found] if self.refusal else found

    def _show_empty(self) -> None:
        super()._show_empty()
        if self.refusal:
            self._empty.setText(f"{self.refusal[0].upper()}{self.refusal[1:]}.")
