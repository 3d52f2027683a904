"""Validation scores: of the network as it is, and no oftener than it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.training.evaluation import Evaluator
from simulator.training.training import Training

PLAIN: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 100},
    "layers": [{"kind": "dense", "units": 6, "normalization": {"kind": "batch"}, "activation": {"kind": "leaky_relu"}}],
    "batch_size": 16,
}


def train_a_step(training: Training) -> None:
    training.propose()
    training.apply()


def change_a_weight(training: Training) -> None:
    training.network.parameters.value[3] += 0.5


def change_a_running_average(training: Training) -> None:
    training.network.states.value[0] += 0.5


def change_a_slope(training: Training) -> None:
    training.update_spec(training.experiment.with_values([("layers.0.activation.slope", 0.9)]))


def go_back(training: Training) -> None:
    start = training.checkpoint()
    train_a_step(training)
    training.evaluator.validation()
    training.restore(start)


def spoil_a_weight(training: Training) -> None:
    training.network.parameters.value[3] = np.nan


@pytest.mark.parametrize(
    "change",
    [train_a_step, change_a_weight, change_a_running_average, change_a_slope, go_back, spoil_a_weight],
    ids=lambda change: change.__name__,
)
def test_whatever_changes_the_network_is_scored_anew(change: Callable[[Training], None]) -> None:
    training = Training(Experiment.from_builtins(PLAIN))
    train_a_step(training)
    training.evaluator.validation()
    change(training)
    anew = Evaluator(training.network, training.experiment, training.data)
    assert repr(training.evaluator.validation()) == repr(anew.validation())


def test_a_network_that_is_the_same_is_scored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(Experiment.from_builtins(PLAIN))
    twin, passes = training.evaluator.twin, []
    forward = twin.forward
    monkeypatch.setattr(twin, "forward", lambda training: passes.append(1) or forward(training))
    first = training.evaluator.validation()
    once = len(passes)
    training.look()
    assert training.evaluator.validation() == first
    assert len(passes) == once > 0
