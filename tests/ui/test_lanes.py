"""Plots of several networks at once."""

from __future__ import annotations

import csv
import gc
import io
import itertools
import weakref
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidgetItem
from shiboken6 import isValid

from simulator import Experiment, run
from simulator.observations.registry import analyses
from simulator.record.fan import fan_of
from simulator.running.headless.result import RunResult
from tests.thinned import thinned
from tests.ui.plot_data import view
from tests.ui.real_runs import NETS, real
from ui.app import create_app
from ui.chart.marks import LANES, Area
from ui.chart.table import joined
from ui.export.lanes import draw_lanes
from ui.export.pictures import LARGEST, PictureSettings, export_plot, picture
from ui.export.tables import csv_text
from ui.plots import View, all_plots, plot_class
from ui.plots.base import Plot
from ui.style.restyle import set_theme
from ui.style.theme import LIGHT, current_theme, depth_colours

PLOTS = all_plots()
OVERLAYS = [plot for plot in PLOTS if plot.overlays]


def filled(qtbot: Any, kind: type[Plot[Any]], shown: View) -> Plot[Any]:
    plot = kind(theme=LIGHT, bare=True)
    qtbot.addWidget(plot)
    plot.start(shown.frame.info)
    plot.refresh(shown)
    return plot


@pytest.mark.parametrize("kind", thinned(OVERLAYS, first=2, name=lambda plot: plot.key))
def test_a_plot_of_curves_draws_every_network_and_says_which_is_which(qtbot: Any, kind: type[Plot[Any]]) -> None:
    tried = 0
    for name in NETS:
        first, *others = (filled(qtbot, kind, real(each)) for each in (name, name, name, name))
        if first.state is None:
            continue
        tried += 1
        alone = picture(first, PictureSettings(600, 400))
        first.show_lanes("A", [(lane, other) for lane, other in zip("BCD", others, strict=True)])
        assert [key.text for key in first.legend.keys[:4]] == list("ABCD")
        assert len({key.swatch for key in first.legend.keys[:4]}) == 4
        assert {style.lane for style in LANES} == {0, 1, 2, 3}
        assert picture(first, PictureSettings(600, 400)) != alone
        told = [name.rpartition(": ")[2] for name in first.table().columns if ": " in name]
        assert set(told) == set("ABCD")
        first.show_lanes("A", [])
        assert picture(first, PictureSettings(600, 400)) == alone
    assert tried, "no net fills this plot"


@pytest.mark.parametrize("kind", [plot for plot in PLOTS if plot.kinds], ids=lambda kind: kind.key)
def test_the_run_stays_where_a_plot_shows_it_without_layers_that_the_plot_is_about(
    qtbot: Any, kind: type[Plot[Any]]
) -> None:
    run = next(real(name) for name in ("residual", "pooling") if not real(name).has(kind.kinds))
    plot = filled(qtbot, kind, run)
    assert (plot.state is None) == kind.only_kinds
    plot.refresh(replace(run, lanes={"B": real("pooling"), "C": real("recurrent"), "D": real("residual")}))
    assert (plot.info is run.frame.info) == (not kind.only_kinds)


@pytest.mark.parametrize("kind", [plot for plot in PLOTS if plot.kinds and plot.only_kinds], ids=lambda kind: kind.key)
def test_a_plot_of_layers_that_only_another_network_has_shows_that_one_by_its_name(
    qtbot: Any, kind: type[Plot[Any]]
) -> None:
    plot = kind(theme=LIGHT)
    qtbot.addWidget(plot)
    having = next(name for name in NETS if filled(qtbot, kind, real(name)).state is not None)
    without = next(name for name in NETS if not real(name).has(kind.kinds))
    plot.refresh(real(without))
    assert plot.sentence() == kind.empty_text
    plot.refresh(replace(real(without), lanes={"B": real(having), "C": real(having), "D": real(without)}))
    assert plot.info is real(having).frame.info
    assert plot.sentence().partition(": ")[2].startswith("B: ")
    assert "D: " not in plot.sentence()
    assert {name.rpartition(": ")[2] for name in plot.table().columns if ": " in name} == {"B", "C"}
    plot.refresh(replace(real(without), lanes={"B": real(having)}))
    texts = {key.text for key in plot.legend.keys} | {getattr(plot.image_name, "text", "")}
    assert "B" in texts
    assert plot.beside == []
    plot.refresh(replace(real(having), lanes={"D": real(without)}))
    assert plot.sentence().partition(": ")[2].startswith("A: ")
    plot.refresh(real(without))
    assert plot.sentence() == kind.empty_text


