"""Every box that asks something and waits for the answer, and a way to look at one while it does."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from simulator.system.progress import CancelledError, advance
from ui.dialogs import files, waiting
from ui.window.main_window import MainWindow

Ask = Callable[[MainWindow], object]
PATH = Path("a-file-with-a-rather-long-name-that-somebody-gave-it-a-while-ago.nabla")
NAME = "ten sigmoid layers, small weights, and a name that is as long as people make them"
RUNS = "12 400 steps, 3 min 20 s of training, the last 1 200 steps of which are not saved"


def changed(gone: bool, reload: bool) -> Ask:
    return lambda window: files.ask_changed(window, PATH, gone=gone, reload=reload)


def wait(window: MainWindow) -> None:
    """Something that takes long until it is cancelled."""
    with patch.object(waiting, "BUSY_SECONDS", 0.0), suppress(CancelledError), waiting.waiting(window, "Open"):
        for done in itertools.count(1):
            advance("Reading a run with a rather long past", min(done, 900), 1000, "rows")


QUESTIONS: dict[str, Ask] = {
    "unsaved changes": lambda window: files.ask_unsaved(window, NAME),
    "unsaved changes and a run": lambda window: files.ask_unsaved(window, NAME, RUNS),
    "a run": lambda window: files.ask_run(window, NAME, RUNS),
    "a file that has changed": changed(gone=False, reload=False),
    "a file that can be read again": changed(gone=False, reload=True),
    "a file that has gone": changed(gone=True, reload=True),
    "what was left": lambda window: files.ask_recover(
        window, NAME, "29 Nov 2026, 12:01", f"changes that are not saved and a run of {RUNS}"
    ),
    "data from elsewhere": lambda window: files.ask_reach(window, PATH, Path("/somewhere/else/entirely/data.csv")),
    "a file that exists": lambda window: files.ask_overwrite(window, PATH),
    "a workspace's name": lambda window: window.plot_area.bar.ask_save_as(),
    "what takes long": wait,
    "a network's name": lambda window: window.lanes_bar.menu_of("batch norm").actions()[0].trigger(),
}


def leave(box: QDialog) -> None:
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert not box.isVisible()


def answer_with(look: Callable[[QDialog], None]) -> None:
    """Have the box that opens next looked at, and then left with Escape."""

    def at() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QDialog):
            QTimer.singleShot(10, at)
            return
        try:
            look(box)
        finally:
            leave(box)

    QTimer.singleShot(0, at)
