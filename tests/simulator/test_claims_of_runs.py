"""The documents' claims (THEORY.md section 8) that show in training, in recurrent and in residual networks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulator import Experiment, run
from simulator.arrays.numeric import Array, Floats
from simulator.network.memory import need_of
from simulator.observations.graph.nodes import GraphObservation
from simulator.observations.time_profile import TimeProfilesObservation
from simulator.parts.optimizers import SGD
from simulator.record.frame import frame_of
from simulator.training.training import Training


def losses(plain: dict[str, Any], steps: int) -> Floats:
    return run(Experiment.from_builtins(plain), steps=steps, every=steps).history.series("loss").last


# -- 4: sparse activation learns slower -------------------------------------------------------------------------------


def sparse(inactive: float, seed: int) -> int:
    """Steps until half of the loss is gone, with this share of the hidden units of a linear net held at 0."""
    rng = np.random.default_rng(seed)
    width, rate = 12, 0.02
    x, teacher = rng.standard_normal((width, 64)), rng.standard_normal((1, width)) / math.sqrt(width)
    first, second = (rng.standard_normal((n, width)) / math.sqrt(width) for n in (width, 1))
    on = np.ones((width, 1))
    on[: round(inactive * width)] = 0
    start = None
    for step in range(5000):
        hidden = on * (first @ x)
        error = second @ hidden - teacher @ x
        loss = float(np.square(error).mean())
        start = start or loss
        if loss < start / 2:
            return step
        back = on * (second.T @ error)
        second -= rate * error @ hidden.T / 64
        first -= rate * back @ x.T / 64
    return 5000


@pytest.mark.parametrize("rates", [(0.0, 0.5), (0.5, 0.75)])
def test_4_the_fewer_units_are_active_the_more_steps_it_takes(rates: tuple[float, float]) -> None:
    more, fewer = (float(np.median([sparse(rate, seed) for seed in range(15)])) for rate in rates)
    assert fewer > 1.15 * more


def test_4_dropped_units_make_the_engine_slower_too() -> None:
    def steps(rate: float) -> float:
        dropout = {"kind": "classic", "rate": rate} if rate else {"kind": "none"}
        layer = {"kind": "dense", "units": 64, "activation": {"kind": "relu"}, "dropout": dropout}
        plain = {"data": {"kind": "digits"}, "layers": [layer], "optimizer": {"kind": "sgd", "learning_rate": 0.05}}
        smooth = np.convolve(losses(plain, 400), np.full(10, 0.1), mode="valid")
        reached = np.flatnonzero(smooth < 1.5)
        return float(reached[0]) if reached.size else math.inf

    dense, half, quarter = (steps(rate) for rate in (0.0, 0.5, 0.75))
    assert dense < half < quarter < math.inf


# -- 8: backprop as a graph -------------------------------------------------------------------------------------------


def test_8_the_graph_has_a_box_for_every_factor_with_its_live_norm() -> None:
    layer = {"kind": "dense", "units": 6, "repeat": 2, "activation": {"kind": "tanh"}}
    training = Training(
        Experiment.from_builtins({"data": {"kind": "moons"}, "layers": [layer], "precision": "float64"})
    )
    training.look()
    boxes = {box.key: box for box in GraphObservation().observe(training).boxes}
    batch = training.network.batch
    for place, tap in enumerate(training.network.taps):
        assert tap.delta is not None
        assert tap.weights is not None
        assert tap.weight_gradient is not None
        # δ is one sample's, ∂W the batch's.
        delta = math.sqrt(np.square(tap.delta * batch).sum() / batch)
        assert boxes[f"delta:{place}"].norm == pytest.approx(delta, rel=1e-12)
        assert boxes[f"weights:{place}"].norm == pytest.approx(np.linalg.norm(tap.weights), rel=1e-12)
        assert boxes[f"weight_gradient:{place}"].norm == pytest.approx(np.linalg.norm(tap.weight_gradient), rel=1e-12)
        assert boxes[f"delta:{place}"].backward
        assert not boxes[f"weights:{place}"].backward


# -- 16: ravines and saddles ------------------------------------------------------------------------------------------


def descend(optimizer: SGD, gradient: Any, start: tuple[float, float], steps: int, sign: float = 1.0) -> Array:
    """(steps + 1, 2): where the optimiser goes."""
    w, slots = np.array(start), tuple(np.zeros(2) for _ in range(optimizer.slots))
    update, path = np.empty(2), [np.array(start)]
    for step in range(steps):
        optimizer.update(slots, w, gradient(w), update, optimizer.learning_rate, step + 1)
        w = w + sign * update
        path.append(w)
    return np.array(path)


def ravine(w: Array) -> Array:
    return np.array([1.0, 100.0]) * w


def test_16_plain_descent_jitters_across_a_ravine_and_momentum_gets_farther_along_it() -> None:
    plain = descend(SGD(learning_rate=0.018), ravine, (1.0, 1.0), 40)
    assert (np.sign(plain[1:, 1]) == -np.sign(plain[:-1, 1])).all()
    carried = descend(SGD(learning_rate=0.018, momentum=0.9), ravine, (1.0, 1.0), 200)
    alone = descend(SGD(learning_rate=0.018), ravine, (1.0, 1.0), 200)
    assert np.abs(carried[-20:, 0]).max() < 0.1 * abs(alone[-1, 0])


def test_16_at_a_saddle_plain_descent_stalls_and_momentum_carries_through() -> None:
    def saddle(w: Array) -> Array:
        return np.array([w[0], -0.1 * w[1]])

    def leaves(momentum: float) -> int:
        path = descend(SGD(learning_rate=0.1, momentum=momentum), saddle, (1.0, 1e-6), 3000)
        return int(np.argmax(np.abs(path[:, 1]) > 1))

    assert leaves(0.9) < 0.3 * leaves(0.0)


def test_16_with_the_printed_sign_it_climbs() -> None:
    path = descend(SGD(learning_rate=0.001, momentum=0.5), ravine, (1.0, 1.0), 20, sign=-1.0)
    height = (np.array([1.0, 100.0]) * np.square(path)).sum(axis=1)
    assert (np.diff(height) > 0).all()


# -- 17: schedules act live ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ({"kind": "step", "step_size": 3, "gamma": 0.1}, [1, 1, 1, 0.1, 0.1, 0.1, 0.01]),
        ({"kind": "exponential", "gamma": 0.5}, [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625]),
    ],
)
def test_17_a_schedule_scales_the_updates_of_a_run(schedule: dict[str, Any], rates: list[float]) -> None:
    plain = {
        "data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 4}], "schedule": schedule,
        "optimizer": {"kind": "sgd", "learning_rate": 0.2}, "precision": "float64",
    }  # fmt: skip
    training = Training(Experiment.from_builtins(plain))
    for rate in rates:
        training.propose()
        parameters = training.network.parameters
        np.testing.assert_allclose(parameters.update, -0.2 * rate * parameters.gradient, rtol=1e-12)
        training.apply()


# -- 18: dropout -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["inverted", "classic"])
def test_18_dropout_narrows_the_gap_between_training_and_validation(kind: str) -> None:
    def gap(dropout: dict[str, Any]) -> float:
        layer = {"kind": "dense", "units": 100, "activation": {"kind": "relu"}, "dropout": dropout}
        plain = {
            "data": {"kind": "gaussian", "samples": 300, "features": 40, "classes": 2}, "layers": [layer],
            "optimizer": {"kind": "adam", "learning_rate": 0.01},
        }  # fmt: skip
        training = Training(Experiment.from_builtins(plain))
        for _ in range(150):
            training.propose()
            training.apply()
        training.look()
        return training.evaluator.validation()["validation_loss"] - training.loss

    assert gap({"kind": kind, "rate": 0.6}) < 0.85 * gap({"kind": "none"})


# -- 19: T plays the part of depth -----------------------------------------------------------------------------------


@pytest.mark.parametrize("gain", [0.8, 1.0, 1.1])
def test_19_the_same_factor_at_every_time_step(gain: float) -> None:
    """Linear units and recurrent weights gain · I: the gradient at step t is gain^(T − t) of the last one's."""
    layer = {
        "kind": "recurrent", "units": 5, "activation": {"kind": "linear"},
        "recurrent_initializer": {"kind": "identity", "gain": gain},
    }  # fmt: skip
    plain = {"data": {"kind": "adding", "samples": 200, "steps": 30}, "layers": [layer], "precision": "float64"}
    training = Training(Experiment.from_builtins(plain))
    training.look()
    (profile,) = TimeProfilesObservation().observe(training).values()
    norms = profile.hidden_gradient_norm
    np.testing.assert_allclose(norms / norms[-1], gain ** np.arange(29, -1, -1), rtol=1e-10)


