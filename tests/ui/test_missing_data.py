"""An experiment whose data are not where it says: it is told in one sentence, with a way to find them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from simulator.experiment.embedded import Embedded, embed
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import write
from tests.ui.test_carried_experiments import drop
from tests.ui.windows import OpenOn
from ui.dialogs import files
from ui.export import export_plot
from ui.window.main_window import MainWindow

PLAIN: dict[str, Any] = {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 5}], "batch_size": 20}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mine" / "wine.csv"
    path.parent.mkdir()
    path.write_text(rows(60), encoding="utf-8")
    return path


def rows(count: int) -> str:
    return "x,y,kind\n" + "".join(f"{x},{x % 7},{'ab'[x % 2]}\n" for x in range(count))


def described(table: Path) -> Experiment:
    # What is learnt, and from what, is not what would be guessed.
    data = {"kind": "csv", "path": str(table), "target": "y", "task": "regression", "inputs": ["x"]}
    return Experiment.from_builtins({**PLAIN, "data": data, "loss": {"kind": "mse"}}).settled()


def find(window: MainWindow) -> None:
    offered(window)[0].click()


def offered(window: MainWindow) -> list[QToolButton]:
    """The button that finds the data, if it is there."""
    buttons = window.banner.findChildren(QToolButton)
    return [each for each in buttons if each.isVisibleTo(window.banner) and each.text() == "Find it…"]


def opened_without(window: MainWindow, qtbot: QtBot, path: Path, table: Path) -> Path:
    """The experiment is open, its table lies elsewhere now."""
    moved = table.rename(table.parent / "moved.csv")
    drop(window, path)
    qtbot.waitUntil(lambda: bool(window.bench.refusal))
    assert window.banner.text.startswith("Not trained: wine.csv: no such file in ")
    assert "\n" not in window.banner.text
    return moved


@pytest.mark.parametrize("kind", ["json", "png"])
def test_the_same_file_elsewhere_is_read_as_it_was(
    kind: str, open_on: OpenOn, qtbot: QtBot, table: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    experiment, path = described(table), tmp_path / f"a.{kind}"
    window = open_on(Experiment.from_builtins(PLAIN))
    if kind == "json":
        write(experiment, path)
    else:
        window.plot_area.plot("loss").experiment = None
        picture = export_plot(window.plot_area.plot("loss"), path).read_bytes()
        path.write_bytes(embed(picture, ".png", Embedded(experiment)))
    moved = opened_without(window, qtbot, path, table)
    monkeypatch.setattr(files, "ask_table", lambda *_: moved)
    find(window)
    qtbot.waitUntil(lambda: window.bench.view is not None and not window.bench.refusal)
    data = window.document.experiment.data
    assert data == experiment.data.at(str(moved))
    assert not window.banner.isVisibleTo(window)
    window.document.undo_stack.undo()
    assert window.document.experiment.data == experiment.data


def test_another_file_is_said_to_be_another_and_read_in_the_same_way(
    open_on: OpenOn, qtbot: QtBot, table: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(described(table), tmp_path / "a.json")
    window = open_on(Experiment.from_builtins(PLAIN))
    opened_without(window, qtbot, tmp_path / "a.json", table)
    other = tmp_path / "other.csv"
    other.write_text(rows(41), encoding="utf-8")
    monkeypatch.setattr(files, "ask_table", lambda *_: other)
    find(window)
    assert "other.csv is not the file that this experiment was trained on" in window.banner.text
    assert window.document.experiment.data.path == str(other)
    assert (window.document.experiment.data.target, window.document.experiment.data.inputs) == ("y", ("x",))
    qtbot.waitUntil(lambda: window.bench.view is not None)


def test_another_file_without_the_columns_is_refused_in_words(
    open_on: OpenOn, qtbot: QtBot, table: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(described(table), tmp_path / "a.json")
    window = open_on(Experiment.from_builtins(PLAIN))
    opened_without(window, qtbot, tmp_path / "a.json", table)
    other = tmp_path / "other.csv"
    other.write_text("a,b\n" + "1,2\n" * 40, encoding="utf-8")
    monkeypatch.setattr(files, "ask_table", lambda *_: other)
    find(window)
    qtbot.waitUntil(lambda: window.banner.text.startswith("Not trained: other.csv"))


def test_nothing_is_offered_where_the_data_are_there_but_cannot_be_read(
    open_on: OpenOn, qtbot: QtBot, table: Path, tmp_path: Path
) -> None:
    write(described(table), tmp_path / "a.json")
    table.write_bytes(bytes(100))
    window = open_on(Experiment.from_builtins(PLAIN))
    drop(window, tmp_path / "a.json")
    qtbot.waitUntil(lambda: bool(window.bench.refusal))
    assert not offered(window)


def test_who_finds_nothing_changes_nothing(
    open_on: OpenOn, qtbot: QtBot, table: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(described(table), tmp_path / "a.json")
    window = open_on(Experiment.from_builtins(PLAIN))
    opened_without(window, qtbot, tmp_path / "a.json", table)
    before = window.document.experiment
    monkeypatch.setattr(files, "ask_table", lambda *_: None)
    find(window)
    assert window.document.experiment == before
    assert not window.document.dirty
