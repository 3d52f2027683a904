"""The status bar says what takes long, and its button ends it."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.running.stop_rules import Epochs
from simulator.system.progress import Progress
from tests.ui.windows import OpenOn
from ui.window.main_window import MainWindow

NET = {"data": {"kind": "spirals"}, "layers": [{"kind": "dense", "units": 6}]}


@pytest.fixture
def window(open_on: OpenOn) -> MainWindow:
    return open_on(Experiment.from_builtins(NET))


def test_many_steps_say_how_far_they_are_and_can_be_cancelled(qtbot: QtBot, window: MainWindow) -> None:
    assert not window.progress.isVisible()
    window.bench.link.set_limit(30)
    window.bench.play(500)
    qtbot.waitUntil(lambda: window.progress.isVisible())
    assert window.progress.text.startswith("Training: ")
    assert " of 500 steps, about " in window.progress.text
    assert 0 < window.progress.bar.value() < 500
    window.progress.button.click()
    qtbot.waitUntil(lambda: not window.progress.isVisible())
    assert not window.bench.playing
    window.close()


def test_epochs_say_how_far_they_are(qtbot: QtBot, window: MainWindow) -> None:
    window.bench.link.set_limit(30)
    window.bench.play_until(Epochs(epochs=50))
    qtbot.waitUntil(lambda: window.progress.isVisible())
    assert window.progress.text.startswith("Training: ")
    assert " steps, about " in window.progress.text
    window.progress.button.click()
    qtbot.waitUntil(lambda: not window.progress.isVisible())
    assert not window.bench.playing
    window.close()


def test_training_without_an_end_is_not_said_to_take_long(qtbot: QtBot, window: MainWindow) -> None:
    window.bench.play()
    qtbot.wait(1300)
    assert not window.progress.isVisible()
    window.bench.pause()
    window.close()


def test_whatever_is_said_has_room_at_once(window: MainWindow) -> None:
    """Before the event loop turns, which on a busy machine is late; the line grows and shrinks with its words."""
    widths = []
    for doing in ("Drawing the weights", "The first pass back through every layer", "Bounds"):
        window.progress.show_progress(Progress(doing, 1, 3, "layers"))
        label = window.progress.findChild(QLabel)
        assert label.width() >= label.sizeHint().width()
        assert window.rect().contains(window.progress.geometry().translated(window.statusBar().pos()))
        widths.append(label.width())
    assert widths[2] < widths[0] < widths[1]
    window.progress.show_progress(None)
    window.close()