# -- 20: ways around -------------------------------------------------------------------------------------------------


def signal_kept(layer: dict[str, Any], data: dict[str, Any]) -> float:
    """By what the error signal grows from the last to the first layer's input, ten layers."""
    plain = {"data": data, "layers": [layer], "precision": "float64", "batch_size": 32}
    training = Training(Experiment.from_builtins(plain))
    training.look()
    found = frame_of(training, training.scalars()).measures["delta_rms"]
    rows = [row for row, info in enumerate(training.info.layers) if info.entry >= 0 and "." not in info.label]
    return float(found[rows[0]] / found[rows[-1]])


def test_20_ten_blocks_of_one_plus_a_tenth_carry_the_signal() -> None:
    tenth = {"kind": "identity", "gain": 0.1}
    inner = {"kind": "dense", "units": 2, "activation": {"kind": "linear"}, "initializer": tenth}
    block = {"kind": "residual", "repeat": 11, "layers": [inner]}
    assert signal_kept(block, {"kind": "moons"}) == pytest.approx(1.1**10, rel=1e-12) == pytest.approx(2.5937, abs=5e-5)
    plain = {**inner, "repeat": 11}
    assert signal_kept(plain, {"kind": "moons"}) == pytest.approx(0.1**10, rel=1e-9)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_20_gates_carry_what_a_plain_recurrent_layer_loses(kind: str) -> None:
    def kept(described: dict[str, Any]) -> float:
        plain = {"data": {"kind": "adding", "samples": 200, "steps": 40}, "layers": [described], "batch_size": 32}
        training = Training(Experiment.from_builtins(plain))
        training.look()
        (profile,) = TimeProfilesObservation().observe(training).values()
        return float(profile.hidden_gradient_norm[0] / profile.hidden_gradient_norm[-1])

    lost = kept({"kind": "recurrent", "units": 32, "recurrent_initializer": {"kind": "normal", "std": 0.1}})
    gate: dict[str, Any] = (
        {"forget_bias": 3.0} if kind == "lstm" else {"bias_initializer": {"kind": "constant", "value": -3.0}}
    )
    assert lost < 1e-6 < 1e-2 < kept({"kind": kind, "units": 32, **gate})


