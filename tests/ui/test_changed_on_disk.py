"""A document's file that another program has changed, or taken away, is not overwritten without a question."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.experiment.files import read
from simulator.experiment.files import write as write_experiment
from simulator.running.headless.run import run
from simulator.running.nabla import run_file
from simulator.running.session import Session
from ui.bench.document import Document
from ui.dialogs import files
from ui.window.main_window import MainWindow

PLAIN: dict[str, Any] = {"name": "mine", "data": {"kind": "moons", "samples": 40}, "layers": [], "batch_size": 20}
KINDS = ("json", "nabla")


def named(name: str) -> Experiment:
    return Experiment.from_builtins({**PLAIN, "name": name})


def put(path: Path, name: str) -> None:
    """What another program does: an experiment of that name, or a run of it, takes the place of the file."""
    if path.suffix == ".json":
        write_experiment(named(name), path)
    else:
        run(named(name), steps=2, save=path)


def name_in(path: Path) -> str:
    return (read(path) if path.suffix == ".json" else run_file.read(path).experiment).name


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow(Document(named("mine")), lambda notify: Session("thread", notify))
    qtbot.addWidget(made, before_close_func=lambda _: made.document.replace(named("mine")))
    made.bench.start()
    qtbot.waitUntil(lambda: made.bench.view is not None)
    yield made
    made.bench.close()


@pytest.fixture(params=KINDS)
def path(request: pytest.FixtureRequest, tmp_path: Path, window: MainWindow, qtbot: QtBot) -> Path:
    """The file of a document that has changed since it was opened."""
    path = tmp_path / f"net.{request.param}"
    put(path, "mine")
    window.experiments.open_path(path)
    qtbot.waitUntil(lambda: window.bench.view is not None)
    assert window.document.path == path
    rename(window, "changed here")
    return path


def rename(window: MainWindow, name: str) -> None:
    assert window.document.propose({**window.document.experiment.to_builtins(), "name": name}, "Rename") is None


def answer(monkeypatch: pytest.MonkeyPatch, told: str) -> list[bool]:
    """Let the question be answered so; whether the file had gone, each time that it was asked."""
    asked: list[bool] = []

    def ask(_parent: object, _path: Path, *, gone: bool, reload: bool) -> str:
        asked.append(gone)
        return told

    monkeypatch.setattr(files, "ask_changed", ask)
    return asked


def save(window: MainWindow, qtbot: QtBot) -> bool:
    saved = window.experiments.save()
    qtbot.waitUntil(lambda: not window.bench.keeper.busy)
    return saved


def test_what_nobody_else_has_changed_is_saved_without_a_question(
    window: MainWindow, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer(monkeypatch, "cancel")
    assert save(window, qtbot)
    os.utime(path, (1, 1))  # As a copy, or a program that only touches it, does.
    for name in ("again", "and again"):
        rename(window, name)
        assert save(window, qtbot)
        assert name_in(path) == name
    assert not asked


def test_a_change_of_the_same_size_and_time_is_noticed(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.json"
    write_experiment(named("mine"), path)
    window.experiments.open_path(path)
    rename(window, "changed here")
    status = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"mine"', b'"them"'))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    asked = answer(monkeypatch, "cancel")
    assert not save(window, qtbot)
    assert asked == [False]
    assert name_in(path) == "them"


def test_cancelled_both_stay_as_they_are(
    window: MainWindow, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, "theirs")
    asked = answer(monkeypatch, "cancel")
    assert not save(window, qtbot)
    assert asked == [False]
    assert name_in(path) == "theirs"
    assert window.document.dirty
    assert window.document.experiment.name == "changed here"


def test_overwritten_it_is_the_document_s_again(
    window: MainWindow, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, "theirs")
    asked = answer(monkeypatch, "overwrite")
    for name in ("over", "over again"):
        rename(window, name)
        assert save(window, qtbot)
        assert name_in(path) == name
    assert asked == [False]


def test_saved_elsewhere_there_are_both(
    window: MainWindow, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, "theirs")
    answer(monkeypatch, "save as")
    suggested: list[str] = []
    monkeypatch.setattr(files, "ask_save", lambda _parent, name: suggested.append(name) or Path(name))
    assert save(window, qtbot)
    elsewhere = path.with_stem("net-2")
    assert suggested == [elsewhere]
    assert (name_in(path), name_in(elsewhere)) == ("theirs", "changed here")
    assert window.document.path == elsewhere


def test_reloaded_what_was_open_is_kept_first_and_the_other_opens(
    window: MainWindow, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, "theirs")
    answer(monkeypatch, "reload")
    monkeypatch.setattr(files, "ask_save", lambda _parent, name: Path(name))
    assert save(window, qtbot)
    assert window.document.path == path
    assert window.document.experiment.name == "theirs"
    assert not window.document.dirty
    assert name_in(path.with_stem("net-2")) == "changed here"


def test_not_kept_elsewhere_nothing_is_reloaded(
    window: MainWindow, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, "theirs")
    answer(monkeypatch, "reload")
    monkeypatch.setattr(files, "ask_save", lambda _parent, _name: None)
    assert not save(window, qtbot)
    assert window.document.experiment.name == "changed here"
    assert name_in(path) == "theirs"


@pytest.mark.parametrize("renamed", [False, True])
def test_a_file_that_has_gone_is_asked_about_and_may_be_written_again(
    window: MainWindow, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, renamed: bool
) -> None:
    path.rename(path.with_stem("renamed")) if renamed else path.unlink()
    asked = answer(monkeypatch, "cancel")
    assert not save(window, qtbot)
    assert not path.exists()
    answer(monkeypatch, "overwrite")
    assert save(window, qtbot)
    assert name_in(path) == "changed here"
    assert asked == [True]
    if renamed:
        assert name_in(path.with_stem("renamed")) == "mine"


def test_a_folder_that_has_gone_is_one_sentence_and_the_document_stays_unsaved(
    window: MainWindow, path: Path, qtbot: QtBot
) -> None:
    path.unlink()
    path.parent.rename(path.parent.with_name("elsewhere"))
    save(window, qtbot)
    path.parent.with_name("elsewhere").rename(path.parent)
    assert "no such file or directory" in window.banner.text.lower()
    assert window.banner.text.count("\n") == 0
    assert window.document.dirty
    assert window.document.experiment.name == "changed here"


@pytest.mark.parametrize(
    ("gone", "reload", "words"),
    [
        (False, True, {"Save as…", "Overwrite", "Reload…", "Cancel"}),
        (False, False, {"Save as…", "Overwrite", "Cancel"}),
        (True, True, {"Save as…", "Save there again", "Cancel"}),
    ],
)
@pytest.mark.parametrize("chosen", ["Save as…", "Overwrite", "Reload…", "Save there again", "Cancel"])
def test_the_question_offers_what_can_be_done(
    window: MainWindow, gone: bool, reload: bool, words: set[str], chosen: str
) -> None:
    offered: set[str] = set()

    def choose() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        buttons = {button.text().replace("&", ""): button for button in box.buttons()}
        offered.update(buttons)
        buttons[chosen if chosen in buttons else "Cancel"].click()

    QTimer.singleShot(0, choose)
    given = files.ask_changed(window, Path("net.json"), gone=gone, reload=reload)
    assert offered == words
    means = {"Save as…": "save as", "Overwrite": "overwrite", "Save there again": "overwrite", "Reload…": "reload"}
    assert given == (means.get(chosen, "cancel") if chosen in words else "cancel")


def test_the_end_of_a_run_goes_beside_a_file_that_has_changed_while_it_went_on(tmp_path: Path) -> None:
    path = tmp_path / "end.nabla"
    put(path, "before")

    def progress(step: int) -> None:
        if step == 3:
            put(path, "theirs")

    result = run(named("mine"), steps=5, save=path, progress=progress)
    assert "end-2.nabla" in result.news
    assert name_in(path) == "theirs"
    assert run_file.read(path.with_stem("end-2")).checkpoint.step == 5
    undisturbed = run(named("mine"), steps=5, save=path)
    assert not undisturbed.news
    assert name_in(path) == "mine"
