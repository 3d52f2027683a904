"""A pupil's curves are drawn on the plots of the bench that show the answer, one on each."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.lessons.formula import Formula
from simulator.lessons.lesson import Lesson
from simulator.lessons.question import CurveQuestion
from ui.board.plot_area import PlotArea
from ui.chart.sketch import Sketch
from ui.lessons.answer_forms import CurveForm
from ui.plots.asked import shows


class CurvesOnPlots:
    """Of one lesson, over the plots of one window."""

    def __init__(self, plots: PlotArea, lesson: Lesson) -> None:
        self._plots, self._lesson = plots, lesson
        self._keys: dict[str, str] = {}
        """Question → its plot."""

    def place(self, form: CurveForm) -> None:
        """Lay what is drawn on over its plot; where all that may be are taken it stays with the question."""
        name = form.question.name
        others = {key for question, key in self._keys.items() if question != name}
        key = next((each for each in self._fitting(form.question) if each not in others), None)
        if key is not None:
            self._keys[name] = key
            form.lie_on(self._plots.plot(key))
            form.plot_wanted.connect(self._show)

    def _fitting(self, question: CurveQuestion) -> Iterator[str]:
        """Those of the lesson that show it, then its others, then whichever shows it."""
        words = Formula(question.measured).names
        readings = [reading for name, reading in self._lesson.readings.items() if name in words]
        own = [key for key in self._lesson.plots if self._plots.has(key)]
        yield from sorted(own, key=lambda key: not shows(self._plots.kind(key), readings))
        self._plots.complete()
        yield from (kind.key for kind in self._plots.known if shows(kind, readings))

    def _show(self, key: str, sketch: Sketch) -> None:
        """Give the plot the whole board, ready to be drawn on; without the curve a place among the others does."""
        if sketch.isHidden():
            self._plots.show_plot(key)
        else:
            self._show_alone(key)
            sketch.setFocus()

    def show_first(self) -> None:
        """Give the first of them the whole board."""
        for key in [*self._keys.values()][:1]:
            self._show_alone(key)

    def _show_alone(self, key: str) -> None:
        self._plots.show_plot(key)
        self._plots.board.maximise(key)