# -- 21: exploding in spite of skips ---------------------------------------------------------------------------------


def test_21_skips_alone_can_explode_and_normalised_branches_do_not() -> None:
    inner = {"kind": "dense", "units": 64, "activation": {"kind": "relu"}, "initializer": {"kind": "he_normal"}}
    data = {"kind": "digits"}
    first = {"kind": "dense", "units": 64}

    def growth(block: dict[str, Any]) -> float:
        plain = {"data": data, "layers": [first, {"kind": "residual", "repeat": 20, "layers": [inner], **block}]}
        training = Training(Experiment.from_builtins(plain))
        training.look()
        found = frame_of(training, training.scalars()).measures["delta_rms"]
        return float(found[0] / found[-2])

    bare = growth({})
    assert bare > 30
    for norm in ("batch", "layer"):
        assert growth({"normalization": {"kind": norm}}) < 0.5 * bare


def test_21_weight_decay_holds_weights_that_make_it_explode() -> None:
    inner = {"kind": "dense", "units": 32, "activation": {"kind": "linear"}}
    block = {"kind": "residual", "repeat": 8, "layers": [inner]}
    plain = {
        "data": {"kind": "digits"}, "layers": [{"kind": "dense", "units": 32}, block],
        "optimizer": {"kind": "sgd", "learning_rate": 0.01},
    }  # fmt: skip

    def growth(l2: float) -> float:
        training = Training(Experiment.from_builtins({**plain, "regularization": {"l2": l2}}))
        for _ in range(400):
            training.propose()
            training.apply()
        training.look()
        found = frame_of(training, training.scalars()).measures["delta_rms"]
        return float(found[0] / found[-2])

    assert growth(0.3) < 0.8 * growth(0.0)


# -- 22: ten thousand states -----------------------------------------------------------------------------------------


def test_22_memory_grows_with_the_steps_and_checkpoints_keep_the_root() -> None:
    def bytes_of(steps: int, **more: Any) -> int:
        plain = {
            "data": {"kind": "adding", "samples": 100, "steps": steps}, "batch_size": 1, "precision": "float64",
            "layers": [{"kind": "recurrent", "units": 100, **more}], "optimizer": {"kind": "sgd"},
        }  # fmt: skip
        return need_of(Experiment.from_builtins(plain), (steps, 2), 1, 1).memory_bytes

    # 10 000 steps × width 100 in float64 are 8 MB for every stored tensor.
    whole, half = bytes_of(10_000), bytes_of(5_000)
    assert whole > 8e6
    stored = (whole - half) / 4e6
    assert stored == pytest.approx(round(stored), abs=0.2)
    assert bytes_of(10_000, checkpoint=True) < 0.2 * whole
    assert bytes_of(10_000, truncate=100) <= whole
