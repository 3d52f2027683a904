"""What is unsaved survives a hard end, is offered once, and comes back as an untitled copy."""

from __future__ import annotations

import errno
import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from simulator import Experiment
from simulator.running.nabla import run_file
from simulator.running.session import Session
from ui.bench.document import Document
from ui.dialogs import files
from ui.settings.preferences import AUTOSAVE, prefer
from ui.settings.session_folder import SessionFolder, left_behind
from ui.window.main_window import MainWindow
from ui.window.recovery import Recovery
from ui.window.recovery_offer import Restorable, left_by, note_of, offer, restore, settle

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
    qtbot.waitUntil(lambda: window.bench.view is not None and window.bench.view.frame.step >= steps)
    qtbot.waitUntil(lambda: not window.bench.playing)


def kept(qtbot: QtBot, recovery: Recovery) -> None:
    recovery.keep()
    qtbot.waitUntil(lambda: not recovery.busy)


def killed(recovery: Recovery, session: SessionFolder) -> None:
    """Leave all as a process does that is killed."""
    recovery.close()
    session.leave()


def left_in(state: Path) -> Restorable:
    (session,) = left_behind(state)
    note = note_of(session)
    assert note is not None
    left = left_by(session, note)
    session.leave()
    assert left is not None
    return left


def timeless(gain: str) -> str:
    """Without how long it was trained, which is said on a busy machine only."""
    return re.sub(r", \d+ s of training", "", gain)


@pytest.fixture
def session(tmp_path: Path) -> SessionFolder:
    return SessionFolder.begun(tmp_path / "state")


@pytest.fixture
def recovery(window: MainWindow, session: SessionFolder) -> Iterator[Recovery]:
    made = Recovery(window.bench, session, window)
    yield made
    session.end()


def test_an_unsaved_change_and_the_run_come_back_as_an_untitled_copy(
    qtbot: QtBot, tmp_path: Path, window: MainWindow, monkeypatch: pytest.MonkeyPatch,
    session: SessionFolder, recovery: Recovery,
) -> None:  # fmt: skip
    train(qtbot, window, 12)
    rate(window, 0.125)
    changed = window.document.experiment
    kept(qtbot, recovery)
    killed(recovery, session)

    (left,) = left_behind(tmp_path / "state")
    note = note_of(left)
    assert note is not None
    assert (note.name, note.changed) == ("plain", True)
    window.document.replace(Experiment.from_builtins({**PLAIN, "name": "another"}))
    present = SessionFolder.begun(tmp_path / "state")
    succeeding = Recovery(window.bench, present, window)
    told: list[str] = []
    monkeypatch.setattr(files, "ask_recover", lambda _window, *words: told.extend(words) or True)
    offer(left, note, window.document, succeeding, window)
    assert told[0] == "plain"
    assert timeless(told[2]) == "changes that are not saved and a run of 12 steps"
    # A second crash recovers too, even at once.
    assert not left.path.exists()
    copied = note_of(present)
    assert copied is not None
    again = left_by(present, copied)
    assert again is not None
    assert (again.experiment, again.gain) == (changed, told[2])
    assert window.document.experiment == changed
    assert window.document.path is None
    assert window.document.dirty
    qtbot.waitUntil(lambda: window.bench.view is not None and window.bench.view.frame.step == 12)
    assert window.bench.record.steps >= 12
    succeeding.close()
    present.end()


def test_what_is_offered_is_what_the_files_hold(
    qtbot: QtBot, tmp_path: Path, window: MainWindow, session: SessionFolder, recovery: Recovery
) -> None:
    train(qtbot, window, 12)
    kept(qtbot, recovery)
    train(qtbot, window, 30)
    killed(recovery, session)
    left = left_in(tmp_path / "state")
    assert left.run is not None
    assert timeless(left.gain) == f"a run of {left.run.checkpoint.step} steps"
    assert left.run.checkpoint.step == 12


