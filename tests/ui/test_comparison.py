"""How several networks are held against each other: by common layers, and by the ratio of their images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.layers.base import layer_kinds
from simulator.record.alignment import common_rows
from simulator.schema.numbers import number
from tests.ui.real_runs import NETS, real
from tests.ui.windows import OpenOn, windows
from ui.chart.colour_tables import diverging_table
from ui.chart.heat import Heat
from ui.chart.ratio import largest_magnitude, log_ratio
from ui.chart.view import Comparing
from ui.export.pictures import PictureSettings, picture
from ui.plots import View, all_plots
from ui.plots.base import Plot
from ui.plots.images import ImagePlot, images_of
from ui.plots.several_networks import pieces_of
from ui.style.theme import LIGHT

PLOTS = all_plots()
IMAGES = [plot for plot in PLOTS if issubclass(plot, ImagePlot)]

open_on = pytest.fixture(windows)


def dense(*units: int) -> Experiment:
    layers = [{"kind": "dense", "units": each} for each in units]
    return Experiment.from_builtins({"data": {"kind": "moons"}, "layers": layers})


def labels(count: int) -> list[str]:
    return [str(number + 1) for number in range(count)]


def shown(qtbot: QtBot, kind: type[Plot[Any]], view: View) -> Plot[Any]:
    plot = kind(theme=LIGHT, bare=True)
    qtbot.addWidget(plot)
    plot.resize(900, 400)
    plot.refresh(view)
    return plot


# -- common layers -------------------------------------------------------------------------------------------------


def test_layers_that_both_have_are_partners_and_one_put_between_has_none() -> None:
    pairs = common_rows(dense(5, 6, 7), labels(4), dense(5, 6, 9, 7), labels(5))
    assert pairs == ((0, 0), (1, 1), (2, 3), (3, 4))
    assert common_rows(dense(5, 6, 9, 7), labels(5), dense(5, 6, 7), labels(4)) == ((0, 0), (1, 1), (3, 2), (4, 3))
    assert common_rows(dense(), labels(1), dense(4), labels(2)) == ((0, 1),)


def test_inner_layers_are_partners_where_there_are_as_many() -> None:
    def block(inner: int) -> Experiment:
        layers = [{"kind": "dense", "units": 6, "repeat": inner}]
        stack = [{"kind": "dense", "units": 6}, {"kind": "residual", "layers": layers}]
        return Experiment.from_builtins({"data": {"kind": "moons"}, "layers": stack})

    two, three = ["1", "2.1", "2.2", "2", "3"], ["1", "2.1", "2.2", "2.3", "2", "3"]
    assert common_rows(block(2), two, block(2), two) == tuple((row, row) for row in range(5))
    assert common_rows(block(2), two, block(3), three) == ((0, 0), (3, 4), (4, 5))


@pytest.mark.parametrize("name", NETS)
def test_of_every_kind_of_layer_each_row_is_its_own_partner(name: str) -> None:
    view = real(name)
    own = [layer.label for layer in view.frame.info.layers]
    experiment = Experiment.from_builtins(NETS[name])
    assert common_rows(experiment, own, experiment, own) == tuple((row, row) for row in range(len(own)))


def test_the_nets_have_layers_of_many_kinds() -> None:
    used = {layer.kind for name in NETS for layer in real(name).frame.info.layers}
    assert len(used & layer_kinds(lambda _: True)) >= 7


def test_pieces_bring_partners_together_and_what_is_between_evenly() -> None:
    anchors = [(-0.5, -0.5), (0, 0), (1, 1), (2, 3), (3, 4), (3.5, 4.5)]
    pieces = pieces_of(anchors, across=True)
    assert [piece.ends for piece in pieces] == [(-np.inf, 1), (1, 2), (2, np.inf)]
    for own, its in anchors:
        assert any(
            piece.transform.map(its, 7.0) == (pytest.approx(own), 7.0)
            for piece in pieces
            if piece.ends is not None and piece.ends[0] <= own <= piece.ends[1]
        )
    assert pieces[1].transform.map(2.0, 0.0)[0] == pytest.approx(1.5)


@pytest.mark.parametrize("kind", PLOTS, ids=lambda kind: kind.key)
def test_every_plot_draws_networks_by_common_layers_and_back(qtbot: QtBot, kind: type[Plot[Any]]) -> None:
    name = next(name for name in NETS if shown(qtbot, kind, real(name)).state is not None)
    base = real(name)
    by_depth = replace(base, lanes={"B": real("deep"), "C": base})
    plot = shown(qtbot, kind, by_depth)
    before = picture(plot, PictureSettings(600, 400))
    plot.refresh(replace(by_depth, comparing=Comparing(common_layers=True)))
    assert not picture(plot, PictureSettings(600, 400)).isNull()
    if kind.overlays:
        last = len(base.frame.info.layers) - 1
        assert [lane.partners[-1] for lane in plot.lanes] == [(last, 49), (last, last)]
    plot.refresh(by_depth)
    assert all(not lane.partners for lane in plot.lanes)
    if kind.overlays:
        assert picture(plot, PictureSettings(600, 400)) == before


# -- ratios --------------------------------------------------------------------------------------------------------


def heat(logs: Any, rect: QRectF | None = None, of_layers: bool = True) -> Heat:
    values = np.array(logs, float)
    places = np.zeros(values.shape, np.uint8)
    return Heat("image", places, rect or QRectF(0, 0, values.shape[1], values.shape[0]), diverging_table, logs=values,
                of_layers=of_layers)  # fmt: skip


def test_a_ratio_is_the_difference_of_logarithms_and_keeps_what_is_no_number() -> None:
    lost, zero, nothing = np.inf, -np.inf, np.nan
    mine = heat([[2.0, zero, 1.0, lost, nothing, zero, lost]])
    base = heat([[-1.0, 0.0, zero, 0.0, 0.0, zero, nothing]])
    expected = [[3.0, zero, lost, lost, nothing, nothing, nothing]]
    np.testing.assert_array_equal(log_ratio(mine, base, {0: 0}), expected)


def test_rows_go_by_layers_and_columns_by_where_they_lie() -> None:
    mine, base = heat([[1.0, 1.0], [5.0, 5.0], [9.0, 9.0]]), heat([[0.0], [2.0]], QRectF(0, 0, 1, 2))
    np.testing.assert_array_equal(log_ratio(mine, base, {0: 0, 2: 1}), [[1.0, np.nan], [np.nan, np.nan], [7.0, np.nan]])
    assert np.isnan(log_ratio(heat([[1.0]], of_layers=False), heat([[1.0], [2.0]], of_layers=False), {})).all()
    assert largest_magnitude([np.array([np.nan, -3.0, np.inf])]) == 3.0
    assert largest_magnitude([np.array([np.nan])]) == 0.1


@pytest.mark.parametrize("kind", IMAGES, ids=lambda kind: kind.key)
def test_images_become_ratios_by_choice_and_images_again(qtbot: QtBot, kind: type[ImagePlot[Any]]) -> None:
    tried = 0
    for name in NETS:
        side = replace(real(name), lanes={"B": real(name, 3)})
        plot = shown(qtbot, kind, side)
        if plot.state is None or not plot.lanes or plot.lanes[0].plot.state is None:
            continue
        tried += 1
        lane = plot.lanes[0].plot
        before, ticks = picture(plot, PictureSettings(800, 400)), lane.bar.ticks
        plot.refresh(replace(side, comparing=Comparing(ratio=True)))
        assert lane.bar.name == "log₁₀ B / A"
        assert (lane.picture_title.text, lane.picture_title.tail) == ("B", " / A")
        assert lane.legend.keys[0].text == f"log₁₀ ±{number(lane.ratio_reach, 2)}"
        own, its = images_of(plot.marks(plot.state)), images_of(lane.marks(lane.state))
        rows = plot.partner_rows(plot.lanes[0])
        for key, ratio in lane.ratios.items():
            np.testing.assert_array_equal(ratio.logs, log_ratio(its[key], own[key], rows))
            assert lane.drawing.mark(key) is ratio
        assert picture(plot, PictureSettings(800, 400)) != before
        plot.refresh(side)
        assert (lane.picture_title.text, lane.picture_title.tail) == ("B", "")
        assert (lane.bar.name, lane.bar.ticks) == (kind.bar_name, ticks)
        assert picture(plot, PictureSettings(800, 400)) == before
    assert tried, "no net fills this plot"


def test_equal_networks_have_a_ratio_of_nothing_but_one(qtbot: QtBot) -> None:
    (kind,) = [plot for plot in PLOTS if plot.key == "gradient_image"]
    side = replace(real("deep"), lanes={"B": real("deep")}, comparing=Comparing(ratio=True))
    plot = shown(qtbot, kind, side)
    ratio = plot.lanes[0].plot.ratios["image"].logs
    assert np.nanmax(np.abs(ratio)) == 0.0
    probe = plot.lanes[0].plot.read(0, 1.0, 3.0)
    assert probe is not None
    assert probe.text.endswith("log₁₀ B / A  0")


def test_the_bar_chooses_how_networks_are_held_together(qtbot: QtBot, open_on: OpenOn) -> None:
    layers = [{"kind": "dense", "units": 5, "repeat": 3}]
    window = open_on(
        Experiment.from_builtins(
            {"data": {"kind": "moons"}, "layers": layers, "lanes": [{"name": "deep", "set": {"layers.0.repeat": 6}}]}
        )
    )
    qtbot.waitUntil(lambda: bool(window.bench.view and window.bench.view.lanes))
    menu = window.lanes_bar.comparison_menu
    assert [entry.isChecked() for entry in (*menu.layer_entries, *menu.image_entries)] == [True, False] * 2
    for entry in (menu.layer_entries[1], menu.image_entries[1]):
        entry.trigger()
    qtbot.waitUntil(lambda: window.bench.view.comparing == Comparing(common_layers=True, ratio=True))
    plot = window.plot_area.plot("gradient_depth")
    assert plot.lanes[0].partners[-1] == (3, 6)
    for entry in (menu.layer_entries[0], menu.image_entries[0]):
        entry.trigger()
    qtbot.waitUntil(lambda: window.bench.view.comparing == Comparing())
    assert plot.lanes[0].partners == ()


@pytest.mark.parametrize(("width", "columns"), [(330, 2), (900, 4)])
def test_images_that_have_no_room_in_a_row_stand_in_two(qtbot: QtBot, width: int, columns: int) -> None:
    (kind,) = [plot for plot in PLOTS if plot.key == "gradient_image"]
    view = real("deep")
    plot = kind(theme=LIGHT, bare=True)
    qtbot.addWidget(plot)
    plot.resize(width, 300)
    plot.show()
    plot.refresh(replace(view, lanes={"B": view, "C": view, "D": view}))
    canvases = [plot.canvas, *(lane.plot for lane in plot.lanes)]
    qtbot.waitUntil(lambda: len({canvas.x() for canvas in canvases}) == columns)
    assert len({canvas.y() for canvas in canvases}) == 4 // columns
    plot.refresh(view)
    qtbot.waitUntil(lambda: plot.canvas.width() > 0.9 * width)
