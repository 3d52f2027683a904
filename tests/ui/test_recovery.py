"""What is unsaved survives a hard end, is offered once, and comes back as an untitled copy."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from simulator import Experiment
from simulator.running.session import Session
from ui.bench.document import Document
from ui.dialogs import files
from ui.settings.session_folder import SessionFolder, left_behind
from ui.window.main_window import MainWindow
from ui.window.recovery import Note, Recovery, note_of, offer, settle

PLAIN = {"name": "plain", "data": {"kind": "moons", "samples": 40}, "layers": [{"kind": "dense", "units": 4}]}


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    made = MainWindow(Document(Experiment.from_builtins(PLAIN)), lambda notify: Session("thread", notify))

    def give_up(_widget: MainWindow) -> None:
        made.document.saved_in(Path("closed.json"), made.document.experiment)
        made.bench.close()

    qtbot.addWidget(made, before_close_func=give_up)
    made.bench.start()
    qtbot.waitUntil(lambda: made.bench.view is not None)
    return made


def rate(window: MainWindow, value: float) -> None:
    reason = window.document.propose(
        window.document.experiment.with_values([("optimizer.learning_rate", value)]).to_builtins(), "Rate"
    )
    assert reason is None


def train(qtbot: QtBot, window: MainWindow, steps: int) -> None:
    window.bench.play(steps)
    qtbot.waitUntil(lambda: window.bench.view is not None and window.bench.view.frame.step >= steps, timeout=20_000)
    qtbot.waitUntil(lambda: not window.bench.playing, timeout=20_000)


def kept(qtbot: QtBot, window: MainWindow, recovery: Recovery) -> None:
    recovery.keep()
    qtbot.waitUntil(lambda: not window.bench.recovery_keeper.busy, timeout=20_000)
    recovery.close()


def test_an_unsaved_change_and_the_run_come_back_as_an_untitled_copy(
    qtbot: QtBot, tmp_path: Path, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = SessionFolder.begun(tmp_path)
    recovery = Recovery(window.bench, session, window)
    train(qtbot, window, 12)
    rate(window, 0.125)
    changed = window.document.experiment
    kept(qtbot, window, recovery)
    session.leave()  # As a process leaves it that is killed.

    (left,) = left_behind(tmp_path)
    note = note_of(left)
    assert note is not None
    assert (note.name, note.changed, note.step) == ("plain", True, 12)
    assert note.gain == "changes that are not saved and a run of 12 steps"
    window.document.replace(Experiment.from_builtins({**PLAIN, "name": "another"}))
    present = SessionFolder.begun(tmp_path)
    succeeding = Recovery(window.bench, present, window)
    monkeypatch.setattr(files, "ask_recover", lambda *_words: True)
    offer(left, note, window.bench, succeeding, window, window.banner)
    assert window.document.experiment == changed
    assert window.document.path is None
    assert window.document.dirty
    qtbot.waitUntil(lambda: window.bench.view is not None and window.bench.view.frame.step == 12, timeout=20_000)
    assert window.bench.record.steps >= 12
    # A second crash recovers too: the first session goes only when the second one's folder has it.
    qtbot.waitUntil(lambda: not left.path.exists(), timeout=20_000)
    assert note_of(present) is not None
    succeeding.close()
    present.end()


def test_no_is_remembered_and_changes_nothing(
    tmp_path: Path, qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = SessionFolder.begun(tmp_path)
    recovery = Recovery(window.bench, session, window)
    rate(window, 0.125)
    kept(qtbot, window, recovery)
    session.leave()
    (left,) = left_behind(tmp_path)
    note = note_of(left)
    assert note is not None
    monkeypatch.setattr(files, "ask_recover", lambda *_words: False)
    before = window.document.experiment
    offer(left, note, window.bench, recovery, window, window.banner)
    assert window.document.experiment == before
    (left,) = left_behind(tmp_path)
    assert note_of(left) is None
    settle(left)
    assert left.path.exists()
    left.end()


def test_what_is_saved_or_given_up_is_not_offered(qtbot: QtBot, tmp_path: Path, window: MainWindow) -> None:
    ways = (
        lambda: window.document.save(tmp_path / "saved.json"),
        lambda: window.document.replace(Experiment.from_builtins(PLAIN)),
    )
    for number, give_up in enumerate(ways):
        session = SessionFolder.begun(tmp_path / "state")
        recovery = Recovery(window.bench, session, window)
        rate(window, 0.125 + number)
        recovery.keep_at_once()
        assert note_of(session) is not None
        give_up()
        assert note_of(session) is None
        recovery.close()
        session.end()


def test_a_window_that_is_open_is_never_taken_for_a_crash(tmp_path: Path) -> None:
    alive = SessionFolder.begun(tmp_path)
    assert list(left_behind(tmp_path)) == []
    alive.leave()
    assert [session.path for session in left_behind(tmp_path)] == [alive.path]


def test_where_nothing_would_be_lost_nothing_is_kept(qtbot: QtBot, tmp_path: Path, window: MainWindow) -> None:
    session = SessionFolder.begun(tmp_path)
    recovery = Recovery(window.bench, session, window)
    kept(qtbot, window, recovery)
    assert note_of(session) is None
    session.end()


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b'{"name": 1}'])
def test_a_note_that_is_none_is_nothing(tmp_path: Path, content: bytes) -> None:
    session = SessionFolder.begun(tmp_path)
    (session.path / "note.json").write_bytes(content)
    assert note_of(session) is None
    session.end()


def test_what_would_be_gained_is_said() -> None:
    now = time.time()
    assert Note("a", now, True, 0).gain == "changes that are not saved"
    assert Note("a", now, False, 1).gain == "a run of 1 step"
