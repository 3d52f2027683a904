"""A table that takes long is read by the worker, which says how far it is; what it decides is taken in, and no edit."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from simulator.data import Csv, table
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import presets, read
from simulator.system.progress import advance
from tests.ui.windows import OpenOn
from ui.window.main_window import MainWindow

PLAIN: dict[str, Any] = {
    "data": {"kind": "spirals"},
    "layers": [{"kind": "dense", "units": 4, "activation": {"kind": "tanh"}}],
    "batch_size": 4,
}
ROWS = "".join(f"{i % 7},{(i * i) % 5},{'ab'[i % 2]}\n" for i in range(40))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An experiment on a table of which all is left to the file; no table is small."""
    monkeypatch.setattr(table, "READ_SOON_BYTES", 0)
    (tmp_path / "rows.csv").write_text(f"width,height,kind\n{ROWS}")
    path = tmp_path / "on_rows.json"
    path.write_text(json.dumps({**PLAIN, "data": {"kind": "csv", "path": "rows.csv"}}))
    return path


@pytest.fixture
def window(open_on: OpenOn) -> MainWindow:
    return open_on(Experiment.from_builtins(PLAIN))


def data_of(window: MainWindow) -> Csv:
    data = window.document.experiment.data
    assert isinstance(data, Csv)
    return data


def await_table(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: isinstance(window.document.experiment.data, Csv) and bool(data_of(window).hash))


def test_what_reading_decides_is_shown_and_is_neither_an_edit_nor_unsaved(
    qtbot: QtBot, window: MainWindow, file: Path
) -> None:
    window.experiments.open_path(file)
    assert data_of(window).target == ""
    await_table(qtbot, window)
    assert (data_of(window).target, data_of(window).inputs) == ("kind", ("width", "height"))
    target = window.training.form("data").row(("data", "target"))
    assert target is not None
    assert target.value() == "kind"
    assert not window.document.dirty
    assert not window.document.undo_stack.count()


def test_a_knob_that_was_turned_meanwhile_acts_on_the_run_that_comes(
    qtbot: QtBot, window: MainWindow, file: Path
) -> None:
    window.experiments.open_path(file)
    plain = window.document.experiment.to_builtins()
    window.document.propose({**plain, "optimizer": {**plain["optimizer"], "learning_rate": 0.5}}, "Learning rate")
    await_table(qtbot, window)
    run = window.bench.info
    assert run is not None
    window.bench.play(3)
    qtbot.waitUntil(lambda: window.bench.view is not None and window.bench.view.frame.step == 3)
    assert window.bench.info is run
    assert window.bench.view is not None
    assert window.bench.view.frame.scalars["learning_rate"] == 0.5
    window.document.undo_stack.undo()
    assert data_of(window).target == "kind"
    assert not window.document.dirty


def test_another_experiment_that_is_opened_while_a_table_is_read_is_trained_at_once(
    qtbot: QtBot, open_on: OpenOn, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_reading(monkeypatch)
    window = open_on(read(file), wait=False)
    assert window.bench.link.worker is not None
    window.bench.link.worker.change(window.document.experiment)  # A start says it twice.
    qtbot.waitUntil(lambda: window.progress.isVisible())
    preset = next(preset for preset in presets() if preset.id == "spiral")
    window.experiments.open_preset(preset)
    qtbot.waitUntil(lambda: window.bench.view is not None)
    assert window.bench.view is not None
    assert window.bench.view.frame.info.depth == 5
    window.bench.play(3)
    qtbot.waitUntil(lambda: window.transport.readouts["step"].text == "3")
    assert not window.document.dirty


def slow_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every table take three seconds."""
    judged = Csv.judged

    def slowly(data: Csv, *arguments: Any) -> Any:
        for done in range(3000):
            time.sleep(0.001)
            advance("Reading the table", done, 3000)
        return judged(data, *arguments)

    monkeypatch.setattr(Csv, "judged", slowly)


def test_a_table_that_has_changed_since_its_run_is_said_to_have(qtbot: QtBot, window: MainWindow, file: Path) -> None:
    described = read(file).settled()
    file.write_bytes(described.to_json())
    (file.parent / "rows.csv").write_text(f"width,height,kind\n{ROWS}1,1,a\n")
    window.experiments.open_path(file)
    qtbot.waitUntil(lambda: "rows.csv has changed since" in window.banner.text)


def test_reading_says_how_far_it_is_and_can_be_cancelled_and_begun_again(
    qtbot: QtBot, window: MainWindow, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = Csv.judged
    slow_reading(monkeypatch)
    window.experiments.open_path(file)
    qtbot.waitUntil(lambda: window.progress.isVisible())
    assert window.progress.text.startswith("Reading the table: ")
    window.progress.button.click()
    qtbot.waitUntil(lambda: window.banner.text == "Not trained: reading the table was cancelled")
    window.bench.waiting.emit(7.0)  # A look from before it is never answered.
    assert window.status.text() == window.banner.text
    monkeypatch.setattr(Csv, "judged", judged)
    next(button for button in window.banner.findChildren(QToolButton) if button.text() == "Build it").click()
    await_table(qtbot, window)
    qtbot.waitUntil(lambda: not window.banner.text)
