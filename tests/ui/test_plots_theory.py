"""Theory on screen: the overlay, the map with its dot, and the bounds."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.observations.base import Observation, Observed
from simulator.observations.bounds import BoundsObservation
from simulator.observations.order_chaos import OrderChaosObservation
from simulator.observations.prediction import PredictionObservation
from simulator.parts.activations import GELU
from simulator.theory.mean_field import border_of_chaos, edge_of_chaos
from tests.ui.plot_data import view, with_results
from tests.ui.told import drawn, empty_note
from tests.ui.windows import OpenOn
from ui.chart.marks import Area
from ui.plots import Plot, View, plot_class
from ui.plots.order_chaos import OrderChaosPlot, Regions
from ui.window.main_window import MainWindow
from ui.window.plot_edits import placed_at

LEFT = Qt.MouseButton.LeftButton
PLAIN: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 60},
    "layers": [{"kind": "dense", "units": 20, "repeat": 3}],
    "batch_size": 16,
}


def made(key: str, qtbot: QtBot, given: View) -> Plot[Any]:
    plot = plot_class(key)()
    qtbot.addWidget(plot)
    plot.resize(440, 300)
    plot.refresh(given)
    return plot


def changed(given: View, observation: Observation[Any], result: Any) -> View:
    return dataclasses.replace(given, frame=with_results(given.frame, {observation: result}))


def refused(given: View, observation: Observation[Any], reason: str) -> View:
    """A view of a run that has no result of this observation, for a reason."""
    why = Observed[Any](given.frame.step, None, reason, 0.3)
    frame = structs.replace(given.frame, observations={**given.frame.observations, observation: why})
    return dataclasses.replace(given, frame=frame)


# -- the overlay -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["activation_profile", "gradient_depth"])
def test_theory_is_drawn_and_asked_for_only_when_switched_on(key: str, qtbot: QtBot) -> None:
    plot = made(key, qtbot, view(5))
    assert PredictionObservation() not in plot.observations
    assert not any("theory" in entry.text for entry in plot.legend.keys)
    plot.set_option("theory", True)
    assert PredictionObservation() in plot.observations
    assert any(entry.text == "theory of step 0" for entry in plot.legend.keys)
    assert any("theory" in name for name in plot.table().columns)
    plot.set_option("theory", False)
    assert PredictionObservation() not in plot.observations
    assert not any("theory" in name for name in plot.table().columns)


def test_the_predicted_gradient_is_in_the_table_and_under_the_pointer(qtbot: QtBot) -> None:
    given = view(5)
    plot = made("gradient_depth", qtbot, given)
    plot.set_option("theory", True)
    theory = given.frame.result(PredictionObservation())
    assert theory is not None
    wanted = theory.weight_gradient_norm
    assert plot.table().columns["theory_middle"] == pytest.approx(wanted.tolist())
    probe = plot.probe(plot.state, 0, 2.0, 0.0)
    assert probe is not None
    assert "theory  0.158" in probe.text


def test_where_theory_does_not_hold_the_plot_says_so_and_draws_nothing(qtbot: QtBot) -> None:
    given = view(3)
    theory = given.frame.result(PredictionObservation())
    assert theory is not None
    nothing = np.full(3, math.nan)
    silent = structs.replace(
        theory, reason="the weights of layer 1 are not random: constant", weight_gradient_norm=nothing
    )
    plot = made("gradient_depth", qtbot, changed(given, PredictionObservation(), silent))
    plot.set_option("theory", True)
    assert plot.legend.remark == "No prediction: the weights of layer 1 are not random: constant."
    assert not any("theory" in name for name in plot.table().columns)
    plot.set_option("theory", False)
    assert plot.legend.remark == ""


def test_theory_of_step_0_fades_once_training_has_moved(qtbot: QtBot) -> None:
    alphas = []
    for steps in (0, 40):
        plot = made("gradient_depth", qtbot, view(4, steps))
        plot.set_option("theory", True)
        alphas.append(drawn(plot, Area, "theory 0").alpha)
    assert alphas[0] > alphas[1]


# -- bounds ------------------------------------------------------------------------------------------------------


def test_bounds_show_slack_and_cost(qtbot: QtBot) -> None:
    plot = made("bounds", qtbot, view(4))
    assert any(entry.text == "slack ≤ 1.0 decades" for entry in plot.legend.keys)
    assert any(note.text == "as of step 40, 0.3 s" for note in plot.legend.notes)
    table = plot.table().columns
    assert table["slack"] == [1.0] * 4
    assert set(table["sample"]) == {7}


@pytest.mark.parametrize("observation", [BoundsObservation(), OrderChaosObservation()], ids=["bounds", "order_chaos"])
@pytest.mark.parametrize("reason", ["it is round", "It is round."])
def test_what_a_network_has_not_is_said_in_place_of_axes(
    observation: Observation[Any], reason: str, qtbot: QtBot
) -> None:
    key = "bounds" if observation == BoundsObservation() else "order_chaos"
    plot = made(key, qtbot, refused(view(4), observation, reason))
    assert empty_note(plot).text() == "It is round."
    assert empty_note(plot).isVisibleTo(plot)


# -- the map -----------------------------------------------------------------------------------------------------


def map_of(qtbot: QtBot) -> OrderChaosPlot:
    plot = made("order_chaos", qtbot, view(4))
    assert isinstance(plot, OrderChaosPlot)
    plot.grab()
    return plot


def on_screen(plot: OrderChaosPlot, x: float, y: float) -> QPoint:
    return plot.canvas.mapFromScene(plot.pane.mapViewToScene(QPointF(x, y)))


def test_dragging_the_dot_tells_every_place_and_the_end(qtbot: QtBot) -> None:
    plot = map_of(qtbot)
    heard: list[tuple[float, float, bool]] = []
    plot.moved.connect(lambda *place: heard.append(place))
    surface = plot.canvas.viewport()
    qtbot.mousePress(surface, LEFT, pos=on_screen(plot, 1.2, 0.1))
    qtbot.mouseMove(surface, on_screen(plot, 1.5, 0.2))
    qtbot.mouseMove(surface, on_screen(plot, 2.0, 0.3))
    plot.refresh(view(4))
    assert plot.place == heard[-1][:2], "a frame of before must not pull the dot back"
    qtbot.mouseRelease(surface, LEFT, pos=on_screen(plot, 2.0, -0.5))
    assert [final for *_, final in heard] == [False, False, True]
    assert heard[1][:2] == pytest.approx((2.0, 0.3), abs=0.02)
    assert heard[2][1] == 0, "a variance is not negative"


def test_a_click_on_the_dot_or_beside_it_moves_nothing(qtbot: QtBot) -> None:
    plot = map_of(qtbot)
    heard: list[object] = []
    plot.moved.connect(lambda *place: heard.append(place))
    surface = plot.canvas.viewport()
    for place in ((1.2, 0.1), (2.2, 0.4)):
        qtbot.mouseClick(surface, LEFT, pos=on_screen(plot, *place))
    assert heard == []
    assert plot.place == (1.2, 0.1)


@pytest.mark.parametrize(
    ("key", "wanted"),
    [(Qt.Key.Key_Right, (1.26, 0.1)), (Qt.Key.Key_Left, (1.14, 0.1)), (Qt.Key.Key_Up, (1.2, 0.11))],
)
def test_arrow_keys_move_the_dot(key: Qt.Key, wanted: tuple[float, float], qtbot: QtBot) -> None:
    plot = map_of(qtbot)
    with qtbot.waitSignal(plot.moved) as heard:
        qtbot.keyClick(plot, key)
    assert heard.args is not None
    assert heard.args[:2] == pytest.approx(wanted)


def test_the_map_shows_where_its_edge_breaks_and_where_theory_is_unreliable(qtbot: QtBot) -> None:
    given = view(4)
    theory = given.frame.result(OrderChaosObservation())
    assert theory is not None
    edge, border = edge_of_chaos(GELU()), border_of_chaos(GELU())
    found = structs.replace(theory, edge=edge, border=border, doubt="it is so")
    plot = made("order_chaos", qtbot, changed(given, OrderChaosObservation(), found))
    assert isinstance(plot, OrderChaosPlot)
    assert [note.text for note in plot.legend.notes if note.warning] == ["theory unreliable here"]
    assert not drawn(plot, Regions).chaos.containsPoint(QPointF(1.5, 0.05), Qt.FillRule.OddEvenFill)
    assert drawn(plot, Regions).chaos.containsPoint(QPointF(3.0, 0.05), Qt.FillRule.OddEvenFill)
    columns = plot.table().columns
    gap = 1 + int(np.argmax(np.isnan(edge[0])))
    assert [columns[name][gap] for name in ("weight_variance", "bias_variance", "chi")] == [None] * 3


def test_a_network_without_a_place_is_told_in_words(qtbot: QtBot) -> None:
    plot = made("order_chaos", qtbot, refused(view(4), OrderChaosObservation(), "It is nowhere."))
    assert isinstance(plot, OrderChaosPlot)
    assert empty_note(plot).text() == "It is nowhere."
    assert plot.place is None


def test_dense_layers_take_the_place_at_any_depth() -> None:
    inner = {"kind": "residual", "layers": [{"kind": "dense", "units": 5}]}
    found = placed_at([{"kind": "dense"}, inner, {"kind": "flatten"}], 1.5, 0.04)
    drawn = {"kind": "variance_scaled", "weight_variance": 1.5}
    assert found[0] == {"kind": "dense", "initializer": drawn, "bias_initializer": {"kind": "normal", "std": 0.2}}
    assert found[1]["layers"][0]["initializer"] == drawn
    assert found[2] == {"kind": "flatten"}
    assert placed_at([{"kind": "dense"}], 1.5, 0.0)[0]["bias_initializer"] == {"kind": "zeros"}


@pytest.fixture
def window(open_on: OpenOn) -> MainWindow:
    return open_on(Experiment.from_builtins(PLAIN))


def test_a_drag_moves_the_initialiser_and_is_one_undo_entry(qtbot: QtBot, window: MainWindow) -> None:
    window.plot_area.toggle_plot("order_chaos")
    plot = window.plot_area.plots["order_chaos"]
    assert isinstance(plot, OrderChaosPlot)
    qtbot.waitUntil(lambda: plot.state is not None)
    before = window.document.experiment
    for weight_variance, final in ((1.1, False), (2.0, False), (2.5, True)):
        plot.moved.emit(weight_variance, 0.01, final)
    layer = window.document.experiment.to_builtins()["layers"][0]
    assert layer["initializer"] == {"kind": "variance_scaled", "weight_variance": 2.5}
    assert layer["bias_initializer"] == {"kind": "normal", "std": pytest.approx(0.1)}
    assert window.document.undo_stack.count() == 1
    qtbot.waitUntil(lambda: plot.state is not None and plot.state.map.weight_variance == 2.5)
    window.document.undo_stack.undo()
    assert window.document.experiment == before


def test_switching_theory_on_brings_the_prediction(qtbot: QtBot, window: MainWindow) -> None:
    plot = window.plot_area.plots["gradient_depth"]
    assert plot.header is not None
    plot.header.options["theory"].click()
    qtbot.waitUntil(lambda: plot.state is not None and plot.state.theory is not None)
    assert "theory_middle" in plot.table().columns
