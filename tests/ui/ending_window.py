"""A window in a process of its own, brought into a state in which it is then closed, told to end, or killed.

Arguments: experiment file, where its worker runs, the state, ``close`` if it is to close itself. It prints ``ready``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

import main
from ui.app import create_app
from ui.dialogs import files
from ui.doctor.trials import BackgroundTrials
from ui.window.main_window import MainWindow
from ui.window.recovery import Recovery

LARGE = [{"kind": "dense", "units": 3000, "repeat": 30, "initializer": {"kind": "orthogonal"}}]
BETWEEN_MS = 50


def window() -> MainWindow:
    return next(each for each in QApplication.topLevelWidgets() if isinstance(each, MainWindow))


def step() -> int:
    view = window().bench.view
    return -1 if view is None else view.frame.step


def when(condition: Callable[[], bool], then: Callable[[], object]) -> None:
    """Do something as soon as something is so."""
    if condition():
        then()
    else:
        QTimer.singleShot(BETWEEN_MS, lambda: when(condition, then))


def rename() -> None:
    window().document.propose({**window().document.experiment.to_builtins(), "name": "changed"}, "Rename")


def long_step(then: Callable[[], object]) -> None:
    window().bench.play()
    QTimer.singleShot(1500, then)


def dialog(then: Callable[[], object]) -> None:
    window().bench.play()
    rename()
    when(lambda: step() > 0 and QApplication.activeModalWidget() is not None, then)
    when(lambda: step() > 0, lambda: files.ask_unsaved(window(), "changed", "12 steps"))


def large_network(then: Callable[[], object]) -> None:
    described = {**window().document.experiment.to_builtins(), "layers": LARGE}
    assert window().document.propose(described, "Large") is None
    QTimer.singleShot(1000, then)


def table(then: Callable[[], object]) -> None:
    window().experiments.open_path(Path(sys.argv[1]).with_suffix(".csv"))
    QTimer.singleShot(300, then)


def mends(then: Callable[[], object]) -> None:
    window().bench.play(200)
    trials = window().findChildren(BackgroundTrials)
    when(lambda: any(each.trying for each in trials), then)


def recovery(then: Callable[[], object]) -> None:
    """It is being written."""

    def keep() -> None:
        rename()
        window().findChildren(Recovery)[0].keep()
        then()

    window().bench.play()
    when(lambda: step() > 0, keep)


STATES = {each.__name__: each for each in (long_step, dialog, large_network, table, mends, recovery)}


def ready() -> None:
    print("ready", flush=True)
    if sys.argv[4] == "close":
        files.ask_unsaved = files.ask_run = lambda *_words: "discard"
        window().close()


def begin() -> None:
    state = STATES[sys.argv[3]]
    if state is long_step:
        state(ready)  # Its first view takes long too.
    else:
        when(lambda: step() >= 0, lambda: state(ready))


if __name__ == "__main__":
    app = create_app()
    QTimer.singleShot(300, begin)
    sys.exit(main.main([sys.argv[1], "--worker", sys.argv[2]]))
