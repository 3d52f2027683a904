"""One window for all cells, with a run of some steps and a change that is not saved."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from simulator.experiment.experiment import Experiment
from simulator.running.session import Session
from tests.faults.headless_places import experiment
from ui.app import create_app
from ui.bench.document import Document
from ui.settings.fault_log import log
from ui.window.main_window import MainWindow

WAIT_SECONDS = 20.0


@functools.cache
def window() -> MainWindow:
    """One for all cells, with a run of some steps and a change that is not saved."""
    create_app()
    made = MainWindow(Document(experiment()), lambda notify: Session("thread", notify))
    made.show()
    made.bench.start()
    wait(lambda: made.bench.view is not None)
    made.bench.play(5)
    wait(lambda: made.bench.record.steps >= 5 and not made.bench.playing)
    return made


def wait(until: Callable[[], bool]) -> None:
    """Let the window work."""
    end = time.monotonic() + WAIT_SECONDS
    while not until():
        if time.monotonic() > end:
            raise TimeoutError("the window does not answer")
        QCoreApplication.processEvents()
        time.sleep(0.002)


def close() -> None:
    """End the window, if there is one."""
    if window.cache_info().currsize:
        window().document.replace(experiment())
        window().close()
        window().bench.close()


def held() -> str:
    """What is wrong with the open document."""
    document = window().document
    if document.experiment != changed() or not document.dirty:
        return "the open document is not what it was, unsaved"
    return "" if window().bench.record.steps >= 5 else "the run has gone"


@functools.cache
def changed() -> Experiment:
    """What is open, and unsaved."""
    return experiment().with_values([("optimizer.learning_rate", 0.0625)])


def be_unsaved(path: Path | None = None) -> None:
    """The document is changed, and stands in that file."""
    document = window().document
    document.path = path
    if window().bench.record.steps < 5:
        window().bench.play(5)
        wait(lambda: window().bench.record.steps >= 5 and not window().bench.playing)
    if document.experiment != changed():
        assert document.propose(changed().to_builtins(), "Rate") is None
    document.saved_in(path or Path("nowhere.json"), experiment())
    document.path = path
    window().banner.say("")


def said() -> str:
    return window().banner.text


class Listening(logging.Handler):
    """What is logged while it is entered."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: list[str] = []
        self._stack = ExitStack()

    @property
    def told(self) -> str:
        return f"log: {self._lines[0]}" if self._lines else ""

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage().partition("\n")[0])

    def __enter__(self) -> Listening:
        log.addHandler(self)
        self._stack.callback(log.removeHandler, self)
        return self

    def __exit__(self, *_given: object) -> None:
        self._stack.close()
