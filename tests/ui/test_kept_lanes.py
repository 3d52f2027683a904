"""Networks beside the run are kept with it: in files, by undo, after the worker's death, after a hard end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.running.nabla import run_file
from simulator.training.training import Training
from tests.ui.test_replays import PLAIN, take_steps
from tests.ui.test_run_files import save
from tests.ui.test_start_again import kill_worker, start_again
from tests.ui.windows import OpenOn
from ui.dialogs import files
from ui.window.main_window import MainWindow

LANES = [
    {"name": "slow", "set": {"optimizer.learning_rate": 0.002}},
    {"name": "wide", "set": {"layers.0.units": 8}},
]
TOGETHER = Experiment.from_builtins({**PLAIN, "lanes": LANES})


def losses(experiment: Experiment, steps: int) -> list[float]:
    """Of every step of this experiment alone, with that which comes next."""
    training = Training(experiment)
    seen = []
    for _ in range(steps):
        training.propose()
        seen.append(training.loss)
        training.apply()
    training.look()
    return [*seen, training.loss]


def curves(window: MainWindow) -> dict[str, list[float]]:
    shown: Any = window.bench.view
    return {name: view.record.history.series("loss").last.tolist() for name, view in shown.lanes.items()}


def stands_at(window: MainWindow, step: int) -> bool:
    view = window.bench.view
    whole = view is not None and view.frame.step == step and len(view.lanes) == 2
    return whole and view is not None and all(each.frame.step == step for each in view.lanes.values())


def check_stands_at(qtbot: QtBot, window: MainWindow, step: int) -> None:
    """All networks stand there, with the curves of all their steps."""
    qtbot.waitUntil(lambda: stands_at(window, step))
    own = TOGETHER.all_lanes()
    assert curves(window) == {name: losses(own[name], step) for name in ("slow", "wide")}


@pytest.fixture
def window(open_on: OpenOn) -> MainWindow:
    return open_on(TOGETHER)


def test_a_run_opened_from_its_file_shows_the_curves_of_all_lanes_which_go_on(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(files, "ask_unsaved", lambda *_: "discard")
    take_steps(qtbot, window, 9)
    save(window, qtbot, monkeypatch, tmp_path / "a.nabla")
    saved = run_file.read(tmp_path / "a.nabla")
    assert [(lane.name, lane.checkpoint.step, lane.record.steps) for lane in saved.lanes] == [
        ("slow", 9, 9), ("wide", 9, 9),
    ]  # fmt: skip
    window.experiments.new()
    window.experiments.open_path(tmp_path / "a.nabla")
    check_stands_at(qtbot, window, 9)
    first = [view.record.first for view in window.bench.view.lanes.values()] if window.bench.view else []
    assert all(frame is not None and frame.step == 0 for frame in first)
    take_steps(qtbot, window, 6)
    check_stands_at(qtbot, window, 15)


def test_undo_brings_the_lanes_back_with_their_run(window: MainWindow, qtbot: QtBot) -> None:
    take_steps(qtbot, window, 9)
    window.new_seed()
    qtbot.waitUntil(lambda: not window.bench.building and stands_at(window, 0))
    take_steps(qtbot, window, 4)
    window.document.undo_stack.undo()
    check_stands_at(qtbot, window, 9)
    take_steps(qtbot, window, 3)
    check_stands_at(qtbot, window, 12)


def test_a_run_that_was_put_aside_is_kept_with_its_lanes(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    take_steps(qtbot, window, 7)
    window.bench.record.seconds = 100.0
    window.new_seed()
    qtbot.waitUntil(lambda: not window.bench.building and stands_at(window, 0))
    for ask in ("ask_unsaved", "ask_run"):
        monkeypatch.setattr(files, ask, lambda *_: "keep")
    monkeypatch.setattr(files, "ask_keep", lambda *_: tmp_path / "kept.nabla")
    assert window.close()
    aside = max((run_file.read(path) for path in tmp_path.glob("kept*.nabla")), key=lambda run: run.checkpoint.step)
    assert [(lane.name, lane.checkpoint.step) for lane in aside.lanes] == [("slow", 7), ("wide", 7)]
    assert run_file.taken_up(aside).step == 7


def test_after_the_workers_death_the_lanes_go_on_with_their_curves(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(TOGETHER, "process")
    qtbot.waitUntil(lambda: stands_at(window, 0))
    take_steps(qtbot, window, 9)
    qtbot.waitUntil(lambda: window.bench.checkpoint is not None and window.bench.checkpoint.step == 9)
    kill_worker(qtbot, window)
    assert start_again(qtbot, window) == "Training goes on from step 9: no step is lost."
    check_stands_at(qtbot, window, 9)
    take_steps(qtbot, window, 3)
    check_stands_at(qtbot, window, 12)


def test_what_is_kept_in_case_of_a_hard_end_has_the_lanes(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, open_on: Callable[..., MainWindow]
) -> None:
    take_steps(qtbot, window, 5)
    window.bench.recovery_keeper.keep(tmp_path / "run.nabla")
    qtbot.waitUntil(lambda: not window.bench.recovery_keeper.busy)
    saved = run_file.read(tmp_path / "run.nabla")
    assert [(lane.name, lane.checkpoint.step, lane.record.steps) for lane in saved.lanes] == [
        ("slow", 5, 5), ("wide", 5, 5),
    ]  # fmt: skip
