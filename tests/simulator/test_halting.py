"""A guarded run pauses where its loss or a parameter is first not finite: at that very step, and once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from simulator import run
from simulator.experiment.experiment import Experiment
from simulator.record.history import History
from simulator.running.messages import Started, Update
from simulator.running.session import Mode, Session
from simulator.training.training import Training

MODES: tuple[Mode, ...] = ("thread", "process")


def experiment(rate: float = 3.0, **changes: Any) -> Experiment:
    layer = {"kind": "dense", "units": 8, "activation": {"kind": "relu"}}
    optimizer = {"kind": "sgd", "learning_rate": rate, "momentum": 0.5}
    plain = {"data": {"kind": "wine"}, "layers": [layer], "loss": {"kind": "mse"}, "optimizer": optimizer}
    return Experiment.from_builtins({**plain, **changes})


class Screen:
    """Asks for updates until something holds."""

    def __init__(self, mode: Mode, guarded: bool = True) -> None:
        self.session = Session(mode)
        self.session.start()
        self.session.guard(guarded)
        self.history: History | None = None
        self.last: Update | None = None

    def until(self, holds: Callable[[Update], bool]) -> Update:
        end = time.monotonic() + 60
        while self.last is None or not holds(self.last):
            assert time.monotonic() < end, self.last
            self.session.look()
            time.sleep(0.001)
            for reply in self.session.replies():
                if isinstance(reply, Started):
                    self.history = History(reply.columns, capacity=4096, start=reply.step)
                if isinstance(reply, Update) and reply.frame is not None and self.history is not None:
                    self.last = reply
                    for rows in reply.rows:
                        self.history.extend(rows)
        return self.last


@pytest.fixture(params=MODES)
def screen(request: pytest.FixtureRequest) -> Iterator[Screen]:
    made = Screen(request.param)
    yield made
    made.session.close()


def first_lost(net: Experiment, steps: int = 300) -> int:
    """The first step whose loss is not finite, of a run that nothing holds up."""
    losses = run(net, steps=steps).history.series("loss").last
    return int(np.flatnonzero(~np.isfinite(losses))[0])


def step(update: Update) -> int:
    assert update.frame is not None
    return update.frame.step


def test_it_pauses_at_the_first_loss_that_is_not_finite_and_then_goes_on_to_the_same_numbers(screen: Screen) -> None:
    net = experiment()
    lost = first_lost(net)
    assert lost > 3
    screen.session.change(net)
    screen.session.play()
    halted = screen.until(lambda update: update.halted != "")
    assert (step(halted), halted.halted, halted.playing) == (lost, "loss", False)
    assert halted.frame is not None
    assert not np.isfinite(halted.frame.scalars["loss"])
    screen.session.play()
    on = screen.until(lambda update: step(update) > lost + 20)
    assert on.halted == ""
    assert on.playing
    assert screen.history is not None
    told = screen.history.series("loss").last
    expected = run(net, steps=len(told)).history.series("loss").last[: len(told)]
    np.testing.assert_array_equal(told, expected)


def test_so_many_steps_end_there_too(screen: Screen) -> None:
    net = experiment()
    lost = first_lost(net)
    screen.session.change(net)
    screen.session.play(lost + 50)
    assert step(screen.until(lambda update: update.halted != "")) == lost
    screen.session.play(3)
    screen.until(lambda update: not update.playing and step(update) == lost + 3)


def test_another_run_pauses_anew(screen: Screen) -> None:
    net = experiment()
    lost = first_lost(net)
    screen.session.change(net)
    for _ in range(2):
        screen.session.play()
        assert step(screen.until(lambda update: update.halted != "")) == lost
        screen.session.restart()
        assert step(screen.until(lambda update: step(update) == 0)) == 0


def test_an_update_that_leaves_infinite_parameters_pauses_where_they_are() -> None:
    """Behind a tanh, with a gradient of 0 below it, the loss never tells."""
    layer = {
        "kind": "dense",
        "units": 8,
        "activation": {"kind": "tanh"},
        "initializer": {"kind": "constant", "value": 1e5},
    }
    net = experiment(layers=[layer], regularization={"l2": 1.0}, optimizer={"kind": "sgd", "learning_rate": 1e9})
    training = Training(net)
    finite = []
    for _ in range(30):
        training.propose()
        training.apply()
        finite.append(bool(np.isfinite(training.network.parameters.value).all()))
        assert training.finite is finite[-1]
    made = Screen("thread")
    try:
        made.session.change(net)
        made.session.play()
        halted = made.until(lambda update: update.halted != "")
        losses = run(net, steps=30).history.series("loss").last
        at = min(finite.index(False) + 1, int(np.flatnonzero(~np.isfinite(losses))[0]))
        assert step(halted) == at
    finally:
        made.session.close()


def test_without_a_guard_nothing_pauses() -> None:
    net = experiment()
    made = Screen("thread", guarded=False)
    try:
        made.session.change(net)
        made.session.play()
        later = first_lost(net) + 50
        assert made.until(lambda update: step(update) > later).playing
    finally:
        made.session.close()


def test_a_healthy_run_is_never_paused() -> None:
    made = Screen("thread")
    try:
        made.session.change(experiment(0.01))
        made.session.play(200)
        assert made.until(lambda update: not update.playing and step(update) == 200).halted == ""
    finally:
        made.session.close()


@pytest.mark.parametrize(("value", "rate"), [(1e30, 1e30), (1e38, 1e38), (3e38, 1e38), (3e38, 3e38), (-3e38, 3e38)])
def test_whether_parameters_are_finite_is_always_known(value: float, rate: float) -> None:
    """Also where value and update are finite and their sum is not: here each update is the rate, at most."""
    training = Training(experiment(rate, optimizer={"kind": "adam", "learning_rate": rate}))
    training.propose()
    assert np.isfinite(training.network.parameters.update).all()
    training.network.parameters.value[...] = value
    training.apply()
    assert training.finite is bool(np.isfinite(training.network.parameters.value).all())
