"""A window in a process of its own that takes what it is offered, goes on training, and is changed again and again.

Arguments: experiment file, where its worker runs, ``go on`` or ``look``: it is closed when it has told what it was
offered. It tells each thing in a line of JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

import main
from ui.app import create_app
from ui.dialogs import files
from ui.window import recovery
from ui.window.main_window import MainWindow

KEPT_EACH_MS = 100
CHANGED_EACH_MS = 30
STEPS_PER_SECOND = 200.0
ASKED_MS = 1500
"""So long after it is shown a window has been asked whatever it is asked."""


def window() -> MainWindow:
    return next(each for each in QApplication.topLevelWidgets() if isinstance(each, MainWindow))


def tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def take(_window: QWidget, name: str, _when: str, gain: str) -> bool:
    tell(offered=gain, name=name)
    QTimer.singleShot(0, await_run)
    return go_on


def await_run() -> None:
    """Tell what has come back, when it is there."""
    bench, document = window().bench, window().document
    if bench.building or bench.view is None:
        QTimer.singleShot(10, await_run)
        return
    path = None if document.path is None else str(document.path)
    view = bench.view
    tell(step=view.frame.step, steps=bench.record.steps, name=document.experiment.name, path=path, dirty=document.dirty)
    change()
    bench.link.set_limit(STEPS_PER_SECOND)
    bench.play()


def change() -> None:
    """Another name, which changes no number."""
    document = window().document
    number = int(document.experiment.name or 0) + 1
    document.propose({**document.experiment.to_builtins(), "name": str(number)}, "Rename")
    QTimer.singleShot(CHANGED_EACH_MS, change)


def await_window() -> None:
    shown = any(isinstance(each, MainWindow) and each.isVisible() for each in QApplication.topLevelWidgets())
    QTimer.singleShot(ASKED_MS if shown else 10, begin if shown else await_window)


def begin() -> None:
    """Where nothing was offered."""
    if not go_on:
        window().close()
    elif window().document.path is not None:
        tell(offered="")
        await_run()


go_on = sys.argv[3] == "go on"
if __name__ == "__main__":
    recovery.SECOND_MS = KEPT_EACH_MS // 5
    app = create_app()
    files.ask_recover = take
    files.ask_unsaved = files.ask_run = lambda *_words: "discard"
    QTimer.singleShot(0, await_window)
    sys.exit(main.main([sys.argv[1], "--worker", sys.argv[2]]))
