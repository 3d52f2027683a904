"""Mends at work, through the real worker: they are offered when they have cured a copy, and they cure the run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.observations.factors import FactorsObservation
from simulator.observations.facts import FactsObservation
from simulator.running.beside import trial_worker
from simulator.running.beside.trial_session import TrialSession
from simulator.running.session import Session
from simulator.running.transport import Mode
from simulator.schema.parameter import is_live_change
from ui.app import create_app
from ui.bench.document import Document
from ui.dialogs import files
from ui.style.restyle import set_theme
from ui.window.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
HEALTHY: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 60},
    "layers": [
        {
            "kind": "dense",
            "units": 8,
            "repeat": 3,
            "activation": {"kind": "leaky_relu"},
            "initializer": {"kind": "he_normal"},
        }
    ],
    "loss": {"kind": "mse"},
    "optimizer": {"kind": "sgd", "learning_rate": 0.05, "momentum": 0.9},
    "batch_size": 16,
}
Open = Callable[[Mode], MainWindow]


@pytest.fixture
def open_window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    set_theme(create_app(), "light")
    monkeypatch.setattr(trial_worker, "REST_IN_THREAD", 0.0)  # nobody looks at this screen
    monkeypatch.setattr(TrialSession, "niceness", 0)
    made: list[MainWindow] = []

    def make(mode: Mode) -> MainWindow:
        window = MainWindow(Document(Experiment.from_builtins(HEALTHY)), lambda notify: Session(mode, notify))
        made.append(window)
        window.show()
        window.findings.show()
        window.bench.start()
        qtbot.waitUntil(lambda: window.bench.view is not None)
        return window

    yield make
    for ask in ("ask_run", "ask_unsaved"):
        monkeypatch.setattr(files, ask, lambda *_: "discard")
    for window in made:
        window.close()
        window.deleteLater()


def at(window: MainWindow, step: int) -> bool:
    return window.bench.view is not None and window.bench.view.frame.step == step and not window.bench.playing


def shows(window: MainWindow) -> bool:
    return window.bench.view is not None


def loss_of(window: MainWindow) -> float:
    assert window.bench.view is not None
    return window.bench.view.frame.scalars["loss"]


def losses(window: MainWindow) -> list[float]:
    """Of every step."""
    series = window.bench.record.history.series("loss")
    assert (series.steps[0], series.stride) == (0, 1)
    return [float(loss) for loss in series.last]


def set_rate(window: MainWindow, rate: float) -> None:
    changed = window.document.experiment.with_values([("optimizer.learning_rate", rate)])
    assert window.document.propose(changed.to_builtins(), f"Learning rate {rate:g}") is None


def ruined(qtbot: QtBot, open_window: Open, mode: Mode) -> MainWindow:
    """A window whose run was well for 20 steps and is NaN now."""
    window = open_window(mode)
    window.bench.play(20)
    qtbot.waitUntil(lambda: at(window, 20))
    set_rate(window, 1.0)
    window.bench.play(60)
    qtbot.waitUntil(lambda: not window.bench.playing and not math.isfinite(loss_of(window)))
    return window


def button_of(qtbot: QtBot, window: MainWindow, words: str) -> QPushButton:
    """The button of the first finding that has these words, when it has been offered."""
    panel = window.findings.panel

    def found() -> list[QPushButton]:
        return [button for button in panel.shown[0].buttons if words in button.text()] if panel.shown else []

    qtbot.waitUntil(lambda: bool(found()))
    return found()[0]


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_after_nan_a_mend_goes_back_to_before_the_trouble_and_on_from_there(
    qtbot: QtBot, open_window: Open, mode: Mode
) -> None:
    window = ruined(qtbot, open_window, mode)
    back_to = max(window.bench.memory.good_steps)
    button = button_of(qtbot, window, f" · back to step {back_to} · tried ")
    assert "loss NaN → 0." in button.text()
    entries, before = window.document.undo_stack.count(), window.document.experiment
    QTest.mouseClick(button, LEFT)
    assert is_live_change(before, window.document.experiment)
    assert window.document.undo_stack.count() == entries + 1
    assert button.text().startswith(window.document.undo_stack.undoText())
    past = losses(window)[:back_to]
    qtbot.waitUntil(lambda: at(window, back_to))
    assert losses(window)[:-1] == past
    window.bench.play(30)
    qtbot.waitUntil(lambda: at(window, back_to + 30))
    assert math.isfinite(loss_of(window))
    window.document.undo_stack.undo()
    assert window.document.experiment == before
    qtbot.waitUntil(lambda: shows(window) and not math.isfinite(loss_of(window)))
    window.document.undo_stack.redo()
    qtbot.waitUntil(lambda: at(window, back_to + 30))
    assert math.isfinite(loss_of(window))


@pytest.mark.parametrize("playing", [False, True], ids=["paused at step 0", "played at once"])
def test_what_is_known_of_step_0_is_known_when_nothing_is_finite_any_more(
    qtbot: QtBot, open_window: Open, playing: bool
) -> None:
    window = open_window("thread")
    if playing:
        window.bench.play()
    huge = window.document.experiment.with_values([("seed", 5), ("optimizer.learning_rate", 1e6)])
    before = window.bench.info
    assert window.document.propose(huge.to_builtins(), "Seed and rate") is None
    if not playing:
        qtbot.waitUntil(lambda: window.bench.info is not before and at(window, 0))
        window.bench.play(60)
    qtbot.waitUntil(lambda: shows(window) and not math.isfinite(loss_of(window)))
    first = window.bench.record.first
    assert first is not None
    facts = first.result(FactsObservation())
    assert facts is not None
    assert math.isfinite(facts.data.guessing_loss)
    assert first.result(FactorsObservation())


def test_a_rate_that_was_set_right_by_hand_after_nan_is_offered_as_it_is(qtbot: QtBot, open_window: Open) -> None:
    window = ruined(qtbot, open_window, "process")
    set_rate(window, 0.05)
    back_to = max(window.bench.memory.good_steps)
    button = button_of(qtbot, window, f"The present settings · back to step {back_to} · tried ")
    QTest.mouseClick(button, LEFT)
    qtbot.waitUntil(lambda: at(window, back_to))
    assert math.isfinite(loss_of(window))
    assert window.document.experiment.optimizer.learning_rate == 0.05
