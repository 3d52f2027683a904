"""Batch norm: its identities, its running averages, and that measuring leaves them alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment
from simulator.layers.normalization import BatchNorm, BatchNormStage
from simulator.layers.parameters import Parameters
from simulator.observations.boundary import BoundaryObservation
from simulator.training.training import Training


def stage(units: int, batch: int, spec: BatchNorm | None = None) -> BatchNormStage:
    made = BatchNormStage(spec or BatchNorm(), units)
    dtype = np.dtype(np.float64)
    Parameters(made.blocks(), dtype)
    Parameters(made.states(), dtype)
    made.allocate((units, batch), Arena(dtype, 10**5))
    return made


def forward(norm: BatchNormStage, x: Array, training: bool = True) -> Array:
    out = np.empty_like(x)
    norm.forward(x, out, training)
    return out


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    units=st.integers(1, 6),
    batch=st.integers(2, 30),
    seed=st.integers(0, 10**6),
    epsilon=st.sampled_from([1e-8, 1e-5, 1e-2]),
    spread=st.sampled_from([1e-2, 1.0, 100.0]),
)
def test_the_gradient_sums_to_zero_and_is_orthogonal_to_the_normalised_input(
    units: int, batch: int, seed: int, epsilon: float, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    norm = stage(units, batch, BatchNorm(epsilon=epsilon))
    norm.scale.value[...] = rng.normal(1, 0.3, (units, 1))
    x = spread * rng.standard_normal((units, batch)) + rng.normal(0, spread, (units, 1))
    forward(norm, x)
    gradient = rng.standard_normal((units, batch))
    dx = np.empty_like(x)
    norm.backward(gradient, dx)
    variance = x.var(axis=1, keepdims=True)
    hat = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(variance + epsilon)
    size = np.linalg.norm(gradient) * batch / np.sqrt(variance.min() + epsilon)
    assert np.abs(dx.sum(axis=1)).max() <= 1e-12 * size
    # Exactly ε/(var+ε) of γ/√(var+ε) Σ dy·x̂ remains.
    left = (epsilon / (variance + epsilon)) * norm.scale.value / np.sqrt(variance + epsilon)
    left *= (gradient * hat).sum(axis=1, keepdims=True)
    np.testing.assert_allclose((dx * hat).sum(axis=1, keepdims=True), left, rtol=1e-6, atol=1e-12 * size)


def test_the_output_has_the_learnt_mean_and_spread() -> None:
    norm = stage(3, 50)
    norm.scale.value[...] = [[1], [2], [0.5]]
    norm.shift.value[...] = [[0], [-1], [3]]
    y = forward(norm, np.random.default_rng(0).normal(7, 4, (3, 50)))
    np.testing.assert_allclose(y.mean(axis=1), [0, -1, 3], atol=1e-12)
    np.testing.assert_allclose(y.std(axis=1), [1, 2, 0.5], rtol=1e-6)


def test_the_defaults_are_those_of_the_file_format() -> None:
    assert (BatchNorm().epsilon, BatchNorm().momentum, BatchNorm().position) == (1e-5, 0.1, "before")


def test_the_gradients_of_scale_and_shift_are_their_sums() -> None:
    rng = np.random.default_rng(2)
    norm, x, gradient = stage(2, 9), rng.standard_normal((2, 9)), rng.standard_normal((2, 9))
    forward(norm, x)
    norm.backward(gradient, np.empty_like(x))
    hat = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(norm.scale.gradient[:, 0], (gradient * hat).sum(axis=1))
    np.testing.assert_allclose(norm.shift.gradient[:, 0], gradient.sum(axis=1))


def test_the_backward_pass_may_write_over_its_gradient() -> None:
    rng = np.random.default_rng(3)
    norm, x, gradient = stage(2, 9), rng.standard_normal((2, 9)), rng.standard_normal((2, 9))
    forward(norm, x)
    apart = np.empty_like(x)
    norm.backward(gradient, apart)
    norm.backward(gradient, gradient)
    np.testing.assert_array_equal(gradient, apart)


def test_running_averages_take_a_tenth_of_each_batch_and_the_unbiased_variance() -> None:
    rng = np.random.default_rng(1)
    norm = stage(4, 8)
    mean, variance = np.zeros(4), np.ones(4)
    for _ in range(5):
        x = rng.normal(2, 3, (4, 8))
        forward(norm, x)
        norm.commit()
        mean = 0.9 * mean + 0.1 * x.mean(axis=1)
        variance = 0.9 * variance + 0.1 * x.var(axis=1, ddof=1)
    np.testing.assert_allclose(norm.running_mean.value[:, 0], mean, rtol=1e-12)
    np.testing.assert_allclose(norm.running_variance.value[:, 0], variance, rtol=1e-12)
    x = rng.normal(2, 3, (4, 8))
    want = (x - mean[:, None]) / np.sqrt(variance[:, None] + 1e-5)
    np.testing.assert_allclose(forward(norm, x, training=False), want, rtol=1e-12)


def test_a_batch_of_one_sample_gives_the_shift_and_finite_averages() -> None:
    norm = stage(2, 1)
    norm.shift.value[...] = [[3], [-4]]
    np.testing.assert_array_equal(forward(norm, np.array([[5.0], [6.0]])), [[3.0], [-4.0]])
    norm.commit()
    assert np.isfinite(norm.running_variance.value).all()


def experiment(position: str = "before") -> Experiment:
    layer: dict[str, Any] = {
        "kind": "dense", "units": 6, "normalization": {"kind": "batch", "position": position},
        "dropout": {"kind": "inverted", "rate": 0.2},
    }  # fmt: skip
    return Experiment.from_builtins(
        {
            "precision": "float64",
            "data": {"kind": "moons", "samples": 60},
            "layers": [layer, layer],
            "batch_size": 16,
            "optimizer": {"kind": "adam"},
        }
    )


def states(training: Training) -> list[Array]:
    return [
        training.network.states.value.copy(),
        training.network.parameters.value.copy(),
        training.network.parameters.gradient.copy(),
        training.network.parameters.update.copy(),
        training.values.copy(),
        *(slot.copy() for slot in training.updater.slots),
    ]


@pytest.mark.parametrize("position", ["before", "after"])
def test_looking_and_evaluating_again_and_again_changes_nothing(position: str) -> None:
    training = Training(experiment(position))
    for _ in range(3):
        training.propose()
        training.apply()
    training.look()
    before = states(training)
    training.look()
    training.scalars(validate=True)
    BoundaryObservation().observe(training)
    training.look()
    for old, new in zip(before, states(training), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_running_averages_move_once_per_step() -> None:
    watched, alone = Training(experiment()), Training(experiment())
    for _ in range(4):
        watched.look()
        watched.scalars(validate=True)
        watched.look()
        for training in (watched, alone):
            training.propose()
            training.apply()
    np.testing.assert_array_equal(watched.network.states.value, alone.network.states.value)
    np.testing.assert_array_equal(watched.network.parameters.value, alone.network.parameters.value)


@pytest.mark.parametrize("position", ["before", "after"])
def test_where_it_acts(position: str) -> None:
    training = Training(experiment(position))
    training.look()
    module: Any = training.network.modules[0]
    weights, biases = module.affine.block.value[:-1], module.affine.block.value[-1]
    u = weights.T @ training.network.input[:-1] + biases[:, None]
    normal = lambda x: (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)  # noqa: E731
    z = normal(u) if position == "before" else u
    a = np.tanh(z)
    tap = training.network.taps[0]
    np.testing.assert_allclose(tap.z, z, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(tap.a, a, rtol=1e-10, atol=1e-12)
    out = a if position == "before" else normal(a)
    np.testing.assert_allclose(module.out[:-1], out * module.dropout.mask, rtol=1e-9, atol=1e-12)


def test_validation_uses_the_running_averages_and_no_dropout() -> None:
    training = Training(experiment())
    for _ in range(5):
        training.propose()
        training.apply()
    x, y = training.data.x_val, training.data.y_val
    signal = x
    for module in training.network.modules:
        kernel: Array = module.affine.block.value  # type: ignore[attr-defined]
        norm: BatchNormStage = module.norm  # type: ignore[attr-defined]
        u = kernel[:-1].T @ signal + kernel[-1][:, None]
        hat = (u - norm.running_mean.value) / np.sqrt(norm.running_variance.value + 1e-5)
        signal = np.tanh(norm.scale.value * hat + norm.shift.value)
    kernel = training.network.output.affine.block.value
    z = kernel[:-1].T @ signal + kernel[-1][:, None]
    p = np.exp(z) / np.exp(z).sum(axis=0)
    found = training.evaluator.validation()
    assert found["validation_loss"] == pytest.approx(-np.log((p * y).sum(axis=0)).mean(), rel=1e-10)
    assert found["validation_accuracy"] == np.mean(p.argmax(axis=0) == y.argmax(axis=0))
