"""The landscape's plots: contours, paths, the step taken apart, and pictures of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from main import main
from simulator.landscape.functions import FUNCTIONS
from simulator.landscape.landscape import Landscape
from simulator.landscape.race import run
from tests.ui.test_changes import PLAIN
from ui.export.pictures import KINDS, export_plot
from ui.landscape.descent import DescentPlot
from ui.landscape.paths import PathMark, StepMark, arrows_of
from ui.landscape.plot import LandscapePlot
from ui.landscape.relief import contours, relief_of
from ui.landscape.state import COLOURS, SHAPES, LandscapeState, state_of
from ui.plots.base import Plot

SIX = {
    "plain": {"kind": "sgd", "learning_rate": 0.005}, "heavy": {"kind": "sgd", "learning_rate": 0.005, "momentum": 0.9},
    "adam": {"kind": "adam"}, "adamw": {"kind": "adamw"}, "grad": {"kind": "adagrad"},
    "printed": {"kind": "momentum_as_printed", "learning_rate": 0.5},
}  # fmt: skip


def state(function: str = "ravine", steps: int = 400, step: int | None = None, chosen: int = 1) -> LandscapeState:
    settings = {"experiment": PLAIN, "trained": 3, "directions": "path"} if FUNCTIONS[function].slow else {}
    steps = min(steps, 20) if settings else steps
    landscape = Landscape.from_builtins({"function": function, "set": settings, "optimizers": SIX, "steps": steps})
    whole = state_of(landscape, landscape.function.objective(), run(landscape), chosen)
    return whole if step is None else replace(whole, step=step)


def test_the_command_draws_the_race(qtbot: QtBot, tmp_path: Path) -> None:
    assert main(["landscape", "saddle", "--steps", "5", "--out", str(tmp_path)]) == 0
    picture = QImage(str(tmp_path / "landscape.png"))
    assert (picture.width(), picture.height()) == (900, 700)


def test_contours_lie_where_the_function_has_their_height() -> None:
    objective = FUNCTIONS["ravine"]().objective()
    relief = relief_of(objective, ((-1.5, 1.5), (-1.5, 1.5)), 0.0, 200)
    for level, path in zip(relief.levels, contours(relief), strict=True):
        points = np.array([(path.elementAt(i).x, path.elementAt(i).y) for i in range(path.elementCount())])
        if level > -1 and len(points):
            heights = np.log10(objective.value(*points.T))
            assert np.abs(heights - level).max() < 0.05


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_drawn_with_paths_that_diverge_too(qtbot: QtBot, function: str) -> None:
    for plot in (LandscapePlot(bare=True), DescentPlot(bare=True)):
        qtbot.addWidget(plot)
        plot.show_state(state(function))
        plot.canvas.lay_out(500, 400)
        plot.grab()
        assert "printed" in plot.sentence()


def test_where_nobody_knows_the_minimum_heights_are_counted_from_the_least_that_was_seen() -> None:
    plain = {
        "function": "typed",
        "set": {"expression": "x^2 + y^2 - 7"},
        "optimizers": {"a": SIX["heavy"]},
        "steps": 2000,
    }
    landscape = Landscape.from_builtins(plain)
    shown = state_of(landscape, landscape.function.objective(), run(landscape))
    assert shown.relief.base == min(path.values.min() for path in shown.paths) < shown.relief.values.min()
    assert state("ravine").relief.base == 0.0


def test_curves_follow_where_a_lower_value_has_been_seen_since(qtbot: QtBot) -> None:
    """Along axes that stay as they are."""
    first = state("rosenbrock", steps=30)
    lower = replace(first, relief=replace(first.relief, base=first.relief.base - 0.5))
    pictures = []
    for shown in ((first, lower), (lower,)):
        plot = DescentPlot(bare=True)
        qtbot.addWidget(plot)
        plot.canvas.lay_out(500, 400)
        for each in shown:
            plot.show_state(each)
            picture = plot.canvas.grab().toImage()
        pictures.append(picture)
    assert pictures[0] == pictures[1]


def test_six_optimisers_are_told_apart_by_colour_and_by_shape(qtbot: QtBot) -> None:
    assert len({*COLOURS}) == len({*SHAPES}) == 6
    plot = LandscapePlot(bare=True)
    qtbot.addWidget(plot)
    plot.show_state(state(steps=3))
    marks = plot.drawing.marks_of(PathMark)
    assert len({mark.colour for mark in marks}) == len({mark.shape for mark in marks}) == 6


def test_the_coming_step_of_the_chosen_one_is_taken_apart(qtbot: QtBot) -> None:
    plot = LandscapePlot(bare=True)
    qtbot.addWidget(plot)
    plot.show_state(state(step=3))
    (mark,) = plot.drawing.marks_of(StepMark)
    path = plot.state.paths[1] if plot.state is not None else None
    assert path is not None
    update, *terms = (arrow.way for arrow in arrows_of(mark.terms))
    np.testing.assert_allclose(sum(terms), update, atol=1e-12)
    np.testing.assert_allclose(mark.terms.place + update, path.places[4])
    plot.show_state(state(step=3, chosen=-1))
    assert not plot.drawing.marks_of(StepMark)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [LandscapePlot, DescentPlot])
def test_both_are_exported_as_every_other_plot(
    qtbot: QtBot, make: type[Plot[LandscapeState]], kind: str, tmp_path: Path
) -> None:
    plot = make(bare=True)
    qtbot.addWidget(plot)
    plot.show_state(state(steps=20))
    path = export_plot(plot, tmp_path / f"race.{kind}")
    assert path.stat().st_size > 100
    if kind == "csv":
        assert path.read_text(encoding="utf-8").count("\n") >= 21
