"""Layer norm and weight norm: their identities, and what measures see of weights that are not parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment
from simulator.layers.normalization import LayerNorm, LayerNormStage
from simulator.layers.normalization.weight import DirectedAffine
from simulator.layers.parameters import Parameters
from simulator.measures import NAMES
from simulator.training.training import Training
from tests.simulator.differences import bench, check, plain


def stage(units: int, batch: int, epsilon: float = 1e-5) -> LayerNormStage:
    made = LayerNormStage(epsilon, units)
    dtype = np.dtype(np.float64)
    Parameters(made.blocks(), dtype)
    made.allocate((units, batch), Arena(dtype, 10**5))
    return made


def forward(norm: LayerNormStage, x: Array, training: bool = True) -> Array:
    out = np.empty_like(x)
    norm.forward(x, out, training)
    return out


def hat(x: Array, epsilon: float = 1e-5) -> Array:
    made: Array = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + epsilon)
    return made


def test_every_sample_has_mean_0_and_variance_1_before_scale_and_shift() -> None:
    norm = stage(40, 6)
    x = np.random.default_rng(0).normal(7, 4, (40, 6))
    y = forward(norm, x)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=0), 1, rtol=1e-5)
    norm.scale.value[...] = np.arange(40.0)[:, None]
    norm.shift.value[...] = np.arange(40.0)[::-1, None]
    np.testing.assert_allclose(forward(norm, x), norm.scale.value * hat(x) + norm.shift.value, rtol=1e-12)


def test_a_sample_does_not_see_the_others_and_evaluation_is_as_training() -> None:
    norm = stage(5, 4)
    x = np.random.default_rng(1).standard_normal((5, 4))
    whole = forward(norm, x)
    np.testing.assert_array_equal(forward(norm, x, training=False), whole)
    changed = x.copy()
    changed[:, 1:] *= 100
    np.testing.assert_array_equal(forward(norm, changed)[:, 0], whole[:, 0])


@settings(max_examples=30, deadline=None, derandomize=True)
@given(units=st.integers(2, 8), batch=st.integers(1, 6), seed=st.integers(0, 10**6), spread=st.sampled_from([1e-2, 50]))
def test_a_samples_gradient_sums_to_zero_and_is_orthogonal_to_its_normalised_input(
    units: int, batch: int, seed: int, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    norm = stage(units, batch, 0.0)
    norm.scale.value[...] = rng.normal(1, 0.3, (units, 1))
    x = spread * rng.standard_normal((units, batch))
    forward(norm, x)
    gradient = rng.standard_normal((units, batch))
    back = np.empty_like(x)
    norm.backward(gradient, back)
    size = np.linalg.norm(gradient) * units / x.std(axis=0).min()
    assert np.abs(back.sum(axis=0)).max() <= 1e-12 * size
    assert np.abs((back * hat(x, 0.0)).sum(axis=0)).max() <= 1e-12 * size
    np.testing.assert_allclose(norm.shift.gradient[:, 0], gradient.sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(norm.scale.gradient[:, 0], (gradient * hat(x, 0.0)).sum(axis=1), atol=1e-10)
    norm.backward(gradient, gradient)
    np.testing.assert_array_equal(gradient, back)


def test_one_unit_alone_gives_the_shift_and_no_gradient() -> None:
    norm = stage(1, 3)
    norm.shift.value[...] = 2
    np.testing.assert_array_equal(forward(norm, np.array([[1.0, 5.0, -3.0]])), [[2, 2, 2]])
    back = np.empty((1, 3))
    norm.backward(np.ones((1, 3)), back)
    np.testing.assert_array_equal(back, 0)


def test_epsilon_of_layer_norm_acts_live() -> None:
    training = Training(experiment({"kind": "layer"}))
    changed = training.experiment.with_values([("layers.0.normalization.epsilon", 0.1)])
    assert training.accepts(changed)
    training.look()
    before = training.network.taps[0].a.copy()
    training.update_spec(changed)
    training.look()
    assert not np.array_equal(training.network.taps[0].a, before)
    assert (LayerNorm().epsilon, LayerNorm().position) == (1e-5, "before")


def experiment(norm: dict[str, Any], **fields: Any) -> Experiment:
    layer = {"kind": "dense", "units": 6, "normalization": norm, **fields}
    return Experiment.from_builtins(
        {
            "precision": "float64", "data": {"kind": "moons", "samples": 60}, "layers": [layer, layer, layer],
            "batch_size": 16, "optimizer": {"kind": "adam", "learning_rate": 0.05},
        }
    )  # fmt: skip


def affine(training: Training, layer: int = 1) -> DirectedAffine:
    found = training.network.modules[layer].affine  # type: ignore[attr-defined]
    assert isinstance(found, DirectedAffine)
    return found


def effective(norm: DirectedAffine) -> Array:
    v = norm.block.value[:-1]
    made: Array = norm.gain.value * v / np.linalg.norm(v, axis=0)
    return made


def taps(training: Training) -> dict[str, Array]:
    tap = training.network.taps[1]
    found = {name: getattr(tap, name) for name in ("z", "a", "delta", "weights", "weight_gradient", "bias_gradient")}
    return {name: array.copy() for name, array in found.items()}


def test_weight_norm_starts_as_the_same_network_with_the_same_gradient() -> None:
    plain_one, normed = Training(experiment({"kind": "none"})), Training(experiment({"kind": "weight"}))
    plain_one.look()
    normed.look()
    for name, array in taps(normed).items():
        np.testing.assert_allclose(array, taps(plain_one)[name], rtol=1e-10, atol=1e-14, err_msg=name)


def test_the_measures_see_the_weights_that_act_and_their_change() -> None:
    training = Training(experiment({"kind": "weight"}))
    for _ in range(4):
        training.propose()
        measured = {name: training.values[NAMES.index(name), 1] for name in ("weight_norm", "update_norm")}
        before, shown = effective(affine(training)), np.array(training.network.taps[1].weight_update)
        np.testing.assert_allclose(training.network.taps[1].weights, before, rtol=1e-12)
        training.apply()
        change = effective(affine(training)) - before
        np.testing.assert_allclose(shown, change, rtol=1e-8, atol=1e-13)
        assert measured["weight_norm"] == pytest.approx(np.linalg.norm(before), rel=1e-12)
        assert measured["update_norm"] == pytest.approx(np.linalg.norm(change), rel=1e-8)


def test_a_tiny_update_in_float32_is_not_lost_in_rounding() -> None:
    changes = {}
    for precision in ("float32", "float64"):
        training = Training(
            experiment({"kind": "weight"}).with_values(
                [("precision", precision), ("optimizer", {"kind": "sgd", "learning_rate": 1e-12})]
            )
        )
        training.look()
        changes[precision] = np.array(training.network.taps[1].weight_update)
    np.testing.assert_allclose(changes["float32"], changes["float64"], rtol=1e-3, atol=1e-16)
    assert 0 < np.abs(changes["float64"]).max() < 1e-12


def test_the_direction_gets_no_gradient_along_itself_and_a_layers_scale_is_all_in_g() -> None:
    training = Training(experiment({"kind": "weight"}))
    training.look()
    norm = affine(training)
    v = norm.block.value[:-1]
    along = (v * norm.block.gradient[:-1]).sum(axis=0)
    assert np.abs(along).max() <= 1e-14 * np.linalg.norm(v) * np.linalg.norm(norm.block.gradient[:-1])
    z = training.network.taps[1].z.copy()  # type: ignore[union-attr]
    norm.block.value[:-1] *= 10
    training.network.forward()
    np.testing.assert_allclose(training.network.taps[1].z, z, rtol=1e-12)


def test_a_unit_without_a_direction_is_off_and_finite() -> None:
    training = Training(experiment({"kind": "weight"}, initializer={"kind": "zeros"}))
    for _ in range(2):
        training.propose()
        assert np.isfinite(training.values[NAMES.index("update_norm")]).all()
        training.apply()
    assert not np.any(training.network.taps[0].weights)


def test_lsuv_reaches_unit_variance_through_weight_norm() -> None:
    training = Training(experiment({"kind": "weight"}, initializer={"kind": "lsuv"}))
    training.look()
    assert np.std(training.network.taps[1].z) == pytest.approx(1, abs=2e-3)  # type: ignore[arg-type]


def test_evaluation_uses_the_same_weights() -> None:
    training = Training(experiment({"kind": "weight"}))
    for _ in range(3):
        training.propose()
        training.apply()
    training.look()
    found = training.evaluator.validation()
    signal = training.data.x_val
    for layer in range(3):
        norm = affine(training, layer)
        signal = np.tanh(effective(norm).T @ signal + norm.block.value[-1][:, None])
    kernel = training.network.output.affine.block.value
    z = kernel[:-1].T @ signal + kernel[-1][:, None]
    p = np.exp(z) / np.exp(z).sum(axis=0)
    assert found["validation_loss"] == pytest.approx(-np.log((p * training.data.y_val).sum(axis=0)).mean(), rel=1e-10)


@pytest.mark.parametrize("batch", [3, 5])
def test_gradients_where_the_batch_is_as_large_as_a_width(batch: int) -> None:
    layers = [{"kind": "dense", "units": units, "normalization": {"kind": "weight"}} for units in (3, 5, 3)]
    check(bench(plain(layers, "mse", 1, "regression"), 3, 1, batch, batch))
