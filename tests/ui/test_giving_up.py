"""Closing, and opening another experiment, ask once about what stands in no file, and can keep it first."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from simulator import Experiment
from simulator.running.nabla import run_file
from tests.thinned import thinned
from ui.dialogs import files
from ui.window.giving_up import numbered
from ui.window.main_window import MainWindow

PLAIN = {"name": "plain", "data": {"kind": "moons", "samples": 40}, "layers": [{"kind": "dense", "units": 4}]}
LONG = 100.0


@pytest.fixture
def window(open_on: Callable[..., MainWindow]) -> MainWindow:
    return open_on(Experiment.from_builtins(PLAIN))


def train(qtbot: QtBot, window: MainWindow, steps: int, seconds: float = LONG) -> None:
    end = window.bench.record.steps + steps
    window.bench.play(steps)
    qtbot.waitUntil(lambda: window.bench.record.steps >= end and not window.bench.playing)
    window.bench.record.seconds = seconds


def rename(window: MainWindow) -> None:
    assert window.document.propose({**PLAIN, "name": "changed"}, "Rename") is None


class Answers:
    """Answers every question, and remembers what it was."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: str, path: Path | None = None) -> None:
        self.asked: list[tuple[str, str]] = []
        for name in ("ask_run", "ask_unsaved"):
            monkeypatch.setattr(files, name, lambda _window, _name, runs="", kind=name: self.take(kind, runs, answer))
        monkeypatch.setattr(files, "ask_keep", lambda *_: path)

    def take(self, kind: str, runs: str, answer: str) -> str:
        self.asked.append((kind, runs))
        return answer


WAYS: dict[str, Callable[[MainWindow], object]] = {
    "close": lambda window: window.close(),
    "new": lambda window: window.experiments.new(),
    "tour": lambda window: window.first_hour.begin_tour(),
}


@pytest.mark.parametrize(("way", "state"), thinned(list(WAYS), [(False, True), (True, False), (True, True)]))
def test_one_question_at_most_is_asked_about_changes_and_run(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, way: str, state: tuple[bool, bool]
) -> None:
    dirty, long = state
    train(qtbot, window, 3, LONG if long else 59.0)
    if dirty:
        rename(window)
    answers, before = Answers(monkeypatch, "cancel"), window.document.experiment
    WAYS[way](window)
    assert answers.asked == [("ask_unsaved" if dirty else "ask_run", answers.asked[0][1])]
    assert ("3 steps, 1 min 40 s of training" in answers.asked[0][1]) is long
    assert window.document.experiment is before
    assert window.isVisible()


