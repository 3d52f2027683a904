"""The verdict on networks beside each other: its table, its sentences, and the loss that they are compared by."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QPaintEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from simulator.doctor.base import Finding
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import presets
from simulator.record.history import History, Rows
from simulator.running.headless.run import run
from simulator.running.standing import Standing, first_reached, least_loss
from simulator.schema.numbers import number
from tests.ui.legible_widgets import crowded
from tests.ui.windows import OpenOn, windows
from ui.board.packing import GAP
from ui.doctor import lane_findings
from ui.plots.loss import LossPlot
from ui.plots.veil import Veil
from ui.window.main_window import MainWindow
from ui.window.verdict_table import NetworkRow, VerdictTable

TWINS: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 60},
    "layers": [{"kind": "dense", "units": 8, "repeat": 8, "activation": {"kind": "sigmoid"}}],
    "lanes": [
        {"name": "norm", "set": {"layers.0.normalization.kind": "batch"}},
        {"name": "none of these", "set": {"data.kind": "csv"}},
    ],
}
LOSS, ACCURACY, VALIDATION, RATIO, STEPS, SECONDS, FINDINGS = range(7)

open_on = pytest.fixture(windows)


@pytest.fixture
def window(qtbot: QtBot, open_on: OpenOn, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    # The doctor rests for seconds after the first network that it examines.
    monkeypatch.setattr(lane_findings, "SHARE", 0)
    made = open_on(Experiment.from_builtins(TWINS))
    made.bench.play(40)
    qtbot.waitUntil(lambda: not made.bench.playing and shown_step(made) == 40)
    made.verdict.toggle.trigger()
    qtbot.waitUntil(lambda: {"A", "norm"} <= made.verdict.findings.of.keys())
    return made


def shown_step(window: MainWindow) -> int:
    return -1 if window.bench.view is None else window.bench.view.frame.step


def history(losses: list[float], capacity: int = 1024) -> History:
    made = History(("loss",), capacity)
    made.extend(Rows(0, ("loss",), np.array(losses)[:, np.newaxis]))
    return made


def test_the_step_of_a_target_is_the_first_at_or_below_it() -> None:
    assert first_reached(history([3.0, 2.0, 2.5, 1.0]), 2.0) == (1, 1)
    assert first_reached(history([3.0, 2.0, 2.5, 1.0]), 0.5) is None
    assert first_reached(history([math.nan, math.inf]), 0.5) is None
    assert first_reached(history([]), 0.5) is None


def test_where_the_verdict_is_narrow_each_network_has_a_column_and_nothing_lies_beside_it(qtbot: QtBot) -> None:
    stood = Standing(1200, 1.234e-5, 0.98765, 2.5e-7, 1100, 1.5e-5, 0.97, (1024, 1031), 12.3)
    finding = Finding("dead units", "warning", (), 0, 0, {}, "", "So it is.")
    rows = [
        NetworkRow("A", stood, [finding, finding]),
        NetworkRow("SGD, ten times the rate", stood, []),
        NetworkRow("C", None, reason="not trained"),
    ]
    around = QWidget()
    qtbot.addWidget(around)
    table, column = VerdictTable(), QVBoxLayout(around)
    column.addWidget(table)
    around.show()
    told = []
    for width, turned in ((1200, False), (380, True), (250, True), (1200, False)):
        around.resize(width, 500)
        table.say(rows)
        qtbot.wait(1)
        assert table.turned == turned
        assert table.horizontalScrollBar().maximum() == 0
        assert crowded(around) == []
        told.append(table.texts())
    assert all(texts == told[0] for texts in told)


class PaintedRegion(QObject):
    """What of a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.region = QRegion()
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region |= event.region()
        return False


@pytest.mark.parametrize("width", [1200, 380])
def test_cells_that_move_are_painted_with_those_that_say_something_else(width: int, qtbot: QtBot) -> None:
    table = VerdictTable()

    def say(loss: float) -> None:
        stood = [Standing(3, each, 0.9, 0.5, 3, 0.5, 0.9, None, None) for each in (loss, 0.5)]
        table.say([NetworkRow("A", stood[0], []), NetworkRow("B", stood[1], [])])

    qtbot.addWidget(table)
    table.resize(width, 500)
    table.show()
    say(0.25)
    qtbot.wait(1)
    painted = PaintedRegion(table.viewport())
    say(1.25e-14)
    # What is painted next, before any timer.
    QApplication.sendPostedEvents()
    assert painted.region.boundingRect() == table.viewport().rect()


