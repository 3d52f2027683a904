"""Undoing a change that restarted a run brings the run back as it was, from every place where such a change is made."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from simulator.doctor.base import Remedy
from simulator.experiment.experiment import Experiment
from simulator.observations.registry import standard
from simulator.running.session import Mode
from simulator.training.training import Training
from tests.thinned import thinned
from tests.ui.windows import OpenOn
from ui.window.main_window import MainWindow

PLAIN: dict[str, Any] = {
    "name": "little moons",
    "data": {"kind": "moons", "samples": 60},
    "layers": [
        {"kind": "dense", "units": 5, "dropout": {"kind": "inverted", "rate": 0.2}},
        {"kind": "dense", "units": 4},
    ],
    "optimizer": {"kind": "adam"},
    "batch_size": 16,
}
EXPERIMENT = Experiment.from_builtins(PLAIN)
NOWHERE = {"kind": "csv", "path": "/none.csv", "target": "x"}
STEPS = 6
Open = Callable[..., MainWindow]


@pytest.fixture
def open_window(open_on: OpenOn) -> Open:
    return lambda mode="thread": open_on(EXPERIMENT, mode)


def step_of(window: MainWindow) -> int:
    return window.bench.view.frame.step if window.bench.view is not None else -1


def take_steps(qtbot: QtBot, window: MainWindow, steps: int) -> None:
    goal = step_of(window) + steps
    window.bench.play(steps)
    qtbot.waitUntil(lambda: step_of(window) == goal and not window.bench.playing)


def settle(qtbot: QtBot, window: MainWindow, step: int) -> None:
    bench = window.bench
    qtbot.waitUntil(lambda: not bench.building and not bench.refusal and step_of(window) == step)


def undo(window: MainWindow) -> None:
    next(a for a in window.actions() if a.text().startswith("&Undo")).trigger()


def redo(window: MainWindow) -> None:
    next(a for a in window.actions() if a.text().startswith("&Redo")).trigger()


def curve(window: MainWindow, name: str = "loss") -> list[float]:
    found: list[float] = window.bench.record.history.series(name).last.tolist()
    return found


def expected(steps: int, experiment: Experiment = EXPERIMENT) -> list[float]:
    """The losses at steps 0 … ``steps`` of a run that nothing has interrupted."""
    training = Training(experiment)
    found = []
    for _ in range(steps + 1):
        training.propose()
        found.append(training.loss)
        training.apply()
    return found


def emit(window: MainWindow, form: str, path: tuple[str, ...], value: Any) -> None:
    window.training.form(form).edited.emit(path, value, True)


def of_layer(window: MainWindow, path: tuple[str, ...], value: Any) -> None:
    window.builder.choose([("layers", 0)])
    window.builder.layer_form.edited.emit(path, value, True)


def act(window: MainWindow, name: str) -> None:
    window.builder.choose([("layers", 0)])
    window.builder.actions_by_name[name].trigger()


def remedy(window: MainWindow, application: Any, settings: tuple[tuple[str, Any], ...]) -> None:
    window.findings.rounds.apply(Remedy("mend", settings, application), None)


RESTARTS: dict[str, Callable[[MainWindow], object]] = {
    "data kind": lambda w: emit(w, "data", ("data", "kind"), "circles"),
    "data field": lambda w: emit(w, "data", ("data", "samples"), 80),
    "data that cannot be read": lambda w: w.document.propose({**PLAIN, "data": NOWHERE}, "Use data"),
    "loss": lambda w: emit(w, "loss", ("loss", "kind"), "mse"),
    "batch": lambda w: emit(w, "batch_size", ("batch_size",), 8),
    "seed": lambda w: emit(w, "seed", ("seed",), 5),
    "precision": lambda w: emit(w, "precision", ("precision",), "float64"),
    "units": lambda w: of_layer(w, ("units",), 9),
    "activation": lambda w: of_layer(w, ("activation", "kind"), "relu"),
    "initialiser": lambda w: of_layer(w, ("initializer", "kind"), "he_normal"),
    "normalisation": lambda w: of_layer(w, ("normalization", "kind"), "batch"),
    "kind of layer": lambda w: of_layer(w, ("kind",), "maxout"),
    "repeat": lambda w: of_layer(w, ("repeat",), 3),
    "output": lambda w: w.builder.output_form.edited.emit(("initializer", "kind"), "zeros", True),
    "add": lambda w: act(w, "add"),
    "duplicate": lambda w: act(w, "duplicate"),
    "delete": lambda w: act(w, "delete"),
    "down": lambda w: act(w, "down"),
    "new seed": lambda w: w.transport.reseed.trigger(),
    "same weights": lambda w: w.transport.same.trigger(),
    "mend from the start": lambda w: remedy(w, "start", (("optimizer.learning_rate", 0.5),)),
    "mend from a checkpoint": lambda w: remedy(w, "checkpoint", (("optimizer.learning_rate", 0.5),)),
    "mend of the structure": lambda w: remedy(w, "start", (("layers.0.units", 7),)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("how", "trained"),
    [*thinned(list(RESTARTS), [0]), *((how, 3) for how in ("units", "same weights", "data kind"))],
)
def test_undo_brings_the_run_back_with_its_curves_and_it_goes_on_to_the_same_numbers(
    qtbot: QtBot, open_window: Open, how: str, trained: int
) -> None:
    window = open_window()
    take_steps(qtbot, window, STEPS)
    record, first = window.bench.record, window.bench.record.first
    RESTARTS[how](window)
    assert window.document.undo_stack.count() == 1
    if trained:
        settle(qtbot, window, 0)
        take_steps(qtbot, window, trained)
    undo(window)
    settle(qtbot, window, STEPS)
    assert window.document.experiment == EXPERIMENT
    assert not window.document.dirty
    assert window.bench.record is record
    assert window.bench.record.first is first
    assert not window.bench.playing
    take_steps(qtbot, window, 4)
    assert curve(window) == expected(STEPS + 4)


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_while_playing_an_undo_lets_the_run_go_on_playing(qtbot: QtBot, open_window: Open, mode: Mode) -> None:
    window = open_window(mode)
    window.bench.play()
    qtbot.waitUntil(lambda: step_of(window) > 20)
    before = window.bench.record
    window.new_seed()
    qtbot.waitUntil(lambda: window.bench.record is not before)
    assert window.bench.playing
    reached = before.steps
    undo(window)
    qtbot.waitUntil(lambda: window.bench.record is before and step_of(window) > reached + 5)
    assert window.bench.playing
    window.bench.pause()
    qtbot.waitUntil(lambda: not window.bench.playing and window.bench.view is not None)
    reached = min(before.steps, 200)
    np.testing.assert_array_equal(
        curve(window)[:reached], expected(reached - 1)
    ) if before.history.stride == 1 else None


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_redo_goes_forward_to_the_run_that_undo_put_aside(qtbot: QtBot, open_window: Open, mode: Mode) -> None:
    window = open_window(mode)
    take_steps(qtbot, window, STEPS)
    window.new_seed()
    settle(qtbot, window, 0)
    take_steps(qtbot, window, 3)
    undo(window)
    settle(qtbot, window, STEPS)
    redo(window)
    settle(qtbot, window, 3)
    take_steps(qtbot, window, 2)
    assert curve(window) == expected(5, EXPERIMENT.with_values([("seed", 1)]))
    undo(window)
    settle(qtbot, window, STEPS)
    assert curve(window) == expected(STEPS)


def test_live_edits_in_between_do_not_lose_the_run(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    take_steps(qtbot, window, STEPS)
    window.new_seed()
    settle(qtbot, window, 0)
    emit(window, "optimizer", ("optimizer", "learning_rate"), 0.3)
    take_steps(qtbot, window, 2)
    undo(window)
    undo(window)
    settle(qtbot, window, STEPS)
    assert window.document.experiment == EXPERIMENT
    take_steps(qtbot, window, 2)
    assert curve(window) == expected(STEPS + 2)


def test_several_undos_in_a_row_bring_the_first_run_back(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    take_steps(qtbot, window, STEPS)
    for how in ("units", "seed", "batch"):
        RESTARTS[how](window)
    for _ in range(3):
        undo(window)
    settle(qtbot, window, STEPS)
    assert curve(window) == expected(STEPS)


def test_what_is_changed_back_by_hand_from_what_cannot_be_trained_goes_on(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    take_steps(qtbot, window, STEPS)
    RESTARTS["data that cannot be read"](window)
    qtbot.waitUntil(lambda: bool(window.bench.refusal))
    window.document.propose(PLAIN, "Data again")
    settle(qtbot, window, STEPS)
    assert curve(window) == expected(STEPS)


def test_a_ghost_survives_a_change_of_depth_and_its_undo(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    take_steps(qtbot, window, STEPS)
    plot = window.plot_area.plot("gradient_depth")
    plot.pin()
    ghost = plot.ghost
    RESTARTS["add"](window)
    settle(qtbot, window, 0)
    assert plot.ghost is None
    undo(window)
    settle(qtbot, window, STEPS)
    assert plot.ghost is ghost
    assert plot.header is not None
    assert plot.header.pin.isChecked()


def test_changes_of_the_run_are_still_marked_when_it_comes_back(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    take_steps(qtbot, window, 3)
    emit(window, "optimizer", ("optimizer", "learning_rate"), 0.02)
    take_steps(qtbot, window, 3)
    changes = window.bench.record.changes.entries
    assert [change.step for change in changes] == [3]
    window.new_seed()
    settle(qtbot, window, 0)
    assert [change.description for change in window.bench.record.changes.entries] == ["New seed"]
    undo(window)
    settle(qtbot, window, 6)
    assert window.bench.record.changes.entries == changes


def test_a_drag_into_what_cannot_be_trained_and_back_loses_nothing(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    take_steps(qtbot, window, STEPS)
    for data in ({"kind": "circles"}, NOWHERE, {"kind": "moons", "samples": 70}):
        window.document.propose({**PLAIN, "data": data}, "Drag", "data", final=False)
    qtbot.waitUntil(lambda: not window.bench.building)
    window.document.propose(PLAIN, "Drag", "data", final=True)
    assert window.document.undo_stack.count() == 0
    settle(qtbot, window, STEPS)
    take_steps(qtbot, window, 2)
    assert curve(window) == expected(STEPS + 2)


@pytest.mark.parametrize("goes_on", ["trained", "put aside"])
def test_a_start_that_a_hand_has_drawn_keeps_all_that_is_told_of_a_start(
    qtbot: QtBot, open_window: Open, goes_on: str
) -> None:
    window = open_window()
    settle(qtbot, window, 0)
    for kind in ("he_normal", "zeros", "he_uniform"):
        layer = {**PLAIN["layers"][0], "initializer": {"kind": kind}}
        window.document.propose({**PLAIN, "layers": [layer, PLAIN["layers"][1]]}, "Drag", "weights", final=False)
        settle(qtbot, window, 0)
    record = window.bench.record
    assert record.first is not None
    assert not {*standard()} <= {*record.first.observations}
    if goes_on == "trained":
        take_steps(qtbot, window, 1)
    else:
        RESTARTS["new seed"](window)
        settle(qtbot, window, 0)
        undo(window)
        settle(qtbot, window, 0)
    assert window.bench.record is record
    assert {*standard()} <= {*record.first.observations}


def test_a_worker_that_dies_after_an_undo_goes_on_from_where_the_run_was_brought_back(
    qtbot: QtBot, open_window: Open
) -> None:
    window = open_window("process")
    take_steps(qtbot, window, STEPS)
    window.new_seed()
    settle(qtbot, window, 0)
    undo(window)
    settle(qtbot, window, STEPS)
    kill_worker(qtbot, window)
    window.bench.revive()
    settle(qtbot, window, STEPS)
    assert not window.bench.building
    take_steps(qtbot, window, 2)
    assert curve(window)[-3:] == expected(STEPS + 2)[-3:]


def kill_worker(qtbot: QtBot, window: MainWindow) -> None:
    (worker,) = [child for child in multiprocessing.active_children() if child.name == "nablascope-training"]
    worker.kill()
    qtbot.waitUntil(lambda: window.bench.dead)


def test_what_was_put_aside_outlives_the_death_of_the_worker(qtbot: QtBot, open_window: Open) -> None:
    window = open_window("process")
    take_steps(qtbot, window, STEPS)
    window.new_seed()
    settle(qtbot, window, 0)
    kill_worker(qtbot, window)
    window.transport.play.trigger()
    assert "the worker has ended" in window.banner.text
    assert not window.bench.playing
    window.bench.revive()
    settle(qtbot, window, 0)
    assert not window.bench.building
    undo(window)
    settle(qtbot, window, STEPS)
    take_steps(qtbot, window, 2)
    assert curve(window) == expected(STEPS + 2)


def test_a_restart_is_no_unsaved_change_and_is_named_in_the_menu(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    take_steps(qtbot, window, 2)
    window.transport.same.trigger()
    assert not window.document.dirty
    assert "•" not in window.windowTitle()
    assert window.document.undo_stack.undoText() == "Restart, same weights"