def test_a_run_that_the_last_change_has_ended_is_said_to_come_back_by_undo(
    qtbot: QtBot, tmp_path: Path, window: MainWindow, session: SessionFolder, recovery: Recovery
) -> None:
    train(qtbot, window, 12)
    kept(qtbot, recovery)
    window.new_seed()
    qtbot.waitUntil(lambda: not window.bench.building)
    kept(qtbot, recovery)
    killed(recovery, session)
    left = left_in(tmp_path / "state")
    assert timeless(left.gain) == "changes that are not saved and a run of 12 steps, which undo brings back"
    restore(left, window.document)
    assert window.document.experiment.seed == 1
    qtbot.waitUntil(lambda: not window.bench.building)
    window.document.undo_stack.undo()
    qtbot.waitUntil(lambda: window.bench.record.steps == 12)
    assert window.document.experiment.seed == 0


def test_an_experiment_that_is_saved_has_its_run_still_to_lose(
    qtbot: QtBot, tmp_path: Path, window: MainWindow, session: SessionFolder, recovery: Recovery
) -> None:
    train(qtbot, window, 12)
    rate(window, 0.125)
    kept(qtbot, recovery)
    assert window.document.save(tmp_path / "saved.json") is None
    qtbot.waitUntil(lambda: not recovery.busy)
    killed(recovery, session)
    left = left_in(tmp_path / "state")
    assert left.note.name == "saved"
    assert timeless(left.gain) == "a run of 12 steps"


def test_a_run_that_is_saved_has_nothing_to_lose(
    qtbot: QtBot, tmp_path: Path, window: MainWindow, session: SessionFolder, recovery: Recovery
) -> None:
    train(qtbot, window, 12)
    rate(window, 0.125)
    kept(qtbot, recovery)
    assert note_of(session) is not None
    window.document.path = tmp_path / "saved.nabla"
    assert window.experiments.save()
    assert window.bench.keeper.wait()
    assert note_of(session) is None
    assert not list(session.path.glob("*.nabla"))
    train(qtbot, window, 3)
    kept(qtbot, recovery)
    killed(recovery, session)
    gain = timeless(left_in(tmp_path / "state").gain)
    assert gain == "a run of 15 steps, the last 3 steps of which are not saved"


