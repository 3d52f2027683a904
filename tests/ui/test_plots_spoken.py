"""A plot says in a sentence what it shows, and can be read and moved in by keys alone."""

from __future__ import annotations

import math
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.ui.real_runs import NETS, real
from tests.ui.told import drawn, empty_note, read_out
from ui.app import create_app
from ui.chart.table import Table
from ui.plots import Plot, all_plots
from ui.plots.computation_graph import ComputationGraph
from ui.plots.gradient_depth import GradientDepth
from ui.plots.graph.marks import Boxes
from ui.plots.spoken import spoken
from ui.style.numbers import number


@pytest.fixture(autouse=True)
def app() -> None:
    create_app()


def shown(qtbot: QtBot, kind: type[Plot[Any]], net: str) -> Plot[Any]:
    plot = kind()
    qtbot.addWidget(plot)
    plot.resize(500, 320)
    plot.refresh(real(net))
    plot.show()
    return plot


def description(plot: Plot[Any]) -> str:
    return QAccessible.queryAccessibleInterface(plot).text(QAccessible.Text.Description)


@pytest.mark.parametrize("kind", all_plots(), ids=lambda kind: kind.key)
def test_every_plot_is_a_chart_that_says_what_it_shows(qtbot: QtBot, kind: type[Plot[Any]]) -> None:
    told = set()
    for net in NETS:
        plot = shown(qtbot, kind, net)
        interface = QAccessible.queryAccessibleInterface(plot)
        assert interface.role() == QAccessible.Role.Chart
        assert interface.text(QAccessible.Text.Name) == kind.title
        if plot.state is None:
            assert description(plot) == empty_note(plot).text()
            continue
        sentence = description(plot)
        assert sentence.startswith("Step 4: ")
        assert "_" not in sentence.replace("σ_w", "").replace("σ_b", "").replace("ξ_c", "")
        if "no values" in sentence:
            assert plot.legend.remark or net == "single"
        else:
            told.add(net)
    assert told


@pytest.mark.parametrize("net", NETS)
def test_the_range_of_the_gradients_is_what_is_drawn(qtbot: QtBot, net: str) -> None:
    plot = shown(qtbot, GradientDepth, net)
    norms = [value for value in plot.table().columns["weight_gradient_norm"] if isinstance(value, float)]
    of = f"gradient norms of {len(norms)} layer{'s' if len(norms) > 1 else ''}"
    low, high = number(min(norms)), number(max(norms))
    assert f"{of}, from {low} to {high}" in description(plot) or f"{of} {low}" in description(plot)


def test_what_is_not_a_number_is_counted_and_never_a_number() -> None:
    columns = {"layer": ["1", "2", "3", "4"], "norm": [1.0, math.nan, math.inf, None]}
    assert spoken(Table(columns), {"norm": "norms"}) == "norms of 3 layers 1, 1 NaN, 1 infinite"
    assert spoken(Table({"layer": ["1"], "norm": [math.nan]}), {"norm": "norms"}) == "norms of 1 layer, 1 NaN"
    assert not spoken(Table({"layer": ["1"], "norm": [None]}), {"norm": "norms"})


def test_what_has_a_past_tells_its_last_moment() -> None:
    wide = Table({"first_step": [0, 10], "last_step": [9, 19], "1_last": [5.0, 0.5], "2_last": [7.0, None]})
    assert spoken(wide, {"*_last": "norms"}) == "norms of 2 layers, from 0.5 to 7; back to step 0"
    long = Table({"first_step": [0, 0, 4, 4], "layer": ["1", "2", "1", "2"], "gain": [9.0, 9.0, 1.0, 2.0]})
    assert spoken(long, {"gain": "gains"}) == "gains of 2 layers, from 1 to 2; back to step 0"


def test_arrows_read_layer_by_layer(qtbot: QtBot) -> None:
    plot = shown(qtbot, GradientDepth, "residual")
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_Right)
    for _ in range(20):
        QTest.keyClick(plot, Qt.Key.Key_Left)
    read = []
    for _ in range(real("residual").frame.info.depth):
        read.append(read_out(plot).text().partition("\n")[0])
        QTest.keyClick(plot, Qt.Key.Key_Right)
    assert read == [plot.layer_text(layer) for layer in range(len(read))]
    assert description(plot).startswith(read_out(plot).text().replace("\n", ", "))


def test_plus_and_minus_zoom_arrows_move_on_and_a_brings_back(qtbot: QtBot) -> None:
    plot = shown(qtbot, GradientDepth, "deep")
    (pane,) = plot.canvas.panes
    whole = pane.shown[0]
    QTest.keyClick(plot, Qt.Key.Key_Plus)
    QTest.keyClick(plot, Qt.Key.Key_Plus)
    near = pane.shown[0]
    assert near[1] - near[0] == pytest.approx(0.64 * (whole[1] - whole[0]))
    for _ in range(60):
        QTest.keyClick(plot, Qt.Key.Key_Right)
    assert pane.shown[0][0] > near[0]
    QTest.keyClick(plot, Qt.Key.Key_Minus)
    assert pane.shown[0][1] - pane.shown[0][0] == pytest.approx(0.8 * (whole[1] - whole[0]))
    QTest.keyClick(plot, Qt.Key.Key_A)
    assert pane.shown[0] == pytest.approx(whole)


def test_enter_opens_the_box_that_is_pointed_at(qtbot: QtBot) -> None:
    plot = shown(qtbot, ComputationGraph, "deep")
    assert isinstance(plot, ComputationGraph)
    fold = next(face for face in drawn(plot, Boxes).faces if face.key.startswith("fold_delta"))
    QTest.keyClick(plot, Qt.Key.Key_Right)
    for _ in range(60):
        at = plot.pane.mapSceneToView(plot.pointing.pointer)
        if abs(at.x() - fold.place[0]) < 0.4:
            break
        QTest.keyClick(plot, Qt.Key.Key_Right if at.x() < fold.place[0] else Qt.Key.Key_Left)
    QTest.keyClick(plot, Qt.Key.Key_Return)
    assert [bracket.fold.title for bracket in drawn(plot, Boxes).brackets] == ["×48"]
