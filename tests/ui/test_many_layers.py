"""Networks of thirty to two hundred layers stay readable."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from simulator.observations.graph.nodes import Box, Graph
from tests.ui.plot_data import view
from tests.ui.real_runs import real
from tests.ui.told import drawn
from ui.chart.axes import plot_font
from ui.chart.beside import RowWords
from ui.chart.header import SIDES
from ui.chart.ridges import MOST_RIDGES, Ridges, ridge_rows, thinned_note
from ui.plots import all_plots, plot_class
from ui.plots.activation_ridges import ActivationRidges
from ui.plots.bounds import BoundsPlot, BoundsState
from ui.plots.computation_graph import ComputationGraph
from ui.plots.depth import MeasureColumn
from ui.plots.graph.folding import FOLDED_BEYOND, folded, folding_again, opening
from ui.plots.graph.layout import layout
from ui.plots.graph.marks import Boxes, Face, box_rect, fitting_font
from ui.style.numbers import number
from ui.style.theme import LIGHT


def test_no_more_ridges_than_can_be_told_apart() -> None:
    for depth in range(1, 401):
        rows = ridge_rows(depth)
        assert len(rows) <= MOST_RIDGES + 2
        assert {0, depth - 1} <= set(rows)
        assert bool(thinned_note(depth)) is (len(rows) < depth)


def test_how_many_layers_have_a_ridge_is_said() -> None:
    assert [note.text for note in thinned_note(100)] == ["each fifth of 100 layers"]
    assert not thinned_note(30)


def test_a_layer_without_a_ridge_has_one_while_it_is_pointed_at(qtbot: QtBot) -> None:
    plot = ActivationRidges()
    qtbot.addWidget(plot)
    plot.refresh(real("deep"))
    without = next(row for row in range(50) if row not in drawn(plot, Ridges).layers)
    plot.highlight(without)
    assert without in drawn(plot, Ridges).layers
    plot.highlight(-1)
    assert without not in drawn(plot, Ridges).layers


def graph_plot(qtbot: QtBot) -> ComputationGraph:
    plot = ComputationGraph()
    qtbot.addWidget(plot)
    plot.refresh(real("deep"))
    plot.canvas.lay_out(900, 400)
    plot.show()
    return plot


def faces(plot: ComputationGraph) -> dict[str, Face]:
    return {face.key: face for face in drawn(plot, Boxes).faces}


def click(plot: ComputationGraph, place: QRectF) -> None:
    at = plot.canvas.mapFromScene(plot.pane.mapViewToScene(place.center()))
    QTest.mouseClick(plot.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def test_repeats_are_one_box_that_tells_the_range_of_its_norms(qtbot: QtBot) -> None:
    plot = graph_plot(qtbot)
    assert plot.state is not None
    fold = faces(plot)["fold_delta:48"]
    norms = [box.norm for box in plot.state.graph.boxes if box.role == "delta"][1:-1]
    assert fold.title == "×48"
    assert fold.lines == ("2–49", f"{number(min(norms), 2)} … {number(max(norms), 2)}")
    assert all(fold.is_of(layer) for layer in range(1, 49))
    assert not fold.is_of(0)
    assert not fold.is_of(49)
    assert plot.table().rows == len(plot.state.graph.boxes)


def test_a_click_opens_repeats_and_one_at_their_bar_folds_them_again(qtbot: QtBot) -> None:
    plot = graph_plot(qtbot)
    click(plot, box_rect(faces(plot)["fold:48"].place, "fold:48"))
    titles = [face.title for face in faces(plot).values() if face.key.startswith("fold:")]
    assert titles == ["×10", "×10", "×10", "×10", "×8"]
    click(plot, box_rect(faces(plot)["fold_delta:20"].place, "fold_delta:20"))
    assert [f"weights:{depth}" in faces(plot) for depth in (10, 11, 20, 21)] == [False, True, True, False]
    inner, outer = drawn(plot, Boxes).brackets
    assert (inner.fold.title, outer.fold.title) == ("×10", "×48")
    plot.choose("weights:15")
    click(plot, inner.rect)
    assert [bracket.fold.title for bracket in drawn(plot, Boxes).brackets] == ["×48"]
    assert plot.state is not None
    assert not plot.state.chosen
    click(plot, drawn(plot, Boxes).brackets[0].rect)
    assert not drawn(plot, Boxes).brackets
    assert "fold:48" in faces(plot)


def test_open_repeats_stay_open_while_the_network_trains_and_in_a_picture(qtbot: QtBot) -> None:
    plot = graph_plot(qtbot)
    plot.unfold(((1, 49), (11, 21)))
    before = [*faces(plot)]
    plot.refresh(real("deep", 5))
    assert [*faces(plot)] == before
    twin = plot.twin(LIGHT)
    assert isinstance(twin, ComputationGraph)
    qtbot.addWidget(twin)
    assert [*faces(twin)] == before


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5), st.lists(st.integers(0, 200), max_size=4))
def test_every_layer_is_drawn_once_or_folded_once(widths: list[int], clicks: list[int]) -> None:
    depths = [depth for depth, repeats in enumerate(widths) for _ in range(repeats)]
    graph = Graph(tuple(Box(f"layer:{i}", i, "layer", "residual", 1.0, (kind + 1, 4)) for i, kind in enumerate(depths)))
    shown = folded(graph, ())
    for place in clicks:
        folds = [*shown.folds.values()]
        if folds:
            shown = folded(graph, (), opening(folds[place % len(folds)], shown.opened))
    boxes = {box.key for box in shown.graph.boxes} - set(shown.folds)
    hidden = [key for keys in shown.hidden.values() for key in keys]
    assert sorted([*boxes, *hidden]) == sorted(box.key for box in graph.boxes)
    assert len(shown.graph.boxes) == len(layout(shown.graph))
    if len(depths) > FOLDED_BEYOND:
        for fold in shown.opened:
            again = folded(graph, (), folding_again(fold, shown.opened))
            assert fold not in again.opened


def test_layers_that_differ_in_their_activation_are_not_folded_together(qtbot: QtBot) -> None:
    plot = graph_plot(qtbot)
    assert plot.state is not None
    assert plot.info is not None
    layers = [
        structs.replace(layer, activation="relu" if place > 20 else layer.activation)
        for place, layer in enumerate(plot.info.layers)
    ]
    shown = folded(plot.state.graph, layers)
    assert [fold.title for key, fold in shown.folds.items() if key.startswith("fold:")] == ["×20", "×28"]


def test_a_fold_with_a_norm_that_is_not_finite_says_so(qtbot: QtBot) -> None:
    plot = graph_plot(qtbot)
    assert plot.state is not None
    boxes = [structs.replace(box, norm=math.nan) if box.key == "delta:7" else box for box in plot.state.graph.boxes]
    plot.show_state(dataclasses.replace(plot.state, graph=Graph(tuple(boxes))))
    fold = faces(plot)["fold_delta:48"]
    assert fold.lost
    assert fold.lines[1].startswith("NaN, ")


def test_a_bound_far_above_the_gradient_leaves_it_in_view(qtbot: QtBot) -> None:
    plot = BoundsPlot()
    qtbot.addWidget(plot)
    plot.refresh(real("deep"))
    state = plot.state
    assert isinstance(state, BoundsState)
    far = MeasureColumn(state.now["bound"].values * 1e120, state.now["bound"].defined)
    plot.show_state(dataclasses.replace(state, now={**state.now, "bound": far}))
    low, high = plot.pane.shown[1]
    gradients = np.log10(state.now["bias_gradient_norm"].values)
    assert low <= gradients.min()
    assert high >= np.log10(far.values.max())
    assert not any("below the axis" in note.text for note in plot.legend.notes)


def test_which_way_a_plot_flows_is_told_by_shape_too(qtbot: QtBot) -> None:
    shapes: dict[str, list[QImage]] = {}
    for kind in all_plots():
        plot = kind()
        qtbot.addWidget(plot)
        assert plot.header is not None
        mark = next(child for child in plot.header.findChildren(QWidget) if child.toolTip() == SIDES[kind.side])
        shapes.setdefault(kind.side, []).append(mark.grab().toImage().createHeuristicMask())
    for side, masks in shapes.items():
        assert all(mask == masks[0] for mask in masks)
        assert all(masks[0] != others[0] for other, others in shapes.items() if other != side)


def test_a_title_is_set_smaller_before_it_is_left_out() -> None:
    wide = QFontMetricsF(plot_font(12, bold=True)).horizontalAdvance("∂W")
    assert fitting_font("∂W", wide).pixelSize() == 12
    narrow = fitting_font("∂W", 0.8 * wide)
    assert narrow.pixelSize() < 12
    assert QFontMetricsF(narrow).horizontalAdvance("∂W") <= 0.8 * wide


@pytest.mark.parametrize(("depth", "written"), [(4, True), (60, False)])
def test_words_beside_rows_take_room_only_where_they_can_be_read(qtbot: QtBot, depth: int, written: bool) -> None:
    plot = plot_class("gradient_histograms")()
    qtbot.addWidget(plot)
    plot.resize(330, 230)
    plot.show()
    plot.refresh(view(depth))
    qtbot.wait(30)
    (words,) = [item for item in plot.canvas.scene().items() if isinstance(item, RowWords)]
    assert (words.maximumWidth() > RowWords.WARNING) is written
