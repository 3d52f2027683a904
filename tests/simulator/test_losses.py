"""Losses: the table of their gradients, scikit-learn's and scipy's numbers, and no overflow anywhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special
from sklearn.metrics import log_loss

from simulator.arrays.numeric import Array
from simulator.parts.losses import MSE, Loss, SigmoidCrossEntropy, SigmoidMSE, SoftmaxCrossEntropy
from simulator.schema.parameter import kinds

KINDS = sorted(kinds(Loss))


def one_hot(classes: int, samples: int, rng: np.random.Generator) -> Array:
    return np.eye(classes)[:, rng.integers(0, classes, samples)]


def evaluate(loss: Loss, z: Array, y: Array) -> tuple[Array, Array, Array]:
    """(a, loss per sample, gradient) with warnings off, as training runs it."""
    with np.errstate(all="ignore"):
        a, gradient = np.empty_like(z), np.empty_like(z)
        loss.output(z, a)
        per_sample = loss.per_sample(z, a, y)
        loss.gradient(z, a, y, gradient)
    return a, per_sample, gradient


def case(seed: int = 0, classes: int = 4, samples: int = 9, scale: float = 2.0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return scale * rng.standard_normal((classes, samples)), one_hot(classes, samples, rng)


def test_softmax_cross_entropy_is_scikit_learns_log_loss() -> None:
    z, y = case()
    a, per_sample, gradient = evaluate(SoftmaxCrossEntropy(), z, y)
    np.testing.assert_allclose(a, special.softmax(z, axis=0), rtol=1e-12)
    assert per_sample.shape == (9,)
    assert per_sample.mean() == pytest.approx(log_loss(y.argmax(axis=0), a.T, labels=range(4)), rel=1e-12)
    np.testing.assert_allclose(gradient, special.softmax(z, axis=0) - y, atol=1e-14)
    np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-14)


def test_sigmoid_cross_entropy_is_one_log_loss_per_output() -> None:
    z, y = case(1)
    a, per_sample, gradient = evaluate(SigmoidCrossEntropy(), z, y)
    np.testing.assert_allclose(a, special.expit(z), rtol=1e-12)
    want = sum(log_loss(y[k], special.expit(z[k]), labels=[0, 1]) for k in range(4))
    assert per_sample.mean() == pytest.approx(want, rel=1e-12)
    np.testing.assert_allclose(gradient, special.expit(z) - y, atol=1e-14)


def test_mse_is_half_the_squared_distance() -> None:
    z, y = case(2)
    a, per_sample, gradient = evaluate(MSE(), z, y)
    np.testing.assert_array_equal(a, z)
    np.testing.assert_allclose(per_sample, [0.5 * np.linalg.norm(z[:, i] - y[:, i]) ** 2 for i in range(9)])
    np.testing.assert_array_equal(gradient, z - y)


def test_sigmoid_mse_has_the_extra_factor() -> None:
    z, y = case(3)
    a, per_sample, gradient = evaluate(SigmoidMSE(), z, y)
    p = special.expit(z)
    np.testing.assert_allclose(a, p, rtol=1e-12)
    np.testing.assert_allclose(per_sample, 0.5 * ((p - y) ** 2).sum(axis=0))
    np.testing.assert_allclose(gradient, (p - y) * p * (1 - p), rtol=1e-12)
    assert (np.abs(gradient) <= 0.25 * np.abs(p - y)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_the_central_difference(kind: str) -> None:
    loss = kinds(Loss)[kind]()
    z, y = case(4, 3, 5)
    numeric = np.empty_like(z)
    for i, j in np.ndindex(z.shape):
        values = []
        for h in (1e-5, -1e-5):
            moved = z.copy()
            moved[i, j] += h
            values.append(evaluate(loss, moved, y)[1][j])
        numeric[i, j] = (values[0] - values[1]) / 2e-5
    np.testing.assert_allclose(evaluate(loss, z, y)[2], numeric, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_far_outputs_stay_finite(kind: str, precision: str) -> None:
    z = np.array([[1e4, -1e4, 1e4], [-1e4, 1e4, 1e4]], precision)
    y = np.array([[1, 1, 1], [0, 0, 0]], precision)
    for found in evaluate(kinds(Loss)[kind](), z, y):
        assert found.dtype == np.dtype(precision)
        assert np.isfinite(found).all()


def test_a_confident_mistake_costs_its_distance_not_infinity() -> None:
    z, y = np.array([[1e4, -1e4], [-1e4, 1e4]]), np.array([[1.0, 1.0], [0.0, 0.0]])
    _, softmax, gradient = evaluate(SoftmaxCrossEntropy(), z, y)
    np.testing.assert_allclose(softmax, [0, 2e4])
    np.testing.assert_allclose(gradient, [[0, -1], [0, 1]])
    _, sigmoid, gradient = evaluate(SigmoidCrossEntropy(), z, y)
    np.testing.assert_allclose(sigmoid, [0, 2e4])
    np.testing.assert_allclose(gradient, [[0, -1], [0, 1]])


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_tiny_loss_is_not_rounded_to_zero(precision: str) -> None:
    z, y = np.array([[40.0], [0.0]], precision), np.array([[1.0], [0.0]], precision)
    want = np.log1p(np.exp(-40.0))
    assert evaluate(SoftmaxCrossEntropy(), z, y)[1][0] == pytest.approx(want, rel=1e-5, abs=0)
    assert evaluate(SigmoidCrossEntropy(), z[:1], y[:1])[1][0] == pytest.approx(want, rel=1e-5, abs=0)


def test_a_common_offset_of_the_outputs_costs_no_digits() -> None:
    z, y = case(6)
    z = z.astype(np.float32)
    far = (z + np.float32(4096)).astype(np.float32)
    want = evaluate(SoftmaxCrossEntropy(), (far.astype(np.float64) - 4096), y)[1]
    np.testing.assert_allclose(evaluate(SoftmaxCrossEntropy(), far, y.astype(np.float32))[1], want, rtol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_of_equal_largest_outputs_one_is_the_answer_whatever_another_sample_holds(precision: str) -> None:
    tied = np.array([2.0, 2.0, -1.0], precision)
    want = math.log(2 + math.exp(-3))
    for other in ([0.0, 1.0, 2.0], [math.nan, 1.0, 2.0], [math.inf, 1.0, 2.0], [1.0, 1.0, 1.0]):
        z = np.stack([tied, np.array(other, precision)], axis=1)
        _, per_sample, _ = evaluate(SoftmaxCrossEntropy(), z, np.eye(3, 2, dtype=precision))
        assert per_sample[0] == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_nan_reaches_its_own_sample_only(kind: str) -> None:
    z, y = case(5)
    z[1, 2] = np.nan
    _, per_sample, gradient = evaluate(kinds(Loss)[kind](), z, y)
    np.testing.assert_array_equal(np.isnan(per_sample), np.arange(9) == 2)
    np.testing.assert_array_equal(np.isnan(gradient).any(axis=0), np.arange(9) == 2)


def test_which_tasks_they_serve() -> None:
    for kind, part in kinds(Loss).items():
        assert part.tasks == (("classification",) if "entropy" in kind else ("classification", "regression"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_before_an_answer_leads_to_it(kind: str) -> None:
    loss = kinds(Loss)[kind]()
    answer = evaluate(loss, *case())[0]
    np.testing.assert_allclose(evaluate(loss, loss.before_output(answer), answer)[0], answer, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_sloped_loss_learns_nothing_from_a_mistake_where_the_output_is_flat(kind: str) -> None:
    loss = kinds(Loss)[kind]()
    if loss.activation is not None:
        z = np.array([[-40.0, -40.0]])
        gradient = evaluate(loss, z, np.ones_like(z))[2]
        assert loss.sloped is bool((np.abs(gradient) < 1e-6).all())