def test_of_a_long_past_the_steps_of_which_it_is_one_are_told() -> None:
    losses = [10.0 - step for step in range(10)]
    assert first_reached(history(losses, capacity=4), 4.5) == (4, 7)
    assert first_reached(history(losses, capacity=4), 1.5) == (8, 9)


def test_the_least_loss_is_one_that_is_finite() -> None:
    assert least_loss(history([3.0, 2.0, math.nan, 2.5])) == 2.0
    assert least_loss(history([math.nan, math.inf])) is None
    assert least_loss(history([])) is None


def test_each_network_has_a_row_with_numbers_of_one_step(window: MainWindow) -> None:
    texts = window.verdict.table.texts()
    assert list(texts) == ["A", "norm", "none of these"]
    assert window.verdict.head.text() == "Verdict at step 40"
    view = window.bench.view
    assert view is not None
    norms = view.frame.measures["weight_gradient_norm"]
    assert texts["A"][RATIO] == number(norms[0] / norms[-2])
    assert texts["A"][LOSS] == number(view.frame.scalars["loss"])
    assert texts["norm"][LOSS] == number(view.lanes["norm"].frame.scalars["loss"])
    assert texts["A"][FINDINGS].startswith("vanishing")
    assert all(text != "—" for text in texts["norm"])
    (sentence, *_) = window.verdict.sentences.text().splitlines()
    assert sentence.startswith(("norm: loss lower by", "norm: loss higher by"))
    assert sentence.endswith("at step 40, with one seed")


def test_a_network_that_is_not_trained_says_why_in_its_row(window: MainWindow) -> None:
    row = window.verdict.table.texts()["none of these"]
    assert row[:FINDINGS] == ["—"] * FINDINGS
    assert row[FINDINGS].startswith("not trained: ")


def test_the_target_is_the_least_loss_of_the_run_until_a_hand_chooses_another(window: MainWindow) -> None:
    strip = window.verdict
    assert window.bench.view is not None
    assert strip.target == least_loss(window.bench.view.history)
    strip.field.setText("1000")
    strip.field.editingFinished.emit()
    assert strip.target == 1000.0
    assert [row[STEPS] for row in strip.table.texts().values()] == ["0", "0", "—"]
    assert strip.table.texts()["A"][SECONDS] == "0"
    strip.field.setText("no number")
    strip.field.editingFinished.emit()
    assert strip.target == 1000.0
    strip.field.setText("0")
    strip.field.editingFinished.emit()
    assert strip.table.texts()["A"][STEPS] == "not yet"
    strip.field.setText("")
    strip.field.editingFinished.emit()
    assert strip.target == least_loss(window.bench.view.history)


@pytest.mark.parametrize("log", [False, True])
def test_the_target_is_a_line_in_the_plot_of_the_loss_that_the_mouse_drags(window: MainWindow, log: bool) -> None:
    plot = window.plot_area.plot("loss")
    assert isinstance(plot, LossPlot)
    window.plot_area.show_plot("loss")
    window.plot_area.board.toggle_maximised("loss")
    window.verdict.place()
    plot.set_option("log", log)
    assert plot.target == window.verdict.target
    low, high = plot.shown
    aim = low + 0.75 * (high - low)
    drag(plot, aim)
    chosen = 10.0**aim if log else aim
    assert window.verdict.target == pytest.approx(chosen, rel=0.05)
    assert plot.target == window.verdict.target
    assert not plot.panes[0].manual
    assert "target" in " ".join(key.text for key in plot.legend.keys)
    window.verdict.toggle.trigger()
    assert plot.target is None


def drag(plot: LossPlot, height: float) -> None:
    """From where the target is."""
    assert plot.handle.height is not None
    pane, viewport = plot.panes[0], plot.canvas.viewport()
    x = sum(pane.shown[0]) / 2

    def at(y: float) -> QPoint:
        return plot.canvas.mapFromScene(pane.data_to_scene(QPointF(x, y)))

    start, end = at(plot.handle.height), at(height)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(viewport, end)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=end)


