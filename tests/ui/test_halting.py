"""The window pauses where the loss is first not finite, says so, and goes on at a button."""

from __future__ import annotations

from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.running.session import Session
from tests.ui.told import button
from ui.bench.document import Document
from ui.settings.preferences import PAUSE, preferred
from ui.window.main_window import MainWindow

LAYER = {"kind": "dense", "units": 8, "activation": {"kind": "relu"}}
NET = {"data": {"kind": "wine"}, "layers": [LAYER], "loss": {"kind": "mse"}}


def hasty() -> Experiment:
    return Experiment.from_builtins({**NET, "optimizer": {"kind": "sgd", "learning_rate": 3.0}})


def opened(qtbot: QtBot) -> MainWindow:
    window = MainWindow(Document(hasty()), lambda notify: Session("thread", notify))
    qtbot.addWidget(window)
    window.show()
    window.bench.start()
    qtbot.waitUntil(lambda: window.bench.view is not None)
    return window


def entry_of(window: MainWindow) -> QAction:
    entries = [entry for menu in window.menuBar().actions() for entry in menu.menu().actions()]  # type: ignore[attr-defined]
    return next(entry for entry in entries if entry.text() == "Pause where the loss is not finite")


def step(window: MainWindow) -> int:
    assert window.bench.view is not None
    return window.bench.view.frame.step


def test_it_pauses_says_so_and_goes_on_at_the_button(qtbot: QtBot) -> None:
    window = opened(qtbot)
    window.bench.play()
    qtbot.waitUntil(lambda: window.banner.isVisible())
    at = step(window)
    assert not window.bench.playing
    assert window.banner.text == f"Paused at step {at}, because the loss is ∞."
    qtbot.wait(50)
    assert step(window) == at
    go_on = button(window.banner, "Go on")
    assert go_on.isVisible()
    go_on.click()
    qtbot.waitUntil(lambda: step(window) > at + 20)
    assert window.bench.playing
    assert not window.banner.isVisible()
    window.close()


def test_the_banner_goes_with_what_it_is_about(qtbot: QtBot) -> None:
    window = opened(qtbot)
    for take_back in (window.bench.play, window.bench.restart, lambda: window.document.replace(hasty())):
        if not window.bench.playing:
            window.bench.restart()
            qtbot.waitUntil(lambda: step(window) == 0)
            window.bench.play()
        qtbot.waitUntil(lambda: window.banner.isVisible())
        take_back()
        qtbot.waitUntil(lambda: not window.banner.isVisible())
        window.bench.pause()
        qtbot.waitUntil(lambda: not window.bench.playing)
    window.close()


def test_the_choice_is_on_at_first_and_remembered(qtbot: QtBot) -> None:
    window = opened(qtbot)
    assert entry_of(window).isChecked()
    entry_of(window).trigger()
    assert preferred(PAUSE) == "off"
    window.bench.play()
    qtbot.waitUntil(lambda: step(window) > 60)
    assert window.bench.playing
    assert not window.banner.isVisible()
    window.close()
    again = opened(qtbot)
    assert not entry_of(again).isChecked()
    again.close()


def test_a_network_that_finds_no_room_is_forgotten_when_it_is_undone(qtbot: QtBot) -> None:
    window = opened(qtbot)
    window.bench.play()
    vast = hasty().with_values([("layers.0.units", 16384), ("layers.0.repeat", 50)])
    assert window.document.propose(vast.to_builtins(), "Make it vast") is None
    qtbot.waitUntil(lambda: "GiB" in window.banner.text)
    assert not window.bench.playing
    window.document.undo_stack.undo()
    qtbot.waitUntil(lambda: not window.banner.isVisible())
    window.bench.play()
    qtbot.waitUntil(lambda: window.bench.playing and not window.banner.isVisible())
    window.close()


def test_a_failure_is_not_told_of_any_more_when_it_trains_again(qtbot: QtBot) -> None:
    window = opened(qtbot)
    window.bench.failed.emit("MemoryError: Unable to allocate 2.7 GiB", "", False)
    assert window.banner.text.startswith("Training stopped")
    window.bench.play()
    assert not window.banner.isVisible()
    window.close()
