"""Where NaN or Inf came in: planted in one quantity, it is found there and nowhere else, whatever the layer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import run
from simulator.doctor.evidence import OBSERVATIONS, Evidence
from simulator.doctor.rules import examine
from simulator.experiment.experiment import Experiment
from simulator.observations.observer import observe
from simulator.record.frame import frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.training.nonfinite import Began
from simulator.training.training import Training
from tests.simulator.combinations import LAYERS, fitting

DEEP = [{"kind": "dense", "units": 8, "repeat": 4, "activation": {"kind": "tanh"}}]


def experiment(layers: Any = DEEP, **changes: Any) -> Experiment:
    plain = {"data": {"kind": "wine"}, "layers": layers, "batch_size": 16, **changes}
    return Experiment.from_builtins(plain)


def place(began: Began | None) -> tuple[str, str, str, int]:
    assert began is not None
    return began.layer, began.quantity, began.direction, began.step


def after(training: Training, steps: int) -> Began | None:
    """Where it began, as the frame after so many updates tells."""
    for _ in range(steps):
        training.propose()
        training.apply()
    training.look()
    return frame_of(training, training.scalars()).began


def kernel(training: Training, depth: int) -> np.ndarray:
    module = [*training.network.modules, training.network.output][depth]
    return module.blocks()[0].value


def test_a_healthy_run_has_no_beginning() -> None:
    assert after(Training(experiment()), 5) is None


@pytest.mark.parametrize("depth", range(5))
def test_forward_it_is_the_first_z_that_overflows_though_a_squashes_it(depth: int) -> None:
    training = Training(experiment())
    kernel(training, depth)[...] = 3e38
    assert place(after(training, 0)) == (str(depth + 1), "z", "forward", 0)


@pytest.mark.parametrize("depth", range(3))
def test_backward_it_is_the_last_delta_before_the_weights_that_blow_it_up(depth: int) -> None:
    """Its inputs are 0, so that z is finite whatever its weights."""
    training = Training(experiment(loss={"kind": "mse"}))
    kernel(training, 4)[-1] = 1e9
    kernel(training, depth)[...] = 0
    kernel(training, depth + 1)[:-1] = 3e38
    assert place(after(training, 0)) == (str(depth + 1), "delta", "backward", 0)


def test_a_gradient_that_overflows_where_no_signal_does() -> None:
    linear = {"kind": "dense", "units": 8, "activation": {"kind": "linear"}}
    training = Training(experiment([linear, linear], loss={"kind": "mse"}))
    kernel(training, 0)[:-1] = 1e25
    kernel(training, 1)[:-1] = 1e-30
    kernel(training, 2)[:-1] = 1e20
    assert place(after(training, 0)) == ("2", "weight_gradient", "backward", 0)


def test_an_update_that_overflows_is_told_at_its_own_step() -> None:
    training = Training(experiment(optimizer={"kind": "sgd", "learning_rate": 1e300}))
    assert place(after(training, 0))[1:] == ("update", "backward", 0)
    assert place(after(training, 4))[1:] == ("update", "backward", 0)


def test_parameters_that_overflow_are_told_at_the_update_that_made_them() -> None:
    training = Training(experiment())
    training.propose()
    training.apply()
    training.propose()
    kernel(training, 3)[0, 0] = 3e38
    training.network.modules[3].blocks()[0].update[0, 0] = 3e38
    training.apply()
    assert place(after(training, 0)) == ("4", "update", "backward", 1)


def test_a_look_at_an_update_that_is_not_made_is_forgotten() -> None:
    training = Training(experiment(optimizer={"kind": "sgd", "learning_rate": 1e300}))
    assert after(training, 0) is not None
    training.update_spec(experiment(optimizer={"kind": "sgd", "learning_rate": 0.1}))
    assert after(training, 3) is None


def test_it_is_kept_for_the_run_and_survives_a_checkpoint() -> None:
    training = Training(experiment())
    after(training, 3)
    kernel(training, 1)[...] = 3e38
    training.network.modules[1].blocks()[0].update[...] = 0
    before = after(training, 0)
    # What is not finite now was put there between the steps, which an update does.
    assert place(before) == ("2", "z", "forward", 3)
    training.propose()
    training.apply()
    other = Training(experiment())
    other.restore(training.checkpoint())
    assert after(other, 4) == before


@pytest.mark.parametrize("kind", LAYERS)
def test_every_kind_of_layer_tells_where_nan_came_in(kind: str) -> None:
    """NaN in its weights, or in the data where it has none, shows in its own row or an inner one, going forward."""
    net = fitting({"kind": kind})
    assert net is not None
    training = Training(net)
    for values in [block.value for block in training.network.modules[0].blocks()] or [training.network.input]:
        values[...] = np.nan
    layer, _, direction, step = place(after(training, 0))
    assert layer.partition(".")[0] == "1"
    assert (direction, step) == ("forward", 0)


def test_the_finding_and_its_file_say_layer_quantity_direction_and_step(tmp_path: Path) -> None:
    wide = {"kind": "dense", "units": 64, "repeat": 12, "activation": {"kind": "relu"}}
    wide["initializer"] = {"kind": "normal", "std": 300}
    net = experiment([wide], data={"kind": "digits"}, regularization={"clip_norm": 1.0}, batch_size=64)
    found = run(net, steps=0, out=tmp_path).findings[0]
    assert "At step 0, going forward," in found.sentence
    assert "layer 12's z" in found.sentence
    written = json.loads((tmp_path / "findings.json").read_text())[0]
    assert written["began"] == {"layer": "12", "quantity": "z", "direction": "forward", "step": 0}


@pytest.mark.parametrize("kind", ["adam", "adamw", "rmsprop", "adagrad"])
def test_an_optimiser_whose_squares_overflow_is_told_with_its_step_and_after_a_checkpoint(kind: str) -> None:
    """Activations of 1e25 and output weights of 0: loss and gradient are finite, the gradient's square is not."""
    linear = {"kind": "dense", "units": 8, "activation": {"kind": "linear"}}
    net = experiment([linear], optimizer={"kind": kind, "learning_rate": 1e-30})
    training = Training(net)
    training.propose()
    training.apply()
    assert training.watch.present.lost_state is None
    kernel(training, 0)[:-1] *= 1e25
    kernel(training, 1)[...] = 0
    assert after(training, 0) is None
    lost = frame_of(training, {}).lost_state
    assert lost is not None
    assert (lost.entries > 0, lost.step) == (True, 1)
    after(training, 2)
    other = Training(net)
    other.restore(training.checkpoint())
    assert after(other, 3) is None
    frame = frame_of(other, other.scalars(), observe(other, OBSERVATIONS))
    assert frame.lost_state is not None
    assert frame.lost_state.step == 1
    history = History(other.columns)
    history.extend(Rows(0, other.columns, other.row(other.scalars())[np.newaxis]))
    found = examine(Evidence(net, frame, Record(history)))[0]
    assert found.rule == "optimiser state"
    assert "since step 1" in found.sentence
    assert {remedy.application for remedy in found.remedies} == {"checkpoint"}


@pytest.mark.parametrize("rate", [1, 30, 1e5])
def test_finding_and_history_agree_on_the_step(rate: float) -> None:
    linear = {"kind": "dense", "units": 8, "activation": {"kind": "relu"}}
    net = experiment([linear], loss={"kind": "mse"}, optimizer={"kind": "sgd", "learning_rate": rate})
    result = run(net, steps=200)
    lost = [step for step, loss in enumerate(result.history.series("loss").last) if not np.isfinite(loss)]
    assert result.history.lost_since("loss") == lost[0]
    assert result.last.began is not None
    assert result.findings[0].since == min(result.last.began.step, lost[0])
