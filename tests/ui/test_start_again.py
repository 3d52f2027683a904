"""After the worker's death a run goes on from its newest checkpoint with its past, and says what is lost."""

from __future__ import annotations

import multiprocessing

import numpy as np
import pytest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from simulator.running import session
from simulator.training.live_change import LiveChange
from simulator.training.replay import Replayer
from simulator.training.training import Training
from tests.ui.test_replays import EXPERIMENT, FASTER, replay_of, step_of, take_steps
from tests.ui.windows import OpenOn
from ui.bench.run_memory import taken_up_text
from ui.window.main_window import MainWindow


def kill_worker(qtbot: QtBot, window: MainWindow) -> None:
    (worker,) = [child for child in multiprocessing.active_children() if child.name == "nablascope-training"]
    worker.kill()
    qtbot.waitUntil(lambda: window.bench.dead)


def curve(window: MainWindow) -> list[float]:
    losses: list[float] = window.bench.record.history.series("loss").last.tolist()
    return losses


def start_again(qtbot: QtBot, window: MainWindow) -> str:
    """What the banner says then."""
    before = window.bench.info
    next(button for button in window.banner.findChildren(QToolButton) if button.text() == "Start again").click()
    qtbot.waitUntil(lambda: window.bench.info is not before and window.bench.view is not None)
    return window.banner.text


def test_paused_nothing_is_lost(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT, "process")
    take_steps(qtbot, window, 6)
    assert window.document.propose(FASTER.to_builtins(), "Rate 0.05") is None
    take_steps(qtbot, window, 6)
    qtbot.waitUntil(lambda: window.bench.checkpoint is not None and window.bench.checkpoint.step == 12)
    plot = window.plot_area.plot("loss")
    plot.pin()
    ghost, before = plot.ghost, curve(window)
    kill_worker(qtbot, window)
    assert start_again(qtbot, window) == "Training goes on from step 12: no step is lost."
    assert step_of(window) == 12
    assert curve(window)[:12] == before[:12]
    assert plot.ghost is ghost
    assert [(change.step, change.description) for change in window.bench.record.changes.entries] == [(6, "Rate 0.05")]
    take_steps(qtbot, window, 3)
    training = Training(EXPERIMENT)
    for step in range(15):
        if step == 6:
            training.update_spec(FASTER)
        training.propose()
        training.apply()
    training.look()
    assert curve(window)[-1] == training.loss
    assert window.document.undo_stack.undoText() == "Rate 0.05"
    replayer = Replayer(replay_of(qtbot, window, 3))
    assert replayer.go_to(3).experiment == EXPERIMENT
    replayer.go_to(9).look()
    assert replayer.training.loss == curve(window)[9]


def test_while_it_trains_the_steps_after_the_checkpoint_are_said_to_be_lost(
    qtbot: QtBot, open_on: OpenOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "CHECKPOINT_SECONDS", 0.05)
    window = open_on(EXPERIMENT, "process")
    window.bench.play()
    qtbot.waitUntil(lambda: window.bench.checkpoint is not None and window.bench.checkpoint.step > 0)
    monkeypatch.setattr(session, "CHECKPOINT_SECONDS", 1e9)
    qtbot.wait(100)
    checkpoint = window.bench.checkpoint
    assert checkpoint is not None
    qtbot.waitUntil(lambda: window.bench.record.steps > checkpoint.step + 1500)
    assert window.document.propose(FASTER.to_builtins(), "Rate 0.05") is None
    changed_at = step_of(window)
    qtbot.waitUntil(lambda: step_of(window) > changed_at + 10)
    kill_worker(qtbot, window)
    checkpoint = window.bench.checkpoint
    assert checkpoint is not None
    before, reached = window.bench.record, max(step_of(window), window.bench.record.steps)
    said = start_again(qtbot, window)
    lost = reached - checkpoint.step
    assert lost > 0
    assert said.replace("\N{NARROW NO-BREAK SPACE}", "") == (
        f"Training goes on from step {checkpoint.step}: {lost} steps are lost."
    )
    assert step_of(window) == checkpoint.step
    series, whole = window.bench.record.history.series("loss"), before.history.series("loss")
    known = len(series.steps) - 1
    assert known >= checkpoint.step // whole.stride - 1
    np.testing.assert_array_equal(series.last[:known], whole.last[:known])
    (change,) = window.bench.record.changes.entries
    assert (change.description, change.step) == ("Rate 0.05", checkpoint.step)
    assert window.document.experiment == FASTER


def test_units_drawn_anew_in_the_very_step_of_the_checkpoint_are_drawn_anew(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT, "process")
    take_steps(qtbot, window, 6)
    qtbot.waitUntil(lambda: window.bench.checkpoint is not None and window.bench.checkpoint.step == 6)
    window.bench.revive_units("1", (0, 3))
    qtbot.waitUntil(lambda: len(window.bench.record.live_changes.entries) == 1)
    kill_worker(qtbot, window)
    assert start_again(qtbot, window) == "Training goes on from step 6: no step is lost."
    assert [change.description for change in window.bench.record.changes.entries] == ["Revive 1, 4 of layer 1"]
    (change,) = window.bench.record.live_changes.entries
    assert (change.step, change.layer, change.units) == (6, "1", (0, 3))
    take_steps(qtbot, window, 3)
    training = Training(EXPERIMENT)
    for step in range(9):
        if step == 6:
            training.revive("1", (0, 3))
        training.propose()
        training.apply()
    training.look()
    assert curve(window)[-1] == training.loss


def test_what_was_planned_acts_again(qtbot: QtBot, open_on: OpenOn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CHECKPOINT_SECONDS", 1e9)
    window = open_on(EXPERIMENT, "process")
    with window.bench.planned.acting((LiveChange(9, FASTER),)):
        assert window.document.propose(EXPERIMENT.to_builtins(), "Replay changes", back_to=0) is None
    qtbot.waitUntil(lambda: not window.bench.building)
    take_steps(qtbot, window, 6)
    qtbot.waitUntil(lambda: window.bench.checkpoint is not None and window.bench.checkpoint.step == 6)
    window.bench.play()
    qtbot.waitUntil(lambda: window.document.experiment == FASTER)
    kill_worker(qtbot, window)
    start_again(qtbot, window)
    assert (step_of(window), window.document.experiment) == (6, EXPERIMENT)
    take_steps(qtbot, window, 6)
    training = Training(EXPERIMENT)
    for step in range(12):
        if step == 9:
            training.update_spec(FASTER)
        training.propose()
        training.apply()
    training.look()
    assert curve(window)[-1] == training.loss
    assert window.document.experiment == FASTER
    assert [change.step for change in window.bench.record.live_changes.entries] == [9]


def test_what_is_said_counts_the_steps() -> None:
    assert taken_up_text(12, 11) == "Training goes on from step 11: 1 step is lost."
    assert taken_up_text(12, 12) == "Training goes on from step 12: no step is lost."
    assert taken_up_text(1, None) == "Nothing of the run was kept: it begins anew, and 1 step is lost."
    assert taken_up_text(0, None) == ""