def test_the_run_of_a_document_that_was_given_up_is_not_offered_with_the_next_one(
    qtbot: QtBot, tmp_path: Path, window: MainWindow, session: SessionFolder, recovery: Recovery,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    free, write = threading.Event(), run_file.write
    monkeypatch.setattr(run_file, "write", lambda *given: free.wait(60) and write(*given))
    train(qtbot, window, 12)
    recovery.keep()
    window.experiments.new()
    qtbot.waitUntil(lambda: window.bench.view is not None)
    free.set()
    qtbot.waitUntil(lambda: not recovery.busy)
    window.new_seed()
    recovery.keep()
    killed(recovery, session)
    left = left_in(tmp_path / "state")
    assert left.run is None
    assert left.gain == "changes that are not saved"


def test_no_is_remembered_and_changes_nothing(
    tmp_path: Path, qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch,
    session: SessionFolder, recovery: Recovery,
) -> None:  # fmt: skip
    rate(window, 0.125)
    kept(qtbot, recovery)
    before = window.document.experiment
    killed(recovery, session)
    for answer in (None, False):
        (left,) = left_behind(tmp_path / "state")
        note = note_of(left)
        assert note is not None, "where nobody answered, it is offered again"
        monkeypatch.setattr(files, "ask_recover", lambda *_words, answer=answer: answer)
        offer(left, note, window.document, recovery, window)
        assert window.document.experiment == before
    (left,) = left_behind(tmp_path / "state")
    assert note_of(left) is None
    settle(left)
    assert left.path.exists()
    left.end()


def test_a_question_that_is_ended_from_outside_is_no_answer(qtbot: QtBot, window: MainWindow) -> None:
    window.show()
    QTimer.singleShot(0, lambda: QApplication.activeModalWidget().done(0))
    assert files.ask_recover(window, "plain", "today", "a run") is None


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


def test_changes_that_are_taken_back_are_not_offered(
    qtbot: QtBot, window: MainWindow, session: SessionFolder, recovery: Recovery
) -> None:
    rate(window, 0.125)
    kept(qtbot, recovery)
    assert note_of(session) is not None
    window.document.undo_stack.undo()
    kept(qtbot, recovery)
    assert note_of(session) is None


def test_it_is_kept_as_often_as_is_preferred_and_when_told_to_end(
    qtbot: QtBot, window: MainWindow, session: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [float(value) for value, _ in AUTOSAVE.choices if value != "off"]
    assert float(AUTOSAVE.default) in seconds
    assert max(seconds) <= 30
    prefer(AUTOSAVE, "5")
    monkeypatch.setattr("ui.window.recovery.SECOND_MS", 20)
    recovery = Recovery(window.bench, session, window)
    rate(window, 0.125)
    qtbot.waitUntil(lambda: note_of(session) is not None)
    recovery.forget()
    prefer(AUTOSAVE, "off")
    rate(window, 0.25)
    qtbot.wait(200)
    assert note_of(session) is None
    recovery.keep_at_once()
    assert note_of(session) is not None
    recovery.close()
    session.end()


def test_where_nothing_can_be_kept_it_is_said_once(
    qtbot: QtBot, window: MainWindow, session: SessionFolder, recovery: Recovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ui.window.recovery.write_atomic", full)
    told: list[str] = []
    recovery.failed.connect(told.append)
    for value in (0.125, 0.25):
        rate(window, value)
        kept(qtbot, recovery)
        qtbot.waitUntil(lambda: bool(told))
    qtbot.wait(50)
    assert told == ["Nothing can be kept for the case of a hard end: No space left on device."]
    monkeypatch.undo()
    kept(qtbot, recovery)
    assert note_of(session) is not None


def test_the_run_of_a_worker_that_has_died_is_kept_as_of_its_last_checkpoint(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.running.session.CHECKPOINT_SECONDS", 0.0)
    document = Document(Experiment.from_builtins(PLAIN))
    window = MainWindow(document, lambda notify: Session("process", notify))
    for ask in ("ask_run", "ask_unsaved"):
        monkeypatch.setattr(files, ask, lambda *_: "discard")
    qtbot.addWidget(window)
    window.bench.start()
    window.bench.play()
    qtbot.waitUntil(lambda: window.bench.checkpoint is not None and window.bench.record.steps > 50)
    assert window.bench.link.worker is not None
    os.kill(window.bench.link.worker.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: window.bench.dead)
    session = SessionFolder.begun(tmp_path / "state")
    recovery = Recovery(window.bench, session, window)
    rate(window, 0.125)
    kept(qtbot, recovery)
    killed(recovery, session)
    left = left_in(tmp_path / "state")
    assert left.run is not None
    assert left.run.checkpoint.step == window.bench.checkpoint.step > 0
    window.bench.close()


def test_a_window_that_is_open_is_never_taken_for_a_crash(tmp_path: Path) -> None:
    alive = SessionFolder.begun(tmp_path)
    assert list(left_behind(tmp_path)) == []
    alive.leave()
    assert [session.path for session in left_behind(tmp_path)] == [alive.path]


def test_where_nothing_would_be_lost_nothing_is_kept(
    qtbot: QtBot, window: MainWindow, session: SessionFolder, recovery: Recovery
) -> None:
    kept(qtbot, recovery)
    assert note_of(session) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b'{"name": 1}'])
def test_a_note_that_is_none_is_nothing(tmp_path: Path, content: bytes) -> None:
    session = SessionFolder.begun(tmp_path)
    (session.path / "note.json").write_bytes(content)
    assert note_of(session) is None
    session.end()
