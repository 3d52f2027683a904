"""The doctor in the window: what it shows of a run, when it looks, and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from simulator.doctor import Finding, Mend
from simulator.experiment import Experiment
from simulator.session import Session
from ui.app import create_app
from ui.dialogs import files
from ui.doctor import rounds as doctor_rounds
from ui.doctor.panel import NOTHING, DoctorPanel, evidence_text, mend_text, place_text
from ui.document import Document
from ui.main_window import MainWindow
from ui.style.theme import set_theme

SICK: dict[str, Any] = {
    "name": "eight sigmoids",
    "data": {"kind": "moons", "samples": 60},
    "layers": [{"kind": "dense", "units": 8, "repeat": 8, "activation": {"kind": "sigmoid"}}],
    "optimizer": {"kind": "sgd", "learning_rate": 0.1},
    "batch_size": 16,
}
LEFT = Qt.MouseButton.LeftButton
MEND = Mend("tanh", (("layers.0.activation.kind", "tanh"),))
FINDING = Finding(
    "vanishing", "severe", ("1", "8"), 0, 12, {"gradient_first_to_last": 2.8e-6}, "slope", "Layer 1 hears nothing.",
    (MEND, Mend("Batch norm", (("layers.0.normalization.kind", "batch"),))),
)  # fmt: skip

Open = Callable[[dict[str, Any]], MainWindow]


@pytest.fixture
def open_window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    set_theme(create_app(), "light")
    made: list[MainWindow] = []

    def make(plain: dict[str, Any]) -> MainWindow:
        window = MainWindow(Document(Experiment.from_builtins(plain)), lambda notify: Session("thread", notify))
        made.append(window)
        window.show()
        window.bench.start()
        qtbot.waitUntil(lambda: window.bench.view is not None)
        return window

    yield make
    monkeypatch.setattr(files, "ask_unsaved", lambda *_: "discard")
    for window in made:
        window.close()
        window.deleteLater()


def rules(window: MainWindow) -> list[str]:
    return [finding.rule for finding in window.doctor_dock.rounds.findings]


def switch(window: MainWindow) -> QToolButton:
    (found,) = [
        button
        for button in window.menuBar().cornerWidget().findChildren(QToolButton)
        if button.accessibleName() == "Doctor panel"
    ]
    return found


def test_a_sick_net_is_found_at_step_0_and_the_switch_counts_the_findings(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(SICK)
    qtbot.waitUntil(lambda: "vanishing" in rules(window))
    assert window.doctor_dock.isHidden()
    assert switch(window).text() == f"Doctor · {len(rules(window))}"
    QTest.mouseClick(switch(window), LEFT)
    assert window.doctor_dock.isVisible()
    card = window.doctor_dock.panel.shown[0]
    assert card.finding is not None
    assert card.finding.factor == "slope"
    assert "slopes lose" in card.sentence.text()


def test_a_mend_is_one_undo_entry_and_the_finding_goes(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(SICK)
    qtbot.waitUntil(lambda: "vanishing" in rules(window))
    window.doctor_dock.show()
    card = window.doctor_dock.panel.shown[0]
    button = next(button for button in card.buttons if button.text() == "ReLU and He weights")
    QTest.mouseClick(button, LEFT)
    layer = window.document.experiment.to_builtins()["layers"][0]
    assert (layer["activation"]["kind"], layer["initializer"]["kind"]) == ("relu", "he_normal")
    assert window.document.undo_stack.count() == 1
    assert window.document.undo_stack.undoText() == "ReLU and He weights"
    qtbot.waitUntil(lambda: "vanishing" not in rules(window))
    window.document.undo_stack.undo()
    assert window.document.experiment == Experiment.from_builtins(SICK)
    qtbot.waitUntil(lambda: "vanishing" in rules(window))


def test_it_looks_again_while_the_run_goes_on(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(SICK)
    window.bench.play(40)
    qtbot.waitUntil(lambda: any(f.step == 40 for f in window.doctor_dock.rounds.findings))
    assert window.doctor_dock.rounds.findings[0].since == 0


def test_it_waits_until_the_plots_have_been_painted(
    qtbot: QtBot, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(SICK)
    looked, examined = [], doctor_rounds.examine
    monkeypatch.setattr(
        doctor_rounds, "examine", lambda *given: (looked.append(window.plot_area.refreshing), examined(*given))[1]
    )
    window.plot_area._turns.setInterval(5)
    window.bench.play(40)
    qtbot.waitUntil(lambda: any(f.step == 40 for f in window.doctor_dock.rounds.findings))
    assert looked
    assert not any(looked)


def test_it_does_not_wait_for_ever_where_plots_are_always_being_painted(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(SICK)
    window.bench.painting = lambda: True
    window.bench.play(3)
    qtbot.waitUntil(lambda: any(f.step == 3 for f in window.doctor_dock.rounds.findings))


def test_gradients_too_small_for_float16_are_counted_by_the_worker(qtbot: QtBot, open_window: Open) -> None:
    window = open_window({**SICK, "layers": [{**SICK["layers"][0], "repeat": 16}]})
    qtbot.waitUntil(lambda: "float16 underflow" in rules(window))


def test_a_healthy_net_has_nothing_to_show(qtbot: QtBot, open_window: Open) -> None:
    layer = {**SICK["layers"][0], "activation": {"kind": "tanh"}, "repeat": 2}
    window = open_window({**SICK, "layers": [layer]})
    window.doctor_dock.show()
    window.bench.play(20)
    qtbot.waitUntil(lambda: window.bench.view is not None and window.bench.view.frame.step == 20)
    assert rules(window) == []
    assert window.doctor_dock.panel.shown == []
    assert switch(window).text() == "Doctor"


def test_a_mend_of_another_experiment_is_refused_in_words(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(SICK)
    window.doctor_dock.rounds.apply(Mend("x", (("layers.7.units", 3),)))
    assert "only 1 entries" in window.banner.text
    assert window.document.experiment == Experiment.from_builtins(SICK)


def test_buttons_stay_in_place_while_only_numbers_change(qtbot: QtBot) -> None:
    panel = DoctorPanel()
    qtbot.addWidget(panel)
    panel.say([FINDING])
    (card,) = panel.shown
    before = list(card.buttons)
    panel.say([replace(FINDING, sentence="Layer 1 hears little.")])
    assert panel.shown == [card]
    assert card.buttons == before
    assert card.sentence.text() == "Layer 1 hears little."
    panel.say([replace(FINDING, mends=(MEND,))])
    assert [button.text() for button in card.buttons] == ["tanh"]
    with qtbot.waitSignal(panel.chosen) as chosen:
        card.buttons[0].click()
    assert chosen.args == [MEND]
    panel.say([])
    assert panel.shown == []
    assert panel._nothing.text() == NOTHING


def test_the_words_of_a_card() -> None:
    assert place_text(FINDING) == "severe  ·  layers 1, 8  ·  since step 0  ·  by the slope"
    many = replace(FINDING, layers=tuple("123456789"), factor="")
    assert place_text(many) == "severe  ·  layers 1, 2, 3, …, 9  ·  since step 0"
    assert evidence_text(FINDING.numbers) == "gradient first to last 2.8×10⁻⁶"
    assert mend_text(MEND) == "layers.0.activation.kind = tanh"
    assert mend_text(Mend("", tuple((f"a.{n}", n) for n in range(9)))).endswith("a.5 = 5\nand 3 more")
