"""ARCHITECTURE.md's journey of one number is made in the order in which it is told."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from tests.test_architecture import STATIONS
from tests.ui.windows import OpenOn
from ui.forms.number_row import NumberRow

EXPERIMENT = Experiment.from_builtins(
    {"data": {"kind": "moons", "samples": 60}, "layers": [{"kind": "dense", "units": 5, "repeat": 2}]}
)


def heard(function: Any, name: str, calls: list[str]) -> Any:
    """The function, method or class method, which notes that it was called."""
    inner: Callable[..., Any] = function.__func__ if isinstance(function, classmethod) else function

    def noting(*arguments: Any, **options: Any) -> Any:
        calls.append(name)
        return inner(*arguments, **options)

    return classmethod(noting) if isinstance(function, classmethod) else noting


def listen(monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> None:
    """Let each station note its calls, wherever it was imported."""
    for _, file, name in STATIONS:
        module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
        owner, _, attribute = name.rpartition(".")
        function = vars(getattr(module, owner) if owner else module)[attribute]
        places = [getattr(module, owner)] if owner else [
            other for other in list(sys.modules.values()) if vars(other).get(attribute) is function
        ]  # fmt: skip
        for place in places:
            monkeypatch.setattr(place, attribute, heard(function, name, calls))


@pytest.mark.slow
def test_a_number_goes_through_its_stations_in_their_order(
    qtbot: QtBot, open_on: OpenOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    listen(monkeypatch, calls)
    window = open_on(EXPERIMENT, "thread")
    qtbot.waitUntil(lambda: window.bench.view is not None)
    row = window.training.form("optimizer").findChild(NumberRow, "optimizer.learning_rate")
    assert row is not None
    assert row.track is not None
    window.bench.play()
    qtbot.waitUntil(lambda: window.bench.view.frame.step > 5)
    calls.clear()
    row.track.moved.emit(0.123)
    stations = [name for _, _, name in STATIONS]

    def reached() -> int:
        """How many stations were passed, each behind the one before it."""
        place = 0
        for count, name in enumerate(stations):
            if name not in calls[place:]:
                return count
            place = calls.index(name, place) + 1
        return len(stations)

    qtbot.waitUntil(lambda: reached() == len(stations))
    row.track.let_go.emit()
    window.bench.pause()
    qtbot.waitUntil(lambda: not window.bench.playing)