@pytest.mark.parametrize("kind", OVERLAYS, ids=lambda kind: kind.key)
def test_networks_lie_on_the_range_of_the_first_in_every_band(qtbot: Any, kind: type[Plot[Any]]) -> None:
    first = filled(qtbot, kind, real("recurrent"))
    other = kind(theme=LIGHT, bare=True)
    qtbot.addWidget(other)
    other.state = first.state
    if first.state is None or not hasattr(first, "bands"):
        return
    assert other.bands != first.bands
    first.show_lanes("A", [("B", other)])
    assert other.bands == first.bands


@pytest.mark.parametrize(
    ("kind", "depths"),
    thinned(OVERLAYS, [(10, 4), (4, 10), (1, 30), (30, 1)], name=lambda each: getattr(each, "key", str(each))),
)
def test_networks_of_other_depths_lie_at_the_same_relative_depth(
    qtbot: Any, kind: type[Plot[Any]], depths: Sequence[int]
) -> None:
    first, other = (filled(qtbot, kind, view(depth)) for depth in depths)
    if first.state is None or other.state is None:
        pytest.skip("drawn from real runs only")
    first.show_lanes("A", [("B", other)])
    assert not picture(first, PictureSettings(600, 400)).isNull()
    states = first.state.depth, other.state.depth
    pieces = first.stretch(first.lanes[0])
    for place, pane in enumerate(first.canvas.panes):
        if pane in (*first.canvas.depth_panes, *first.canvas.row_panes) and min(states) > 1:
            (piece,) = pieces[place]
            assert max(piece.transform.map(depths[1] - 1.0, depths[1] - 1.0)) == pytest.approx(max(depths) - 1)
        else:
            assert place not in pieces


def test_pictures_of_all_networks_are_written_and_those_beside_each_other_share_a_scale(
    tmp_path: Path, qapp: Any
) -> None:
    shown = {"A": real("residual"), "wide": real("deep")}
    for plot in PLOTS:
        (tmp_path / f"{plot.key}.png").write_bytes(b"of an earlier comparison")
    drawn = draw_lanes(
        {name: [(each.frame, each.record)] for name, each in shown.items()}, tmp_path, PictureSettings(300, 200)
    )
    assert len(drawn.written) + len(drawn.empty) == len(PLOTS)
    assert drawn.empty
    assert {*tmp_path.iterdir()} == {*drawn.written}
    for path in drawn.written:
        image = QImage(str(path))
        beside = not next(plot for plot in PLOTS if plot.key == path.stem).overlays
        assert image.width() in ((600, 300) if beside else (300,)), path.name


