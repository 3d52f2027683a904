"""Saving a run from the window and opening it again: it goes on, with its curves, and nothing waits for the file."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.experiment.files import read as read_experiment
from simulator.running.nabla import run_file
from simulator.running.session import Session
from simulator.training.checkpoint_files import WEIGHTS, written
from simulator.training.training import Training
from ui.bench.document import Document
from ui.dialogs import files
from ui.window.main_window import MainWindow

PLAIN: dict[str, Any] = {
    "data": {"kind": "moons"},
    "layers": [{"kind": "dense", "units": 5, "dropout": {"kind": "inverted"}, "normalization": {"kind": "batch"}}],
    "optimizer": {"kind": "adam"},
    "batch_size": 20,
}


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setattr(files, "ask_unsaved", lambda *_: "discard")
    made = MainWindow(Document(Experiment.from_builtins(PLAIN)), lambda notify: Session("thread", notify))
    qtbot.addWidget(made)
    made.bench.start()
    qtbot.waitUntil(lambda: made.bench.view is not None)
    yield made
    made.bench.close()


def train(window: MainWindow, qtbot: QtBot, steps: int) -> None:
    end = window.bench.record.steps + steps
    window.bench.play(steps)
    qtbot.waitUntil(lambda: window.bench.record.steps >= end and not window.bench.playing)
    # A checkpoint knows whether the masks of the coming step are drawn yet, as they are where it has been looked at.
    qtbot.waitUntil(lambda: window.bench.view is not None and window.bench.view.frame.step >= end)


def save(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(files, "ask_save", lambda *_: path)
    assert window.experiments.save_as()
    qtbot.waitUntil(lambda: not window.bench.keeper.busy)


def test_a_saved_run_opens_at_its_step_with_its_curves_and_goes_on_to_the_same_bits(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    train(window, qtbot, 12)
    save(window, qtbot, monkeypatch, tmp_path / "a.nabla")
    train(window, qtbot, 9)
    save(window, qtbot, monkeypatch, tmp_path / "whole.nabla")
    window.experiments.open_path(tmp_path / "a.nabla")
    qtbot.waitUntil(lambda: window.bench.view is not None)
    assert window.bench.view is not None
    assert window.bench.view.frame.step == 12
    assert window.bench.record.steps == 12
    assert window.bench.record.history.start == 0
    assert window.document.path == tmp_path / "a.nabla"
    assert not window.document.dirty
    train(window, qtbot, 9)
    save(window, qtbot, monkeypatch, tmp_path / "again.nabla")
    whole, again = (run_file.read(tmp_path / f"{name}.nabla") for name in ("whole", "again"))
    assert written(again.checkpoint) == written(whole.checkpoint)
    for name in ("loss", "gradient_norm"):
        np.testing.assert_array_equal(again.record.history.series(name).last, whole.record.history.series(name).last)
    alone = Training(Experiment.from_builtins(PLAIN))
    for _ in range(21):
        alone.propose()
        alone.apply()
    assert written(alone.checkpoint())[WEIGHTS] == written(whole.checkpoint)[WEIGHTS]


def test_saving_does_not_stop_the_run(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window.bench.play()
    qtbot.waitUntil(lambda: window.bench.record.steps > 5)
    free = threading.Event()
    write = run_file.write
    monkeypatch.setattr(run_file, "write", lambda *given: (free.wait(60), write(*given)))
    monkeypatch.setattr(files, "ask_save", lambda *_: tmp_path / "a.nabla")
    assert window.experiments.save_as()
    before = window.bench.record.steps
    qtbot.waitUntil(lambda: window.bench.record.steps > before + 20)
    assert window.bench.keeper.busy
    free.set()
    qtbot.waitUntil(lambda: not window.bench.keeper.busy)
    window.bench.pause()
    assert 5 < run_file.taken_up(run_file.read(tmp_path / "a.nabla")).step < window.bench.record.steps


def test_saving_keeps_the_kind_of_file(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    save(window, qtbot, monkeypatch, tmp_path / "a.nabla")
    train(window, qtbot, 3)
    assert window.experiments.save()
    qtbot.waitUntil(lambda: not window.bench.keeper.busy)
    assert run_file.read(tmp_path / "a.nabla").checkpoint.step == 3
    save(window, qtbot, monkeypatch, tmp_path / "b.json")
    assert window.experiments.save()
    assert read_experiment(tmp_path / "b.json") == window.document.experiment
    assert run_file.read(tmp_path / "a.nabla").checkpoint.step == 3


def test_what_is_no_run_is_said_and_leaves_the_document_and_its_run(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    train(window, qtbot, 4)
    save(window, qtbot, monkeypatch, tmp_path / "a.nabla")
    content = (tmp_path / "a.nabla").read_bytes()
    (tmp_path / "cut.nabla").write_bytes(content[:-100])
    before = window.document.experiment, window.document.path
    window.experiments.open_path(tmp_path / "cut.nabla")
    assert "Not opened: cut.nabla" in window.banner.text
    assert (window.document.experiment, window.document.path) == before
    assert window.bench.record.steps == 4


def test_where_it_cannot_be_written_one_sentence_says_so_and_the_document_stays_unsaved(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window.document.propose({**PLAIN, "name": "changed"}, "Rename")
    save(window, qtbot, monkeypatch, tmp_path / "gone" / "a.nabla")
    assert "The run was not saved" in window.banner.text
    assert window.document.dirty
    assert window.document.path is None


def test_a_run_that_is_saved_as_another_document_opens_does_not_give_that_its_name(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begun, free = threading.Event(), threading.Event()
    write = run_file.write
    monkeypatch.setattr(run_file, "write", lambda *given: (begun.set(), free.wait(60), write(*given)))
    monkeypatch.setattr(files, "ask_save", lambda *_: tmp_path / "a.nabla")
    assert window.experiments.save_as()
    qtbot.waitUntil(begun.is_set)
    window.experiments.new()
    free.set()
    qtbot.waitUntil(lambda: not window.bench.keeper.busy)
    assert (tmp_path / "a.nabla").exists()
    assert window.document.path is None


def test_closing_waits_for_the_run_to_be_saved(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window.document.propose({**PLAIN, "name": "changed"}, "Rename")
    monkeypatch.setattr(files, "ask_save", lambda *_: tmp_path / "a.nabla")
    monkeypatch.setattr(files, "ask_unsaved", lambda *_: "save")
    window.bench.play()
    assert window.close()
    assert run_file.read(tmp_path / "a.nabla").experiment.name == "changed"


@pytest.mark.parametrize(
    ("path", "suggested", "chosen", "ending"),
    [
        ("mine", ".json", files.EXPERIMENTS, ".json"),
        ("mine", ".json", files.RUNS, ".nabla"),
        ("mine.json", ".json", files.RUNS, ".nabla"),
        ("mine.nabla", ".json", files.EXPERIMENTS, ".nabla"),
        ("mine.nabla", ".nabla", files.EXPERIMENTS, ".json"),
        ("mine.json", ".nabla", files.RUNS, ".json"),
    ],
)
def test_the_ending_that_is_typed_or_the_kind_that_is_chosen_says_what_is_saved(
    path: str, suggested: str, chosen: str, ending: str
) -> None:
    assert files.as_kind(Path(path), suggested, chosen).suffix == ending


@pytest.mark.parametrize(
    ("typed", "chosen", "saved"),
    [
        ("net.v2", files.RUNS, "net.v2.nabla"),
        ("net.v2", files.EXPERIMENTS, "net.v2.json"),
        ("net.png", files.EXPERIMENTS, "net.png.json"),
        ("net.JSON", files.EXPERIMENTS, "net.JSON"),
        ("net.NABLA", files.EXPERIMENTS, "net.NABLA"),
    ],
)
def test_what_stands_behind_a_dot_and_is_no_ending_of_ours_hides_no_kind(typed: str, chosen: str, saved: str) -> None:
    assert files.as_kind(Path("folder", typed), ".json", chosen) == Path("folder", saved)


def test_a_long_run_that_stands_in_a_file_is_given_up_without_a_question(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(files, "ask_run", lambda _window, _name, run: asked.append(run) or "cancel")
    train(window, qtbot, 3)
    window.bench.record.seconds = 100.0
    assert not window.experiments.may_replace()
    save(window, qtbot, monkeypatch, tmp_path / "a.nabla")
    assert window.experiments.may_replace()
    window.experiments.open_path(tmp_path / "a.nabla")
    qtbot.waitUntil(lambda: window.bench.view is not None)
    assert window.experiments.may_replace()
    train(window, qtbot, 1)
    assert not window.experiments.may_replace()
    assert len(asked) == 2


def test_mutants_of_a_run_file_leave_the_open_document_and_its_run(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    train(window, qtbot, 4)
    save(window, qtbot, monkeypatch, tmp_path / "a.nabla")
    whole, draws = (tmp_path / "a.nabla").read_bytes(), random.Random(3)
    before = window.document.experiment, window.document.path
    for _ in range(40):
        place = draws.randrange(len(whole))
        (tmp_path / "mutant.nabla").write_bytes(whole[:place] + bytes([draws.randrange(256)]) * 9 + whole[place:])
        window.banner.say("")
        window.experiments.open_path(tmp_path / "mutant.nabla")
        assert window.banner.text.startswith("Not opened: ")
        assert "\n" not in window.banner.text
        assert (window.document.experiment, window.document.path) == before
    assert window.bench.record.steps == 4
