"""In the gradient norm over time no layer hides another: equal curves, noisy ones, few and many, large and small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from simulator.arrays.numeric import Floats
from simulator.record.history import History, Rows
from simulator.record.record import Record
from tests.ui.pixels import pixels as colours_of
from tests.ui.plot_data import frame
from tests.ui.told import drawn
from ui.chart.alike import AlikeCurves, DashTurn, GrowingCurves, alone_of, neighbours_of, turns_of
from ui.chart.marks import LIVE, Mark, Palette, Surface
from ui.chart.pane import Pane
from ui.chart.spans import Spans
from ui.export.pictures import PictureSettings, picture
from ui.plots import View, plot_class
from ui.plots.gradient_time import SHARED_LINES, GradientTime, shared_by
from ui.style.theme import LIGHT


def history(depth: int, steps: int, noise: float, apart: float, level: float = 1.0) -> History:
    """Norms that fall by a decade, scattered by ``noise`` decades, ``apart`` decades between one layer and the next."""
    made = History(("loss", *(f"weight_gradient_norm:{i}" for i in range(depth))))
    scatter = noise * np.random.default_rng(0).normal(size=(steps + 1, depth))
    fall = np.linspace(0, 1, steps + 1)[:, np.newaxis]
    values = level * 10 ** (scatter + apart * np.arange(depth) - fall)
    made.extend(Rows(0, made.columns, np.column_stack([np.ones(steps + 1), values])))
    return made


def shown(given: History, depth: int, qtbot: QtBot, size: tuple[int, int]) -> GradientTime:
    plot = plot_class("gradient_time")()
    assert isinstance(plot, GradientTime)
    qtbot.addWidget(plot)
    plot.resize(*size)
    plot.refresh(View(frame(depth, given.end), Record(given)))
    plot.grab()
    return plot


def seen_of(plot: GradientTime, layer: int, whole: QImage) -> int:
    """How many pixels change when this layer is not drawn in its own colour."""
    colours = plot.layer_colours
    plot.layer_colours = (*colours[:layer], "#ff00ff", *colours[layer + 1 :])
    plot.redraw()
    found = plot.canvas.grab().toImage()
    plot.layer_colours = colours
    plot.redraw()
    return np.count_nonzero(colours_of(found) != colours_of(whole))


def turns(plot: GradientTime) -> list[DashTurn | None]:
    """Which curves are dashed, as large as the plot is now."""
    pane = plot.canvas.panes[0]
    return drawn(plot, AlikeCurves).turns(pane.scaling * pane.childGroup.sceneTransform())


CASES = {
    "equal": (0.0, 0.0, 1.0, 300),
    "all zero": (0.0, 0.0, 0.0, 300),
    "noise upon each other": (0.3, 0.0, 1.0, 6000),
    "noise": (0.3, 0.05, 1.0, 6000),
    "a hair apart": (0.0, 1e-4, 1.0, 6000),
    "apart": (0.05, 0.3, 1.0, 300),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("depth", "size", "least"), [(2, (266, 190), 20), (6, (420, 280), 20), (50, (420, 280), 2)])
def test_every_layer_is_seen(case: str, depth: int, size: tuple[int, int], least: int, qtbot: QtBot) -> None:
    noise, apart, level, steps = CASES[case]
    plot = shown(history(depth, steps, noise, apart, level), depth, qtbot, size)
    whole = plot.canvas.grab().toImage()
    for layer in {0, 1, depth // 2, depth - 1}:
        assert seen_of(plot, layer, whole) >= least, layer


def taken_turns(heights: Floats) -> list[DashTurn | None]:
    """Of curves 400 pixels long, 100 of which are 1 in height."""
    return turns_of(len(heights), neighbours_of(heights, pixels=100.0), length=400.0)


def test_curves_apart_are_whole_and_equal_ones_take_turns_by_size_not_by_layer() -> None:
    x = np.linspace(0, 1, 200)
    turns = taken_turns(np.array([x, x + 1, x, np.full(200, np.nan), x + 1.001]))
    assert [turn is None for turn in turns] == [False, False, False, True, False]
    places = [(turn.place, turn.count) for turn in turns if turn is not None]
    assert places == [(0, 2), (0, 2), (1, 2), (1, 2)]
    assert taken_turns(np.array([x, x + 1])) == [None, None]
    assert taken_turns(np.zeros((0, 0))) == []


def test_a_picture_shows_curves_as_far_apart_as_it_has_room_for(qtbot: QtBot) -> None:
    """What is one line in a small plot is two in a large picture, and is not dashed there."""
    plot = shown(history(2, 300, 0.0, 0.02), 2, qtbot, (266, 130))
    assert turns(plot)[0] is not None
    twin = plot.twin(plot.theme)
    qtbot.addWidget(twin)
    assert isinstance(twin, GradientTime)
    twin.canvas.lay_out(1600, 1200)
    twin.canvas.grab()
    assert turns(twin) == [None, None]
    assert not picture(plot, PictureSettings(800, 600)).isNull()


def test_the_line_of_many_steps_lies_between_their_extremes_and_a_spike_is_still_drawn(qtbot: QtBot) -> None:
    given = history(1, 5000, 0.2, 0.0)
    given.extend(Rows(5001, given.columns, np.array([[1.0, 1e4]])))
    plot = shown(given, 1, qtbot, (420, 280))
    assert plot.state is not None
    past = plot.state.past
    (heights,), (reach,) = drawn(plot, AlikeCurves).heights, drawn(plot, Spans, "ranges").heights
    low, high = np.log10(past.low[:, 0]), np.log10(past.high[:, 0])
    np.testing.assert_allclose(heights, (low + high) / 2)
    assert reach.max() == pytest.approx(4.0)


def test_a_curve_is_whole_where_no_other_lies_upon_it() -> None:
    falling = np.concatenate([np.linspace(1, 0, 50), np.zeros(150)])
    other = np.concatenate([np.linspace(2, 0, 50), np.zeros(150)])
    heights = np.array([falling, other, np.full(200, np.nan)])
    assert [turn is not None for turn in taken_turns(heights)] == [True, True, False]
    alone = alone_of(heights, neighbours_of(heights, pixels=100.0))
    assert alone[:2, :45].all()
    assert not alone[:2, 60:].any()


MANY = 501
"""Layers, more than there can be lines."""


def test_of_more_layers_than_lines_each_lies_within_that_of_its_neighbours(qtbot: QtBot) -> None:
    given = history(MANY, 40, 0.1, 0.01)
    spike = np.ones((1, MANY + 1))
    spike[0, 1 + 333] = 1e6
    given.extend(Rows(41, given.columns, spike))
    plot = shown(given, MANY, qtbot, (420, 280))
    assert plot.state is not None
    shared, lines = shared_by(MANY), drawn(plot, AlikeCurves).heights
    ranges = drawn(plot, Spans, "ranges").heights
    assert len(lines) == len(ranges) == -(-MANY // shared) <= SHARED_LINES
    heights = np.log10(plot.state.past.last)
    for line, reached in enumerate(ranges):
        layers = heights[:, line * shared : (line + 1) * shared]
        assert reached.min() == pytest.approx(layers.min())
        assert reached.max() == pytest.approx(layers.max())
    assert f"each line of {shared} layers" in plot.sentence()


@pytest.mark.parametrize("layer", [0, 250, MANY - 1])
def test_of_many_layers_the_one_that_is_pointed_at_is_drawn_by_itself(layer: int, qtbot: QtBot) -> None:
    given = history(MANY, 40, 0.3, 0.0)
    plot = shown(given, MANY, qtbot, (420, 280))
    curves, shared = drawn(plot, AlikeCurves), shared_by(MANY)
    line = curves.pointed(layer).heights[layer // shared]
    assert plot.state is not None
    np.testing.assert_allclose(line, np.log10(plot.state.past.last[:, layer]))
    whole = plot.canvas.grab().toImage()
    plot.highlight(layer)
    assert plot.canvas.grab().toImage() != whole


def test_as_many_layers_as_lines_have_one_each(qtbot: QtBot) -> None:
    plot = shown(history(100, 40, 0.3, 0.0), 100, qtbot, (420, 280))
    assert len(drawn(plot, AlikeCurves).heights) == 100
    assert "each line" not in plot.sentence()


def growing(kind: str, points: int) -> AlikeCurves:
    """Six curves of so many points; more of them go on where fewer end."""
    x, rng = np.arange(200.0), np.random.default_rng(1)
    between = {"apart": 0.5, "alike": 0.0}.get(kind, 0.1)
    noise = 0.0 if kind == "alike" else 0.02
    heights = noise * rng.normal(size=(200, 6)).cumsum(axis=0).T + between * np.arange(6.0)[:, np.newaxis]
    if kind == "with gaps":
        heights[0, 40:44] = heights[1, 150:] = heights[2, 159:161] = heights[3, :100] = heights[4, 158] = np.nan
        heights[5, [*range(30, 60), *range(61, 200)]] = np.nan
    return AlikeCurves("curves", x[:points], heights[:, :points], colours=["#102030", "#c04000"], layers=range(6))


WAY = QTransform(3.0, 0, 0, -40.0, 5.0, 140.0)


def pixels(marks: Sequence[Mark], pane: Pane, way: QTransform = WAY) -> NDArray[np.int16]:
    """What they look like, one over the other: (height, width, colours)."""
    image = QImage(620, 240, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFF)
    with QPainter(image) as painter:
        for mark in marks:
            mark.draw(Surface(painter, way, pane, Palette(LIGHT), LIVE))
    return np.frombuffer(image.constBits(), np.uint8).reshape(240, 620, 4).astype(np.int16)


@pytest.mark.parametrize("kind", ["apart", "noisy", "alike", "with gaps"])
def test_curves_that_grow_are_drawn_in_two_parts_as_if_they_were_whole(kind: str, qapp: QApplication) -> None:
    pane, curves = Pane(), GrowingCurves[AlikeCurves]()
    assert len(curves.parts(growing(kind, 175))) == 1
    settled, rest = curves.parts(growing(kind, 180))
    again, _ = curves.parts(growing(kind, 184))
    assert again is settled
    assert settled.x.size + rest.x.size == 181
    seam = round(5 + 3 * settled.x[-1])
    differ = np.abs(pixels([settled, rest], pane) - pixels([growing(kind, 180)], pane)).max(axis=2) > 60
    elsewhere = np.delete(differ, np.s_[seam - 3 : seam + 4], axis=1)
    assert np.count_nonzero(elsewhere) < 12, np.argwhere(elsewhere)


def test_curves_that_stand_still_or_are_others_than_before_are_drawn_whole(qapp: QApplication) -> None:
    curves, given = GrowingCurves[AlikeCurves](), growing("apart", 180)
    assert [len(curves.parts(given)) for _ in range(3)] == [1, 1, 1]
    assert len(curves.parts(growing("apart", 181))) == 2
    assert len(curves.parts(growing("noisy", 182))) == 1
    assert len(curves.parts(growing("noisy", 183))) == 2


def test_where_points_come_seldom_what_stays_of_curves_is_made_anew_for_a_few() -> None:
    curves, given = GrowingCurves[AlikeCurves](), [growing("apart", points) for points in range(100, 128)]
    seen = [curves.parts(each) for each in given]
    assert seen[1][0].x.size == seen[-1][0].x.size
    drawn = [curves.parts(replace(given[-1], x=given[-1].x + 1e-6 * (given[-1].x >= 126) * time)) for time in range(50)]
    assert {len(parts) for parts in drawn} == {2}
    assert drawn[-1][0].x.size > seen[-1][0].x.size
    for _ in range(100):
        assert curves.parts(given[-1])[0] is drawn[-1][0]


def spans(places: int, *, gaps: bool = False, seed: int = 1) -> Spans:
    """Between six curves and what lies above them, so many places of each; more of them go on where fewer end."""
    rng = np.random.default_rng(seed)
    low = 0.02 * rng.normal(size=(200, 6)).cumsum(axis=0).T + 0.1 * np.arange(6.0)[:, np.newaxis]
    high = low + np.abs(rng.normal(size=(200, 6)).T)
    if gaps:
        low[0, 40:44] = high[0, 40:44] = low[1, 155:] = high[1, 150:] = low[2, 159:161] = high[3, :100] = np.nan
    colours, seen = ["#102030", "#c04000"], [True] * 5 + [False]
    return Spans(
        "ranges", np.arange(200.0)[:places], low[:, :places], high[:, :places], seen=seen, colours=colours, alpha=0.3,
        layers=range(6),
    )  # fmt: skip


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("width", [0.31, 1.0, 1.37, 3.0])
def test_spans_that_grow_are_drawn_in_two_parts_to_the_pixel_as_if_they_were_whole(
    width: float, gaps: bool, qapp: QApplication
) -> None:
    pane, growing, way = Pane(), GrowingCurves[Spans](), QTransform(width, 0, 0, -40.0, 5.3, 140.7)
    pane.fit((-1.0, 200.0), (-2.0, 4.0))
    assert len(growing.parts(spans(175, gaps=gaps))) == 1
    settled, rest = growing.parts(spans(180, gaps=gaps))
    assert growing.parts(spans(184, gaps=gaps))[0] is settled
    whole = pixels([spans(180, gaps=gaps)], pane, way)
    np.testing.assert_array_equal(pixels([settled, rest], pane, way), whole)
    assert (whole != 255).any()


def test_spans_that_are_others_than_before_are_drawn_whole(qapp: QApplication) -> None:
    growing = GrowingCurves[Spans]()
    assert [len(growing.parts(spans(places))) for places in (180, 181)] == [1, 2]
    assert len(growing.parts(spans(182, seed=2))) == 1
