"""From the window any step of a run can be had again, and what it was trained as is known there exactly."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.running.messages import ReplayAnswer
from simulator.running.session import Mode
from simulator.training.replay import Replay, Replayer
from tests.ui.windows import OpenOn
from ui.window.main_window import MainWindow

PLAIN: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 60},
    "layers": [{"kind": "dense", "units": 5, "dropout": {"kind": "inverted", "rate": 0.2}}],
    "optimizer": {"kind": "adam"},
    "batch_size": 16,
}
EXPERIMENT = Experiment.from_builtins(PLAIN)
FASTER = EXPERIMENT.with_values([("optimizer.learning_rate", 0.05)])


def step_of(window: MainWindow) -> int:
    return window.bench.view.frame.step if window.bench.view is not None else -1


def take_steps(qtbot: QtBot, window: MainWindow, steps: int) -> None:
    qtbot.waitUntil(lambda: window.bench.view is not None)
    goal = step_of(window) + steps
    window.bench.play(steps)
    qtbot.waitUntil(lambda: step_of(window) == goal and not window.bench.playing)


def replay_of(qtbot: QtBot, window: MainWindow, step: int) -> Replay:
    with qtbot.waitSignal(window.bench.replay_found) as answer:
        window.bench.link.find_replay(step)
    found = answer.args[0]
    assert isinstance(found, ReplayAnswer)
    assert (found.step, found.replay is None) == (step, False)
    assert found.replay is not None
    return found.replay


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_a_step_of_the_run_is_had_again_with_the_loss_that_it_had(qtbot: QtBot, open_on: OpenOn, mode: Mode) -> None:
    window = open_on(EXPERIMENT, mode)
    take_steps(qtbot, window, 6)
    assert window.document.propose(FASTER.to_builtins(), "Rate") is None
    take_steps(qtbot, window, 6)
    losses = window.bench.record.history.series("loss").last
    for step in (0, 5, 6, 11):
        training = Replayer(replay_of(qtbot, window, step)).go_to(step)
        training.look()
        assert training.loss == losses[step]
        assert training.experiment == (EXPERIMENT if step < 6 else FASTER)
    changes = window.bench.record.live_changes
    assert changes.experiment == EXPERIMENT
    assert [(change.step, change.experiment) for change in changes.entries] == [(6, FASTER)]
