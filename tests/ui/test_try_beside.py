"""The doctor's mend as a network beside the run, of which either is kept."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from simulator.doctor.base import Finding, Remedy
from simulator.experiment.experiment import Experiment
from simulator.running.headless.run import run
from tests.ui.windows import OpenOn, windows
from ui.doctor.panel import DoctorPanel
from ui.doctor.trials import Offer
from ui.window.main_window import MainWindow

PLAIN: dict[str, Any] = {"data": {"kind": "moons", "samples": 60}, "layers": [{"kind": "dense", "units": 5}]}
TANH = Remedy("tanh", (("layers.0.activation.kind", "tanh"),))
WIDE = Remedy("More units", (("layers.0.units", 20),))
OFFERS = [Offer(Finding("vanishing", "severe", ("1",), 0, 3, {}, "", "It vanishes.", (TANH, WIDE)))]

open_on = pytest.fixture(windows)


@pytest.fixture
def window(open_on: OpenOn) -> MainWindow:
    return open_on(Experiment.from_builtins(PLAIN))


def test_a_mend_is_trained_beside_the_run_which_goes_on(qtbot: QtBot, window: MainWindow) -> None:
    window.bench.play(20)
    qtbot.waitUntil(lambda: not window.bench.playing and window.bench.view.frame.step == 20)
    run = window.bench.info.run
    window.findings.panel.say(OFFERS)
    window.findings.show()
    mend = window.findings.panel.shown[0].mends[0]
    assert "tanh" in mend.beside.accessibleName()
    QTest.mouseClick(mend.beside, Qt.MouseButton.LeftButton)
    lanes = window.document.experiment.all_lanes()
    assert lanes == {
        "A": Experiment.from_builtins(PLAIN),
        "tanh": TANH.applied(Experiment.from_builtins(PLAIN)),
    }
    qtbot.waitUntil(lambda: "tanh" in window.bench.view.lanes)
    assert window.bench.view.lanes["tanh"].frame.step == window.bench.view.frame.step == 20
    assert window.bench.info.run == run
    assert window.document.undo_stack.undoText() == "Add lane tanh"


@pytest.mark.parametrize("kept", ["A", "tanh"])
def test_either_is_kept(window: MainWindow, kept: str) -> None:
    window.lanes_bar.try_beside(TANH)
    alone = window.document.experiment.all_lanes()[kept]
    (keep,) = [entry for entry in window.lanes_bar.menu_of(kept).actions() if entry.text().startswith("Keep it")]
    keep.trigger()
    assert window.document.experiment == alone
    assert not window.lanes_bar.isVisible()


@pytest.mark.parametrize("mend", [TANH, Remedy("slow", (("optimizer.learning_rate", 0.001),))])
def test_what_is_kept_goes_on_as_it_was_trained_and_undo_brings_both_back(
    qtbot: QtBot, window: MainWindow, mend: Remedy
) -> None:
    bench, own = window.bench, Experiment.from_builtins(PLAIN)

    def stands(step: int, *lanes: str) -> bool:
        view = bench.view
        return not bench.playing and view is not None and view.frame.step == step and set(view.lanes) == set(lanes)

    window.lanes_bar.try_beside(mend)
    qtbot.waitUntil(lambda: stands(0, mend.title))
    bench.play(6)
    qtbot.waitUntil(lambda: stands(6, mend.title))
    window.chosen.keep(mend.title)
    qtbot.waitUntil(lambda: stands(6))
    bench.play(3)
    qtbot.waitUntil(lambda: stands(9))
    alone = run(mend.applied(own), steps=9)
    assert bench.record.history.series("loss").last.tolist() == alone.history.series("loss").last.tolist()
    window.document.undo_stack.undo()
    qtbot.waitUntil(lambda: stands(6, mend.title))
    bench.play(3)
    qtbot.waitUntil(lambda: stands(9, mend.title))
    assert bench.record.history.series("loss").last.tolist() == run(own, steps=9).history.series("loss").last.tolist()
    beside = bench.lanes.record(mend.title).history.series("loss").last.tolist()
    assert beside == alone.history.series("loss").last.tolist()


def test_where_there_is_no_room_it_is_said_and_nothing_changes(window: MainWindow) -> None:
    for remedy in (TANH, WIDE, TANH):
        window.lanes_bar.try_beside(remedy)
    assert list(window.document.experiment.all_lanes()) == ["A", "tanh", "More units", "B"]
    before = window.document.experiment
    window.lanes_bar.try_beside(WIDE)
    assert window.document.experiment == before
    assert "At most 4 networks" in window.banner.text
    window.chosen.remove("B")
    window.banner.review()
    assert not window.banner.text


def test_a_mend_that_cannot_be_is_refused_in_words(window: MainWindow) -> None:
    window.lanes_bar.try_beside(Remedy("Nothing", (("layers.0.units", -3),)))
    assert window.document.experiment == Experiment.from_builtins(PLAIN)
    assert "units" in window.banner.text


@pytest.mark.parametrize("width", [340, 600, 1200])
def test_both_buttons_of_a_mend_stand_whole_beside_each_other(qtbot: QtBot, width: int) -> None:
    panel = DoctorPanel()
    qtbot.addWidget(panel)
    panel.resize(width, 300)
    panel.show()
    panel.say(OFFERS)
    qtbot.wait(1)
    for mend in panel.shown[0].mends:
        assert mend.beside.width() >= mend.beside.sizeHint().width()
        assert mend.button.width() >= mend.button.sizeHint().width()
        assert panel.rect().right() >= mend.beside.mapTo(panel, mend.beside.rect().topRight()).x()
        assert not mend.button.geometry().intersects(mend.beside.geometry())