def test_why_a_network_is_not_trained_stands_beside_the_chips(window: MainWindow) -> None:
    window.chosen.choose("none of these")
    assert window.lanes_bar.differs.text().startswith("none of these is not trained: ")
    window.chosen.choose("norm")
    assert window.lanes_bar.differs.text().startswith("norm: ")


def test_a_preset_of_several_networks_opens_with_the_verdict_and_one_of_a_single_network_without(
    open_on: OpenOn,
) -> None:
    window = open_on(Experiment.from_builtins({**TWINS, "lanes": []}))
    shown = {}
    for preset in (next(each for each in presets() if each.load().lanes), presets()[0]):
        window.experiments.open_preset(preset)
        shown[preset.id] = window.verdict.isVisible()
    assert [*shown.values()] == [True, False]


def test_one_strip_is_open_at_a_time_and_both_leave_the_board_alone(window: MainWindow) -> None:
    size = window.plot_area.board.size()
    window.findings.toggle.trigger()
    assert window.findings.isVisible()
    assert not window.verdict.isVisible()
    window.verdict.toggle.trigger()
    assert not window.findings.isVisible()
    assert not window.findings.toggle.isChecked()
    assert window.plot_area.board.size() == size


@pytest.mark.parametrize("strip", ["verdict", "findings"])
def test_every_card_can_be_scrolled_out_from_under_what_lies_over_the_foot(window: MainWindow, strip: str) -> None:
    board, over, last = window.plot_area.board, getattr(window, strip), window.plot_area.board.cards[-1]
    window.verdict.hide()
    sizes, bar = [card.size() for card in board.cards], board.verticalScrollBar()
    most = bar.maximum()
    over.show()
    assert bar.maximum() == most + over.height()
    assert [card.size() for card in board.cards] == sizes
    board.bring(last)
    above = over.mapTo(window, QPoint(0, 0)).y()
    bottom, top = (last.mapTo(window, QPoint(0, y)).y() for y in (last.height(), 0))
    assert bottom <= above or top == board.mapTo(window, QPoint(0, GAP)).y()
    over.hide()
    assert bar.maximum() == most


def test_there_is_no_verdict_on_one_network(window: MainWindow) -> None:
    for name in ("norm", "none of these"):
        window.chosen.remove(name)
    assert not window.verdict.isVisible()
    assert not window.verdict.toggle.isEnabled()
    window.document.undo_stack.undo()
    assert window.verdict.toggle.isEnabled()


def test_a_network_on_other_batches_is_said_to_be_so(qtbot: QtBot, window: MainWindow) -> None:
    sentence = window.verdict.sentences.text()
    assert "other batches" not in sentence
    assert "not the run's" not in window.lanes_bar.chips["norm"].toolTip()
    assert window.chosen.rename("norm", "smaller") is None
    window.chosen.choose("smaller")
    changed = {**window.chosen.experiment.to_builtins(), "batch_size": 10}
    assert window.chosen.propose(changed, "Batch size") is None
    told = "on other batches than A"
    qtbot.waitUntil(lambda: window.verdict.sentences.text().endswith(told))
    assert "batches are not the run's" in window.lanes_bar.chips["smaller"].toolTip()


def test_a_picture_of_the_loss_shows_the_target(window: MainWindow) -> None:
    plot = window.plot_area.plot("loss")
    assert isinstance(plot, LossPlot)
    twin = plot.twin(plot.theme)
    assert isinstance(twin, LossPlot)
    assert twin.target == plot.target is not None


def test_a_network_that_is_renamed_or_taken_away_is_not_judged_by_the_name_that_it_had(
    qtbot: QtBot, window: MainWindow
) -> None:
    assert "norm" in window.verdict.table.texts()
    assert window.chosen.rename("norm", "smaller") is None
    window.verdict.choose_target(0.5)
    assert "norm" not in window.verdict.table.texts()
    qtbot.waitUntil(lambda: "smaller" in window.verdict.table.texts())


