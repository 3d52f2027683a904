"""Windows on experiments, which close without a question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.running.session import Session
from simulator.running.transport import Mode
from ui.app import create_app
from ui.bench.document import Document
from ui.dialogs import files
from ui.style.restyle import set_theme
from ui.window.main_window import MainWindow


class OpenOn(Protocol):
    """Opens a window on an experiment, whose worker has answered, if that is waited for."""

    def __call__(self, experiment: Experiment, mode: Mode = "thread", wait: bool = True) -> MainWindow: ...


def preset_entries(window: MainWindow) -> list[QAction]:
    """All presets of the menu on the toolbar, group after group."""
    groups = [entry.menu() for entry in window.transport.preset_menu.actions()]
    return [entry for group in groups if isinstance(group, QMenu) for entry in group.actions()]


def windows(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenOn]:
    set_theme(create_app(), "light")
    opened: list[MainWindow] = []

    def open_on(experiment: Experiment, mode: Mode = "thread", wait: bool = True) -> MainWindow:
        window = MainWindow(Document(experiment), lambda notify: Session(mode, notify))
        opened.append(window)
        window.show()
        window.bench.start()
        if wait:
            qtbot.waitUntil(lambda: window.bench.view is not None or bool(window.bench.refusal))
        return window

    yield open_on
    for ask in ("ask_run", "ask_unsaved"):
        monkeypatch.setattr(files, ask, lambda *_: "discard")
    for window in opened:
        window.close()
        window.deleteLater()