def test_networks_beside_each_other_share_the_widest_picture_that_there_may_be(
    tmp_path: Path, qapp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.export.lanes.all_plots", lambda: [plot_class("activation_image")])
    shown = real("deep")
    settings = PictureSettings(LARGEST // 2, 300)
    for scale, height in ((1.0, 300), (0.5, 150)):
        lanes = {name: [(shown.frame, shown.record)] for name in "ABCDE"}
        (path,) = draw_lanes(lanes, tmp_path, replace(settings, scale=scale)).written
        image = QImage(str(path))
        assert (image.width(), image.height()) == (LARGEST, height)


DENSE = {"kind": "dense", "units": 4}
SPANNED = (
    {
        "data": {"kind": "moons", "samples": 60},
        "layers": [{**DENSE, "repeat": 2}, {"kind": "residual", "layers": [DENSE]}],
    },
    {"data": {"kind": "moons", "samples": 60}, "layers": [{**DENSE, "repeat": 2}]},
    {
        "data": {"kind": "adding", "samples": 60, "steps": 10},
        "layers": [{"kind": "recurrent", "units": 3}],
        "loss": {"kind": "mse"},
    },
)
"""Between them every plot that spans seeds has something to show."""


def five_seeds(described: Mapping[str, Any] = SPANNED[0]) -> list[RunResult]:
    spanning = [each.kind for each in analyses().values() if each.spans_seeds]
    seeds = [Experiment.from_builtins({**described, "seed": seed}) for seed in range(5)]
    return [run(each, steps=4, every=2, analyses=spanning) for each in seeds]


def test_curves_of_five_seeds_are_drawn_as_their_median_with_quartiles_as_bands(tmp_path: Path, qtbot: Any) -> None:
    seen, spanning = set(), [kind for kind in PLOTS if kind.spans_seeds]
    for described in SPANNED:
        seeds = [(each.last, each.record) for each in five_seeds(described)]
        fan = fan_of(seeds)
        shown = View(fan.median, fan.record, fan=fan)
        for kind in spanning:
            plot, alone = filled(qtbot, kind, shown), filled(qtbot, kind, View(*seeds[0]))
            if plot.state is None:
                continue
            seen.add(kind.key)
            bands = [len(each.marks(each.state)) for each in (plot, alone)]
            assert kind.key == "gradient_time" or bands[0] > bands[1], kind.key
            assert "median and quartiles of 5 seeds" in plot.sentence(), kind.key
            assert {name for name in plot.table().columns if name.endswith(("_low", "_high"))}, kind.key
    assert seen == {kind.key for kind in spanning}
    drawn = draw_lanes({"A": seeds, "B": seeds[:1]}, tmp_path, PictureSettings(300, 200))
    assert len(drawn.written) + len(drawn.empty) == len(PLOTS)


def test_the_bands_of_depth_and_loss_are_the_quartiles(qtbot: Any) -> None:
    results = five_seeds()
    fan = fan_of([(each.last, each.record) for each in results])
    shown = View(fan.median, fan.record, fan=fan)
    quartiles = {"loss": "loss range", "gradient_depth": "quartiles weight_gradient_norm"}
    for kind in PLOTS:
        if kind.key in quartiles:
            plot = filled(qtbot, kind, shown)
            assert plot.state is not None
            (band,) = [mark for mark in plot.marks(plot.state) if mark.key == quartiles[kind.key]]
            assert isinstance(band, Area)
            if kind.key == "loss":
                values = np.array([each.history.series("loss").last for each in results])
            else:
                norms = np.log10([each.last.measures["weight_gradient_norm"] for each in results])
                values = norms[:, np.isfinite(norms[0])]
            np.testing.assert_allclose(band.low, np.percentile(values, 25, axis=0), rtol=0.02, atol=0.02)
            np.testing.assert_allclose(band.high, np.percentile(values, 75, axis=0), rtol=0.02, atol=0.02)


def test_the_table_of_several_networks_has_a_column_of_each(qtbot: Any) -> None:
    (kind,) = [plot for plot in PLOTS if plot.key == "gradient_depth"]
    first, other = filled(qtbot, kind, view(5)), filled(qtbot, kind, view(3))
    first.show_lanes("A", [("B, deep", other)])
    rows = list(csv.DictReader(io.StringIO(csv_text(first.table()))))
    assert [row["layer"] for row in rows] == list("12345")
    assert [bool(row["weight_gradient_norm: A"]) for row in rows] == [True] * 5
    assert [bool(row["weight_gradient_norm: B, deep"]) for row in rows] == [True] * 3 + [False] * 2
    assert first.state is not None
    alone = list(csv.DictReader(io.StringIO(csv_text(other.table()))))
    assert [row["weight_gradient_norm: B, deep"] for row in rows[:3]] == [row["weight_gradient_norm"] for row in alone]


@pytest.mark.parametrize("kind", PLOTS, ids=lambda kind: kind.key)
def test_no_number_is_lost_where_tables_of_networks_are_joined(qtbot: Any, kind: type[Plot[Any]]) -> None:
    first, other = filled(qtbot, kind, real("residual")), filled(qtbot, kind, real("deep"))
    parts = {"A": first.table(), "B": other.table()}
    whole = joined(parts)
    assert len({len(column) for column in whole.columns.values()}) <= 1
    for name, part in parts.items():
        for column, values in part.columns.items():
            kept = whole.columns.get(f"{column}: {name}", whole.columns.get(column, ()))
            assert Counter(map(repr, values)) <= Counter(map(repr, kept)), column


@pytest.mark.parametrize("kind", PLOTS, ids=lambda kind: kind.key)
def test_what_is_said_and_read_of_a_plot_names_every_network(qtbot: Any, kind: type[Plot[Any]]) -> None:
    first, other = filled(qtbot, kind, real("deep")), filled(qtbot, kind, real("deep"))
    if first.state is None:
        pytest.skip("drawn of other networks")
    first.show_lanes("A", [("twin", other)])
    assert "A: " in first.sentence()
    assert "; twin: " in first.sentence()
    for pane, across, up in itertools.product(range(len(first.canvas.panes)), (0.2, 0.5, 0.8), (0.2, 0.5, 0.8)):
        (left, right), (low, high) = first.canvas.panes[pane].shown
        probe = first.read(pane, left + across * (right - left), low + up * (high - low))
        assert probe is None or probe.text.endswith("\ntwin: the same")


def test_the_pointer_reads_an_image_beside_the_run_s_too(qtbot: Any) -> None:
    (kind,) = [plot for plot in PLOTS if plot.key == "gradient_image"]
    plot = kind()
    qtbot.addWidget(plot)
    shown = view(5)
    plot.resize(600, 300)
    plot.show()
    plot.refresh(replace(shown, lanes={"B": view(4)}))
    (lane,) = plot.lanes
    beside = lane.plot
    qtbot.waitUntil(lambda: beside.isVisible() and beside.canvas.width() > 200)
    centre = beside.canvas.panes[0].sceneBoundingRect().center()
    hovered = []
    plot.layer_hovered.connect(hovered.append)
    QTest.mouseMove(beside.canvas.viewport(), beside.canvas.mapFromScene(centre))
    qtbot.waitUntil(lambda: bool(hovered))
    assert beside.pointing.read_out.isVisible()
    assert "‖∂W‖" in beside.pointing.read_out.text()
    read_out = beside.pointing.read_out
    plot.refresh(shown)
    qtbot.waitUntil(lambda: not isValid(read_out) or not read_out.isVisible())


def test_a_picture_of_images_beside_each_other_shows_all_and_leaves_the_window_alone(
    qtbot: Any, tmp_path: Path
) -> None:
    (kind,) = [plot for plot in PLOTS if plot.key == "gradient_image"]
    first, other = filled(qtbot, kind, view(5)), filled(qtbot, kind, view(3))
    alone = picture(first, PictureSettings(600, 300))
    first.show_lanes("A", [("B", other)])
    first.resize(600, 300)
    first.show()
    size = other.canvas.size()
    both = picture(first, PictureSettings(600, 300))
    assert both != alone
    assert both.copy(300, 0, 300, 300) != alone.copy(300, 0, 300, 300)
    assert other.canvas.size() == size
    assert export_plot(first, tmp_path / "both.svg").read_bytes().count(b"<svg") == 1


@pytest.mark.parametrize("kind", [plot for plot in PLOTS if not plot.overlays], ids=lambda kind: kind.key)
def test_images_of_networks_beside_each_other_stand_level_under_their_names(qtbot: Any, kind: type[Plot[Any]]) -> None:
    name = next(name for name in NETS if filled(qtbot, kind, real(name)).state is not None)
    plot = kind()
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.show()
    plot.refresh(replace(real(name), lanes={"B": real(name, 3)}))
    for width in (600, 330, 900):
        plot.resize(width, 300)
        QTest.qWait(1)
        for each in plot.side_by_side:
            each.canvas.grid.layout.activate()
        own, other = (each.canvas.panes[0].sceneBoundingRect() for each in plot.side_by_side)
        assert own.top() == other.top()
        names = [title for each in plot.side_by_side for title in (each.image_name or each.picture_title,) if title]
        assert [(title.text, title.isVisible(), title.size().height()) for title in names] == [
            ("A", True, 24.0), ("B", True, 24.0),
        ]  # fmt: skip
    (other,) = (lane.plot for lane in plot.lanes)
    plot.forget("Nothing is trained.")
    assert plot.lanes == ()
    assert not other.isVisible()
    plot.refresh(real(name))
    assert plot.image_name is not None
    assert not plot.image_name.isVisible()


@pytest.mark.parametrize("key", ["gradient_depth", "gradient_image"])
def test_networks_beside_the_run_take_on_another_theme_with_it(qtbot: Any, key: str) -> None:
    (kind,) = [plot for plot in PLOTS if plot.key == key]
    set_theme(create_app(), "light")
    plot = kind()
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.show()
    plot.refresh(replace(view(5), lanes={"B": view(3)}))
    set_theme(create_app(), "dark")
    (lane,) = plot.lanes
    assert lane.plot.theme == current_theme()
    assert lane.plot.layer_colours == depth_colours(3, current_theme())
    assert lane.plot.picture_title is not None
    assert lane.plot.picture_title.theme == current_theme()
    set_theme(create_app(), "light")
    assert lane.plot.theme == current_theme()


def test_a_plot_leaves_no_hold_on_the_items_of_its_layouts_that_would_outlive_them(qtbot: Any) -> None:
    def held() -> int:
        return sum(isinstance(each, QWidgetItem) for each in gc.get_objects())

    before = held()
    plot = next(kind for kind in PLOTS if not kind.overlays)()
    qtbot.addWidget(plot)
    assert held() == before


@pytest.mark.parametrize("kind", thinned(PLOTS, first=1, name=lambda plot: plot.key))
def test_a_plot_without_a_header_goes_with_the_last_hold_on_it(qtbot: Any, kind: type[Plot[Any]]) -> None:
    gc.collect()
    gc.disable()
    try:
        plot = kind(bare=True)
        plot.refresh(replace(view(3), lanes={"B": view(4)}))
        gone = [weakref.ref(each) for each in (plot, plot.canvas.scene(), *(lane.plot for lane in plot.lanes))]
        del plot
        assert [each() for each in gone] == [None] * len(gone)
    finally:
        gc.enable()


def test_qt_goes_through_no_item_of_a_plot_that_nobody_sees(qtbot: Any) -> None:
    plot = PLOTS[0](bare=True)
    qtbot.addWidget(plot)
    scene, asked = plot.canvas.scene(), []
    scene.sceneRectChanged.connect(asked.append)
    plot.refresh(view(3))
    qtbot.wait(1)
    assert not asked