def test_at_an_earlier_step_the_verdict_is_that_of_the_step(qtbot: QtBot, window: MainWindow) -> None:
    strip, scrubber = window.verdict, window.timeline.scrubber
    own = window.document.experiment.all_lanes()
    scrubber.go_to(17)
    assert strip.head.text() == "Verdict at step 17"
    assert window.bench.view is not None
    at_once = strip.table.texts()
    for name in ("A", "norm"):
        history = (window.bench.record if name == "A" else window.bench.lanes.record(name)).history
        assert at_once[name][LOSS] == number(float(history.series("loss").last[17]))
    assert strip.target == float(window.bench.record.history.series("loss").last[:18].min())
    qtbot.waitUntil(lambda: {"A", "norm"} <= strip.findings.of.keys() and scrubber.complete)
    texts = strip.table.texts()
    for name in ("A", "norm"):
        last = run(own[name], steps=17).last
        norms = last.measures["weight_gradient_norm"]
        assert texts[name][RATIO] == number(norms[0] / norms[-2])
        assert texts[name][VALIDATION].startswith(number(last.scalars["validation_loss"]))
        assert "…" not in texts[name]
    assert all("at step 17" in sentence for sentence in strip.sentences.text().splitlines())
    scrubber.go_live()
    assert strip.head.text() == "Verdict at step 40"
    assert strip.table.texts()["A"][LOSS] == number(window.bench.view.frame.scalars["loss"])


def test_until_all_of_an_earlier_step_is_there_nothing_of_another_is_told(qtbot: QtBot, window: MainWindow) -> None:
    strip, scrubber = window.verdict, window.timeline.scrubber
    assert strip.findings.of
    scrubber.go_to(9)
    for name, row in strip.table.texts().items():
        if name != "none of these" and not scrubber.complete:
            assert [row[place] for place in (VALIDATION, RATIO, FINDINGS)] == ["…"] * 3
            assert "…" not in (row[STEPS], row[SECONDS])
    qtbot.waitUntil(lambda: scrubber.complete and {"A", "norm"} <= strip.findings.of.keys())
    assert strip.table.texts()["A"][FINDINGS] != "…"


def test_a_network_that_begins_later_says_so_in_the_verdict_of_an_earlier_step(
    qtbot: QtBot, window: MainWindow
) -> None:  # fmt: skip
    window.chosen.remove("none of these")
    window.branch_access.branch_here(30)
    qtbot.waitUntil(lambda: "catching up" not in window.verdict.table.texts().get("B", ["catching up"]))
    window.timeline.scrubber.go_to(12)
    assert window.verdict.table.texts()["B"][FINDINGS] == "begins at step 30"
    window.timeline.scrubber.go_to(31)
    assert window.verdict.table.texts()["B"][LOSS] != "—"


def test_every_image_of_networks_beside_each_other_says_that_it_is_of_another_step(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.plot_area.show_plot("boundary")
    window.plot_area.board.toggle_maximised("boundary")
    plot = window.plot_area.plot("boundary")
    qtbot.waitUntil(lambda: len(plot.side_by_side) == 2)

    def laid() -> list[list[str]]:
        found = [each.canvas.findChildren(Veil) for each in plot.side_by_side]
        return [[veil.text for veil in veils if veil.isVisible()] for veils in found]

    scrubber = window.timeline.scrubber
    scrubber.go_to(20)
    if not scrubber.complete:
        qtbot.waitUntil(lambda: scrubber.complete or any(laid()))
        assert scrubber.complete or laid() == [["of step 40; step 20 is being computed"]] * 2
    qtbot.waitUntil(lambda: scrubber.complete and not any(laid()))
    window.chosen.remove("norm")
    qtbot.waitUntil(lambda: len(plot.side_by_side) == 1)
    scrubber.go_to(10)
    qtbot.waitUntil(lambda: scrubber.complete and not any(laid()))


def test_a_network_whose_masks_are_not_the_run_s_is_said_to_be_so(qtbot: QtBot, open_on: OpenOn) -> None:
    dropped = {"kind": "dense", "units": 8, "dropout": {"kind": "inverted", "rate": 0.2}}
    lanes = [{"name": "wide", "set": {"layers.0.units": 9}}, {"name": "slow", "set": {"optimizer.learning_rate": 0.01}}]
    window = open_on(Experiment.from_builtins({**TWINS, "layers": [dropped], "lanes": lanes}))
    told = "Dropout's masks of layer 1 are not the run's"
    qtbot.waitUntil(lambda: told in window.lanes_bar.chips["wide"].toolTip())
    qtbot.waitUntil(lambda: window.bench.lanes.updates["slow"].frame is not None)
    assert "masks" not in window.lanes_bar.chips["slow"].toolTip()
