"""The computation graph: boxes that open, and a small network changed by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.observations.graph.matrix import OpenBox
from simulator.observations.graph.nodes import GraphObservation
from simulator.observations.observer import observe
from simulator.record.frame import frame_of
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.session import Session
from simulator.training.training import Training
from tests.ui.painted import painted
from tests.ui.real_runs import NETS, real
from tests.ui.told import drawn, field
from ui.app import create_app
from ui.bench.document import Document
from ui.chart.axes import plot_font
from ui.dialogs import files
from ui.plots import View
from ui.plots.computation_graph import ComputationGraph
from ui.plots.graph.controls import Controls
from ui.plots.graph.detail import Detail, OpenedBox, cell_at, cell_rect, fitting
from ui.plots.graph.layout import edges, is_editable, is_fold, layout
from ui.plots.graph.marks import THICKEST, THINNEST, Boxes, Face, dot_place, thickness, titles_of, writing_of
from ui.plots.graph.phrases import formula_of
from ui.style.numbers import number, tabular
from ui.style.restyle import set_theme
from ui.style.theme import LIGHT
from ui.window.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
HAND = Path(__file__).parents[2] / "resources/presets/hand-net.json"
WIDE: dict[str, Any] = {"data": {"kind": "moons", "samples": 60}, "layers": [{"kind": "dense", "units": 40}]}


class Run:
    """A run whose frames bring what a plot shows, at once."""

    def __init__(self, plot: ComputationGraph, experiment: Experiment) -> None:
        self.plot, self.training = plot, Training(experiment)
        plot.observations_changed.connect(self.show)
        self.show()

    def show(self) -> None:
        self.training.look()
        frame = frame_of(self.training, {}, observe(self.training, self.plot.observations))
        self.plot.refresh(View(frame, Record(History(self.training.columns))))

    def step(self) -> None:
        self.training.propose()
        self.training.apply()
        self.show()


@pytest.fixture
def plot(qtbot: QtBot) -> ComputationGraph:
    made = ComputationGraph(theme=LIGHT)
    qtbot.addWidget(made)
    made.resize(900, 640)
    made.show()
    return made


@pytest.fixture
def hand(plot: ComputationGraph) -> Run:
    return Run(plot, Experiment.from_json(HAND.read_bytes()))


@pytest.fixture
def wide(plot: ComputationGraph) -> Run:
    return Run(plot, Experiment.from_builtins(WIDE))


def faces(plot: ComputationGraph) -> dict[str, str]:
    """By what every box says it is multiplied."""
    return {face.key: face.ratio for face in drawn(plot, Boxes).faces}


def click(plot: ComputationGraph, at: QPointF) -> None:
    """At a place of the graph."""
    plot.grab()
    plot.canvas.grid.layout.activate()
    spot = plot.canvas.mapFromScene(plot.pane.mapViewToScene(at))
    QTest.mouseClick(plot.canvas.viewport(), LEFT, pos=spot)


def double_click(plot: ComputationGraph, row: int, column: int) -> None:
    """On a number of the open box."""
    plot.grab()
    plot.canvas.grid.layout.activate()
    spot = plot.canvas.mapFromScene(cell_rect(plot.detail_pane, opened(plot).matrix, row, column).center())
    QTest.mouseDClick(plot.canvas.viewport(), LEFT, pos=spot)


def place_of(plot: ComputationGraph, key: str) -> tuple[float, float]:
    assert plot.state is not None
    return layout(plot.state.graph)[key]


def title(plot: ComputationGraph) -> str:
    return "".join(mark.opened.title for mark in plot.drawing.marks_of(Detail))


def opened(plot: ComputationGraph) -> OpenedBox:
    """What the open box shows."""
    return drawn(plot, Detail).opened


def test_forward_runs_left_to_right_and_every_delta_stands_below_its_slope(hand: Run) -> None:
    assert hand.plot.state is not None
    graph = hand.plot.state.graph
    places = layout(graph)
    forward = [places[box.key] for box in graph.boxes if not box.backward]
    assert [x for x, _ in forward] == list(range(len(forward)))
    assert places["delta:1"] == (places["slope:1"][0], 1.0)
    assert places["weight_gradient:1"] == (places["weights:1"][0], 0.0)
    assert places["delta:3"][0] == places["activation:3"][0]
    assert len(set(places.values())) == len(graph.boxes)


def test_signals_kept_for_the_way_back_are_dashed_to_where_they_are_used(hand: Run) -> None:
    assert hand.plot.state is not None
    graph = hand.plot.state.graph
    places = layout(graph)
    kept = {(edge.carries, edge.end) for edge in edges(graph, places) if edge.cached}
    assert ("activation:0", places["weight_gradient:1"]) in kept
    assert ("input:-1", places["weight_gradient:0"]) in kept
    assert ("slope:2", places["delta:2"]) in kept


def test_an_edge_is_a_pixel_thinner_for_each_decade() -> None:
    assert thickness(1.0, 1.0) == THICKEST
    assert thickness(1e-3, 1.0) == pytest.approx(THICKEST - 3)
    assert thickness(1e-30, 1.0) == thickness(0.0, 1.0) == thickness(float("nan"), 1.0) == THINNEST


def face(*lines: str, ratio: str = "") -> Face:
    return Face("z", (0.0, 0.0), False, 0, "z 1", "1", lines, ratio)


def test_all_boxes_write_their_numbers_alike_or_none_does(qtbot: QtBot) -> None:
    """Without spaces before smaller, smaller before not at all; what has no room in one box stands in none."""
    faces = [face("1"), face("0.2", ratio="× 0.667")]
    wide = QFontMetricsF(tabular(plot_font(11))).horizontalAdvance
    usual = writing_of(faces, wide("× 0.667"))
    assert usual is not None
    assert (usual.text("× 0.667"), usual.font.pixelSize()) == ("× 0.667", 11)
    close = writing_of(faces, wide("×0.667"))
    assert close is not None
    assert (close.text("× 0.667"), close.font.pixelSize()) == ("×0.667", 11)
    small = writing_of(faces, wide("×0.667") - 2)
    assert small is not None
    assert small.font.pixelSize() < 11
    assert writing_of(faces, wide("1") + 2) is None


def test_all_signs_have_their_layer_s_number_or_none_has(qtbot: QtBot) -> None:
    faces = [dataclasses.replace(face(), title=title, short=title[0]) for title in ("S 1", "W 1", "X")]
    faces.append(dataclasses.replace(face(), title="pooling 2", short="2"))
    wide = QFontMetricsF(plot_font(12, bold=True)).horizontalAdvance
    assert titles_of(faces, wide("pooling 2")) == ["S 1", "W 1", "X", "pooling 2"]
    assert titles_of(faces, wide("W 1")) == ["S 1", "W 1", "X", "2"]
    assert wide("S 1") < wide("W 1")
    assert titles_of(faces, wide("S 1")) == ["S", "W", "X", "2"]


@pytest.mark.parametrize("net", NETS)
def test_in_a_card_of_any_width_numbers_stand_in_every_box_or_in_none(net: str, qtbot: QtBot) -> None:
    plot = ComputationGraph()
    qtbot.addWidget(plot)
    plot.refresh(real(net))
    for width in (316, 380, 460, 560, 700, 900):
        plot.resize(width, 320)
        for _ in range(3):
            QApplication.processEvents()
        boxes = next(mark for mark in plot.drawing.marks() if isinstance(mark, Boxes))
        wanted = [line.replace(" ", "") for each in boxes.faces if not is_fold(each.key) for line in each.numbers]
        written = [text.text.replace(" ", "") for text in painted(plot.canvas)]
        missing = [line for line in wanted if line not in written]
        assert not missing or len(missing) == len(wanted), (width, missing)


def test_words_and_numbers_are_shortened_before_they_are_left_out(qtbot: QtBot) -> None:
    metrics = QFontMetricsF(plot_font(11))
    wide = metrics.horizontalAdvance
    assert fitting(-2.74e-3, metrics, wide("−0.00274")) == "−0.00274"
    assert fitting(-2.74e-5, metrics, wide("−2.7·10⁻⁵")) == "−2.7·10⁻⁵"
    assert fitting(-2.74e-5, metrics, 5) == ""


def test_where_entries_part_the_ratio_of_norms_is_told(hand: Run) -> None:
    hand.plot.set_weight(0, 0, 0, 0.9)
    state = hand.plot.state
    assert state is not None
    assert state.outcome is not None
    ratio = state.outcome.ratio("weights:0")
    assert np.isnan(ratio.entry)
    assert faces(hand.plot)["weights:0"] == f"~ {number(ratio.norm)}"
    assert any("~ the norm" in key.text for key in hand.plot.legend_keys(state))


def test_a_click_opens_a_box_and_another_closes_it(hand: Run) -> None:
    plot = hand.plot
    assert title(plot) == ""
    click(plot, QPointF(*place_of(plot, "weight_gradient:1")))
    assert title(plot).startswith("∂W 2   3 × 3")
    gradient = hand.training.network.taps[1].weight_gradient
    assert gradient is not None
    np.testing.assert_allclose(opened(plot).matrix.values, gradient.T, rtol=1e-5)
    click(plot, QPointF(*place_of(plot, "weight_gradient:1")))
    assert title(plot) == ""


def test_a_drag_opens_nothing(hand: Run) -> None:
    plot = hand.plot
    plot.grab()
    spot = plot.canvas.mapFromScene(plot.pane.mapViewToScene(QPointF(*place_of(plot, "delta:1"))))
    QTest.mousePress(plot.canvas.viewport(), LEFT, pos=spot + QPoint(-40, 0))
    QTest.mouseRelease(plot.canvas.viewport(), LEFT, pos=spot)
    assert plot.state is not None
    assert plot.state.chosen == ""


def controls_of(plot: ComputationGraph) -> Controls:
    assert plot.controls is not None
    return plot.controls


def test_a_dot_switches_its_unit_off_and_claim_3_can_be_read(hand: Run) -> None:
    plot = hand.plot
    controls_of(plot).switches["ones"].click()
    click(plot, dot_place(place_of(plot, "slope:1"), 2, 3))
    found = faces(plot)
    assert [found[f"weight_gradient:{layer}"] for layer in range(4)] == ["× 0.444", "× 0.667", "× 0.667", "× 0.444"]
    assert [face.units for face in drawn(plot, Boxes).faces if face.key == "slope:1"] == [(True, True, False)]
    plot.choose("weight_gradient:1")
    assert "changed: × 0.667, 3 now 0" in opened(plot).formula
    click(plot, dot_place(place_of(plot, "slope:1"), 2, 3))
    assert faces(plot)["weight_gradient:1"] == "× 1"


def test_factors_and_switches_move_every_gradient(hand: Run) -> None:
    controls = hand.plot.controls
    assert controls is not None
    assert controls.isVisible()
    controls.factors["error_scale"].number.setValue(2.0)
    assert {text for key, text in faces(hand.plot).items() if key.startswith("weight_gradient")} == {"× 2"}
    controls.switches["held"].click()
    controls.factors["input_scale"].number.setValue(2.0)
    found = faces(hand.plot)
    assert found["delta:0"] == "× 2"
    assert found["weight_gradient:0"] == "× 4"
    controls.back.click()
    assert set(faces(hand.plot).values()) == {""}
    assert controls.factors["input_scale"].number.value() == 1.0
    assert not controls.back.isEnabled()


def test_the_slider_and_the_number_of_a_factor_agree(hand: Run) -> None:
    assert hand.plot.controls is not None
    factor = hand.plot.controls.factors["input_scale"]
    factor.slider.setValue(factor.slider.maximum())
    assert factor.number.value() == 100.0
    for value in (0.1, 0.0, -3.0, 1e5):
        factor.number.setValue(value)
        assert factor.slider.number() == value
        assert factor.slider.scale.low <= value <= factor.slider.scale.high
        assert hand.plot.state is not None
        assert hand.plot.state.changes.input_scale == value
    assert factor.slider.accessibleName() == "input factor, slider"
    assert factor.slider.accessibleDescription().startswith(factor.number.text())


def test_a_drag_of_a_factor_is_not_taken_out_of_the_hand(hand: Run) -> None:
    assert hand.plot.controls is not None
    slider = hand.plot.controls.factors["input_scale"].slider
    left, y = Qt.MouseButton.LeftButton, slider.height() // 2
    QTest.mousePress(slider, left, pos=QPoint(round(slider.x_of(1.0)), y))
    for x in (round(slider.x_of(0.1)), 0, slider.width() + 9):
        QTest.mouseMove(slider, QPoint(x, y))
        hand.show()
    assert slider.dragging
    assert slider.number() == 100.0
    QTest.mouseRelease(slider, left, pos=QPoint(slider.width() + 9, y))
    assert hand.plot.state is not None
    assert hand.plot.state.changes.input_scale == 100.0
    QTest.mouseDClick(slider, left, pos=QPoint(3, y))
    assert hand.plot.state.changes.input_scale == 1.0


def test_the_third_factor_scales_the_weights_of_the_open_layer(hand: Run) -> None:
    plot = hand.plot
    assert plot.controls is not None
    plot.choose("delta:2")
    assert plot.controls.factors["weights"].label.text() == "W 3"
    controls_of(plot).switches["held"].click()
    plot.controls.factors["weights"].number.setValue(2.0)
    found = faces(plot)
    assert [found[f"weight_gradient:{layer}"] for layer in range(4)] == ["× 2", "× 2", "× 1", "× 2"]


def test_a_double_click_edits_a_weight(hand: Run) -> None:
    plot = hand.plot
    plot.choose("weights:1")
    double_click(plot, 0, 1)
    assert field(plot, "weight").isVisible()
    assert float(field(plot, "weight").text()) == pytest.approx(1 / 3, rel=1e-5)
    field(plot, "weight").setText("0,5")
    QTest.keyClick(field(plot, "weight"), Qt.Key.Key_Return)
    assert not field(plot, "weight").isVisible()
    assert plot.state is not None
    assert plot.state.changes.edits == {(1, 0, 1): 0.5}
    assert opened(plot).matrix.values[0, 1] == 0.5
    assert opened(plot).matrix.values.shape == (3, 4)  # biases last
    np.testing.assert_allclose(np.array(hand.training.network.taps[1].weights), 1 / 3, rtol=1e-6)


def test_a_typed_word_is_no_weight(hand: Run) -> None:
    plot = hand.plot
    plot.choose("weights:1")
    double_click(plot, 0, 0)
    assert field(plot, "weight").isVisible()
    for text in ("much", "nan"):
        field(plot, "weight").setText(text)
        QTest.keyClick(field(plot, "weight"), Qt.Key.Key_Return)
    assert plot.state is not None
    assert not plot.state.changes.edits


def test_changes_stay_while_the_network_trains_and_what_they_do_is_of_each_step(hand: Run) -> None:
    hand.plot.switch_unit(0, 1)
    state = hand.plot.state
    assert state is not None
    before = state.changed
    hand.step()
    state = hand.plot.state
    assert state is not None
    assert state.changes.off == {(0, 1)}
    assert before is not None
    assert state.changed is not None
    assert state.changed.norms != before.norms


def test_a_wide_network_is_read_only_and_its_boxes_open(wide: Run) -> None:
    plot = wide.plot
    assert plot.state is not None
    assert not is_editable(plot.state.graph)
    assert plot.controls is not None
    assert not plot.controls.isVisible()
    assert all(not face.units for face in drawn(plot, Boxes).faces)
    plot.choose("weights:1")
    assert opened(plot).matrix.shape == (2, 40)
    assert cell_at(plot.detail_pane, opened(plot).matrix, plot.detail_pane.sceneBoundingRect().center()) is None


def test_a_small_network_that_cannot_be_changed_says_so_by_opening_read_only(plot: ComputationGraph) -> None:
    layers = [{"kind": "convolution", "channels": 2, "kernel": 3}, {"kind": "flatten"}]
    run = Run(plot, Experiment.from_builtins({"data": {"kind": "digits"}, "layers": layers}))
    assert plot.state is not None
    plot.choose("weights:0")
    assert opened(plot).matrix.key == "weights:0"
    assert OpenBox(key="weights:0") in run.plot.observations


def test_what_is_found_in_another_box_is_not_shown(wide: Run) -> None:
    plot = wide.plot
    plot.choose("weights:1")
    late = observe(wide.training, plot.observations)
    plot.choose("delta:0")
    plot.refresh(View(frame_of(wide.training, {}, late), Record(History(wide.training.columns))))
    assert opened(plot).matrix.key == "delta:0"


def test_another_network_forgets_what_was_changed(hand: Run) -> None:
    hand.plot.switch_unit(0, 1)
    training = Training(Experiment.from_builtins(WIDE), run=1)
    training.look()
    frame = frame_of(training, {}, observe(training, (GraphObservation(),)))
    hand.plot.refresh(View(frame, Record(History(training.columns))))
    assert hand.plot.state is not None
    assert not hand.plot.state.changes.off


def test_the_table_has_norms_and_ratios(hand: Run) -> None:
    assert "norm_ratio" not in hand.plot.table().columns
    controls_of(hand.plot).factors["error_scale"].number.setValue(2.0)
    columns = hand.plot.table().columns
    place = list(columns["box"]).index("weight_gradient")
    assert columns["norm_ratio"][place] == pytest.approx(2.0)
    assert columns["norm_changed"][place] == pytest.approx(2 * columns["norm"][place])  # type: ignore[operator]


def test_a_graph_older_than_its_frame_says_of_which_step_it_is(hand: Run) -> None:
    def told() -> list[str]:
        assert hand.plot.state is not None
        return [note.text for note in hand.plot.notes(hand.plot.state)]

    assert not any("as of" in text for text in told())
    frame = structs.replace(frame_of(hand.training, {}, observe(hand.training, (GraphObservation(),))), step=7)
    hand.plot.refresh(View(frame, Record(History(hand.training.columns))))
    assert "as of step 0" in told()
    assert set(hand.plot.table().columns["step"]) == {0}


def test_a_picture_shows_what_is_open_and_changed(hand: Run) -> None:
    hand.plot.choose("weight_gradient:1")
    hand.plot.switch_unit(1, 2)
    twin = hand.plot.twin(LIGHT)
    assert isinstance(twin, ComputationGraph)
    assert any(line.startswith("changed: ") for line in opened(twin).formula)
    assert faces(twin) == faces(hand.plot)
    twin.deleteLater()


def test_a_norm_that_is_not_finite_is_told(hand: Run) -> None:
    state = hand.plot.state
    assert state is not None
    boxes = tuple(structs.replace(box, norm=float("nan")) for box in state.graph.boxes)
    hand.plot.show_state(dataclasses.replace(state, graph=structs.replace(state.graph, boxes=boxes)))
    assert {face.lines[0] for face in drawn(hand.plot, Boxes).faces} == {"NaN"}
    assert all(face.lost for face in drawn(hand.plot, Boxes).faces)


def test_formulas_carry_their_numbers() -> None:
    norms = {"delta:0": 1.0, "delta:1": 2.0, "input:-1": 3.0, "weight_gradient:0": 4.0}
    assert formula_of("delta:0", norms, 1)[-1] == "δ above 2  × 0.5"
    assert formula_of("weight_gradient:0", norms, 1) == ("∂W = δ aᵀ / N", "norm 4", "δ 1,  a 3")
    assert formula_of("delta:1", norms, 1)[0].startswith("δ = ∂loss/∂z")


# -- in the window -----------------------------------------------------------------------------------------------


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    set_theme(create_app(), "light")
    made = MainWindow(Document(Experiment.from_json(HAND.read_bytes())), lambda notify: Session("thread", notify))
    made.resize(1280, 800)
    made.show()
    made.bench.start()
    qtbot.waitUntil(lambda: made.bench.view is not None)
    yield made
    for ask in ("ask_run", "ask_unsaved"):
        monkeypatch.setattr(files, ask, lambda *_: "discard")
    made.close()
    made.deleteLater()


def test_the_graph_asks_the_run_behind_the_window(window: MainWindow, qtbot: QtBot) -> None:
    area = window.plot_area
    area.board.maximise("computation_graph")
    plot = area.plot("computation_graph")
    assert isinstance(plot, ComputationGraph)
    qtbot.waitUntil(lambda: plot.state is not None)
    controls_of(plot).switches["ones"].click()
    plot.switch_unit(1, 2)
    qtbot.waitUntil(lambda: faces(plot).get("weight_gradient:1") == "× 0.667")


@pytest.mark.parametrize("width", [300, 420, 560, 760, 1200])
def test_no_factor_or_switch_is_cut_at_any_width(qtbot: QtBot, width: int) -> None:
    controls = Controls()
    qtbot.addWidget(controls)
    controls.resize(width, 240)
    with qtbot.waitExposed(controls):
        controls.show()
    for widget in (*controls.factors.values(), *controls.switches.values(), controls.back):
        assert widget.width() >= widget.minimumSizeHint().width()
        assert controls.rect().contains(widget.geometry())
    for switch in controls.switches.values():
        assert switch.width() >= switch.sizeHint().width()
    for factor in controls.factors.values():
        number = factor.number
        assert number.lineEdit().width() >= number.fontMetrics().horizontalAdvance("× 1000.000")