def test_a_short_run_closes_without_a_word(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    train(qtbot, window, 3, 59.0)
    answers = Answers(monkeypatch, "cancel")
    assert window.close()
    assert not answers.asked


@pytest.mark.parametrize("dirty", [False, True])
def test_what_is_kept_first_holds_experiment_and_run(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dirty: bool
) -> None:
    train(qtbot, window, 5)
    if dirty:
        rename(window)
    Answers(monkeypatch, "keep", tmp_path / "kept.nabla")
    assert window.close()
    saved = run_file.read(tmp_path / "kept.nabla")
    assert saved.checkpoint.step == 5
    assert saved.record.steps == 5
    assert saved.experiment.name == ("changed" if dirty else "plain")
    assert run_file.taken_up(saved).step == 5
    assert window.settings.recent_files() == [(tmp_path / "kept.nabla").resolve()]


@pytest.mark.parametrize("path", [None, "gone/kept.nabla"])
def test_where_it_is_not_kept_after_all_nothing_is_given_up(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str | None
) -> None:
    train(qtbot, window, 5)
    Answers(monkeypatch, "keep", None if path is None else tmp_path / path)
    assert not window.close()
    assert window.isVisible()
    assert ("not saved" in window.banner.text) is (path is not None)
    window.experiments.new()
    assert window.document.name == "plain"
    assert window.bench.record.steps == 5


def test_a_run_that_an_edit_has_put_aside_is_kept_too(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    train(qtbot, window, 7)
    window.new_seed()
    qtbot.waitUntil(lambda: not window.bench.building and window.bench.record.steps == 0)
    window.bench.restart()
    train(qtbot, window, 4, 10.0)
    (tmp_path / "kept-2.nabla").write_text("of somebody else")
    answers = Answers(monkeypatch, "keep", tmp_path / "kept.nabla")
    assert window.close()
    ((kind, told),) = answers.asked
    assert kind == "ask_unsaved"
    assert told == "7 steps, 1 min 40 s of training (undo would bring it back)"
    present, aside = (run_file.read(tmp_path / name) for name in ("kept.nabla", "kept-3.nabla"))
    assert (present.experiment.seed, present.checkpoint.step) == (1, 4)
    assert (aside.experiment.seed, aside.checkpoint.step, aside.record.steps) == (0, 7, 7)
    assert run_file.taken_up(aside).step == 7
    assert (tmp_path / "kept-2.nabla").read_text() == "of somebody else"


def test_what_undo_brings_back_is_not_asked_about(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(qtbot, window, 7)
    answers = Answers(monkeypatch, "cancel")
    window.new_seed()
    window.bench.restart()
    assert not answers.asked
    window.document.undo_stack.undo()
    window.document.undo_stack.undo()
    qtbot.waitUntil(lambda: window.bench.record.steps == 7)
    assert window.bench.record.seconds >= LONG


def choose(box_button: str, told: list[str]) -> None:
    """Press a button of the question that is open."""
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    buttons = {button.text().replace("&", ""): button for button in box.buttons()}
    told += [box.text(), box.informativeText(), *buttons]
    (buttons[box_button] if box_button else next(iter(buttons.values()))).click()


ASKED: dict[str, tuple[Callable[[QWidget], Any], dict[str, str]]] = {
    "a run": (
        lambda parent: files.ask_run(parent, "plain", "7 steps, 1 min 40 s of training"),
        {"Keep as .nabla…": "keep", "Discard": "discard", "Cancel": "cancel"},
    ),
    "changes": (
        lambda parent: files.ask_unsaved(parent, "plain"),
        {"Save": "save", "Discard": "discard", "Cancel": "cancel"},
    ),
    "both": (
        lambda parent: files.ask_unsaved(parent, "plain", "7 steps, 1 min 40 s of training"),
        {
            "Keep as .nabla…": "keep", "Save experiment only": "save", "Discard": "discard", "Cancel": "cancel",
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("what", "button"), [(what, button) for what, (_, answers) in ASKED.items() for button in answers]
)
def test_the_questions_have_an_answer_for_each_button_and_name_what_would_be_lost(
    qtbot: QtBot, what: str, button: str
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    ask, answers = ASKED[what]
    told: list[str] = []
    QTimer.singleShot(0, lambda: choose(button, told))
    assert ask(parent) == answers[button]
    assert set(told[2:]) == set(answers)
    assert "plain" in told[0]
    assert ("1 min 40 s" in told[1]) is (what != "changes")


def test_a_question_that_is_ended_from_outside_gives_nothing_up(qtbot: QtBot) -> None:
    parent = QPushButton()
    qtbot.addWidget(parent)
    for ask, _ in ASKED.values():
        QTimer.singleShot(0, lambda: QApplication.activeModalWidget().close())
        assert ask(parent) == "cancel"


def test_of_a_run_that_was_saved_before_what_is_not_saved_is_said(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    train(qtbot, window, 7)
    monkeypatch.setattr(files, "ask_save", lambda *_: tmp_path / "kept.nabla")
    assert window.experiments.save_as()
    assert window.bench.keeper.wait()
    train(qtbot, window, 5)
    answers = Answers(monkeypatch, "cancel")
    assert not window.close()
    told = "12 steps, 1 min 40 s of training, the last 5 steps of which are not saved"
    assert answers.asked == [("ask_run", told)]


def test_files_beside_a_chosen_one_take_no_place_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.nabla").touch()
    (tmp_path / "a-2.nabla").touch()
    names = [path.name for path in itertools.islice(numbered(tmp_path / "a.nabla"), 3)]
    assert names == ["a.nabla", "a-3.nabla", "a-4.nabla"]
