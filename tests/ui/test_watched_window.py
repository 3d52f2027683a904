"""What the benchmark counts as painted: every frame that was, also where the next answer comes at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from pytestqt.qtbot import QtBot

from benchmarks.bench_window import Watch


class Bench(QObject):
    """Tells of views."""

    updated = Signal(object, float)


@dataclass
class Feed:
    """Has brought all plots to every view, and tells of a further one in the turn after."""

    bench: Bench
    further: list[object]

    @property
    def refreshing(self) -> bool:
        if self.further:
            QTimer.singleShot(0, partial(self.bench.updated.emit, self.further.pop(0), 0.0))
        return False


class Window(QObject):
    """As much of the window as is watched."""

    def __init__(self, further: list[object]) -> None:
        super().__init__()
        self.bench = Bench(self)
        self.plot_area = SimpleNamespace(feed=Feed(self.bench, further))


def test_a_frame_counts_where_the_next_answer_comes_before_the_turn_that_would_tell_of_it(qtbot: QtBot) -> None:
    window: Any = Window(["second", "third"])
    session: Any = None
    watch = Watch(window, session)
    assert watch.until_painted(lambda view: view == "first", lambda: window.bench.updated.emit("first", 0.0)) >= 0.0
    qtbot.waitUntil(lambda: watch.last == "third")
    qtbot.waitUntil(lambda: watch.frames == 3)
