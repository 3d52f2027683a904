"""Initialisers: their moments, the shape of orthogonal draws, LSUV's goal, and one stream per layer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment
from simulator.parts.initializers import (
    LSUV,
    Constant,
    HeNormal,
    HeUniform,
    Identity,
    Initializer,
    Normal,
    Orthogonal,
    Uniform,
    VarianceScaled,
    Zeros,
)
from simulator.schema.parameter import kinds
from simulator.training.training import Training

KINDS = sorted(kinds(Initializer))
FAN_IN, FAN_OUT = 300, 200


def draw(part: Initializer, inputs: int = FAN_IN, outputs: int = FAN_OUT, seed: int = 0, dtype: Any = float) -> Array:
    w = np.full((inputs, outputs), math.nan, dtype)
    part.fill(w, np.random.default_rng(seed), inputs, outputs)
    return w


VARIANCE: dict[str, Callable[[int, int], float]] = {
    "normal": lambda i, o: 0.05**2,
    "uniform": lambda i, o: 0.05**2 / 3,
    "variance_scaled": lambda i, o: 1 / i,
    "lecun_normal": lambda i, o: 1 / i,
    "lecun_uniform": lambda i, o: 1 / i,
    "glorot_normal": lambda i, o: 2 / (i + o),
    "glorot_uniform": lambda i, o: 2 / (i + o),
    "he_normal": lambda i, o: 2 / i,
    "he_uniform": lambda i, o: 2 / i,
}
FIXED = {"zeros", "constant", "orthogonal", "identity", "lsuv"}


def test_every_registered_initialiser_is_tested_below() -> None:
    assert set(VARIANCE) | FIXED == set(KINDS)


def check_moments(w: Array, variance: float, uniform: bool) -> None:
    n = w.size
    assert abs(w.mean()) < 5 * math.sqrt(variance / n)
    # Var of a sample variance: (kurtosis − 1) σ⁴ / n, kurtosis 3 or 9/5.
    assert abs(w.var() / variance - 1) < 5 * math.sqrt((0.8 if uniform else 2) / n)
    if uniform:
        limit = math.sqrt(3 * variance)
        assert 0.999 * limit < np.abs(w).max() <= limit * (1 + 1e-12)
        law = stats.uniform(-limit, 2 * limit).cdf
    else:
        law = stats.norm(0, math.sqrt(variance)).cdf
    assert stats.kstest(w.ravel(), law).pvalue > 1e-4


@pytest.mark.parametrize(("inputs", "outputs"), [(300, 200), (200, 300)])
@pytest.mark.parametrize("kind", sorted(VARIANCE))
def test_mean_variance_and_law(kind: str, inputs: int, outputs: int) -> None:
    w = draw(kinds(Initializer)[kind](), inputs, outputs)
    check_moments(w, VARIANCE[kind](inputs, outputs), kind.endswith("uniform"))


@pytest.mark.parametrize(
    ("part", "variance", "uniform"),
    [
        (Normal(std=3.0), 9.0, False),
        (Uniform(limit=2.0), 4 / 3, True),
        (VarianceScaled(weight_variance=2.5), 2.5 / FAN_IN, False),
        (HeNormal(slope=0.5), 2 / (1.25 * FAN_IN), False),
        (HeUniform(slope=0.5), 2 / (1.25 * FAN_IN), True),
    ],
)
def test_their_own_numbers_count(part: Initializer, variance: float, uniform: bool) -> None:
    check_moments(draw(part), variance, uniform)


def test_glorot_uniforms_limit_is_root_six_over_the_fans() -> None:
    w = draw(kinds(Initializer)["glorot_uniform"]())
    assert np.abs(w).max() == pytest.approx(math.sqrt(6 / (FAN_IN + FAN_OUT)), rel=1e-3)


@pytest.mark.parametrize(("inputs", "outputs"), [(8, 8), (12, 5), (5, 12), (1, 6), (6, 1), (1, 1)])
@pytest.mark.parametrize("part", [Orthogonal(), Orthogonal(gain=1.7), LSUV()])
def test_orthogonal_draws_have_equal_singular_values_in_both_orientations(
    part: Orthogonal | LSUV, inputs: int, outputs: int
) -> None:
    w = draw(part, inputs, outputs)
    gain = part.gain if isinstance(part, Orthogonal) else 1.0
    small = w.T @ w if inputs >= outputs else w @ w.T
    np.testing.assert_allclose(small, gain**2 * np.eye(min(inputs, outputs)), atol=1e-12)


def test_orthogonal_draws_are_uniform_over_the_rotations() -> None:
    draws = np.array([draw(Orthogonal(), 3, 3, seed) for seed in range(2000)])
    # Haar measure: each entry has mean 0, variance 1/3; each column is uniform on the sphere, so an entry is
    # uniform on −1 … 1 (Archimedes); determinants of both signs are equally likely.
    for i in range(3):
        for j in range(3):
            assert stats.kstest(draws[:, i, j], stats.uniform(-1, 2).cdf).pvalue > 1e-4
    assert abs(np.mean(np.linalg.det(draws) > 0) - 0.5) < 5 * 0.5 / math.sqrt(2000)


def test_constants_and_the_identity() -> None:
    assert not draw(Zeros()).any()
    assert (draw(Constant(value=-0.7)) == -0.7).all()
    np.testing.assert_array_equal(draw(Identity(), 4, 4), np.eye(4))
    np.testing.assert_array_equal(draw(Identity(gain=2.0), 3, 5), 2 * np.eye(3, 5))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_biases_can_be_drawn_by_any_of_them(kind: str, precision: str) -> None:
    b = np.full(6, math.nan, precision)
    kinds(Initializer)[kind]().fill(b, np.random.default_rng(0), 4, 6)
    assert np.isfinite(b).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_draw_depends_on_nothing_but_its_generator(kind: str) -> None:
    part = kinds(Initializer)[kind]()
    np.testing.assert_array_equal(draw(part, 20, 10, 3), draw(part, 20, 10, 3))
    if kind in VARIANCE or kind in ("orthogonal", "lsuv"):
        assert np.any(draw(part, 20, 10, 3) != draw(part, 20, 10, 4))
    np.testing.assert_array_equal(draw(part, 20, 10, 3).astype("f4"), draw(part, 20, 10, 3, dtype="f4"))


# -- in the network ---------------------------------------------------------------------------------------------------


def layer(**fields: Any) -> dict[str, Any]:
    return {"kind": "dense", "units": 12, **fields}


def build(layers: list[dict[str, Any]], **fields: Any) -> Training:
    plain = {"data": {"kind": "gaussian", "features": 20, "samples": 200}, "layers": layers, "batch_size": 64}
    return Training(Experiment.from_builtins(plain | fields))


def kernels(training: Training) -> list[Array]:
    return [tap.weights.copy() for tap in training.network.taps]


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "selu"])
def test_lsuv_gives_every_pre_activation_unit_spread_on_the_first_batch(activation: str) -> None:
    part = layer(activation={"kind": activation}, initializer={"kind": "lsuv"}, repeat=5)
    training = build([part], output={"initializer": {"kind": "lsuv"}})
    training.look()
    for tap in training.network.taps:
        assert tap.z.std(dtype=np.float64) == pytest.approx(1, abs=1e-3)


def test_lsuv_on_silent_input_ends() -> None:
    training = build([layer(initializer={"kind": "zeros"}), layer(initializer={"kind": "lsuv"})])
    training.look()
    assert np.isfinite(training.network.taps[1].weights).all()


def test_a_layers_draw_does_not_depend_on_the_other_layers() -> None:
    base = kernels(build([layer(), layer(), layer()]))
    for change in (
        {"initializer": {"kind": "orthogonal"}},
        {"initializer": {"kind": "zeros"}},
        {"activation": {"kind": "relu"}},
        {"dropout": {"kind": "inverted"}},
        {"normalization": {"kind": "batch"}},
        {"bias_initializer": {"kind": "normal"}},
    ):
        changed = kernels(build([layer(), layer(**change), layer()]))
        for index in (0, 2, 3):
            np.testing.assert_array_equal(base[index], changed[index], err_msg=str(change))


def test_wider_neighbours_leave_a_layers_normal_draws_alone() -> None:
    np.testing.assert_array_equal(kernels(build([layer(), layer()]))[0], kernels(build([layer(), layer(units=30)]))[0])


def test_layers_and_seeds_draw_differently() -> None:
    first = kernels(build([layer(), layer(), layer()]))
    assert np.any(first[1] != first[2])
    assert np.any(first[1] != kernels(build([layer(), layer(), layer()], seed=1))[1])


def test_both_precisions_start_from_the_same_weights() -> None:
    for a, b in zip(kernels(build([layer()])), kernels(build([layer()], precision="float64")), strict=True):
        np.testing.assert_array_equal(a, b.astype(np.float32))


@pytest.mark.parametrize("kind", KINDS)
def test_the_spectral_radius_is_that_of_a_draw(kind: str) -> None:
    part = kinds(Initializer)[kind]()
    drawn = np.abs(np.linalg.eigvals(draw(part, 200, 200))).max()
    assert part.spectral_radius(200) == pytest.approx(drawn, rel=0.15, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_size_that_no_fan_changes_is_that_of_the_entries(kind: str) -> None:
    part = kinds(Initializer)[kind]()
    sizes = [float(np.sqrt(np.square(draw(part, side, side)).mean())) for side in (100, 400)]
    fixed = sizes[0] == pytest.approx(sizes[1], rel=0.1)
    assert part.fixed_size() == pytest.approx(sizes[1] if fixed else 0.0, rel=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_draws_all_units_the_same_is_called_alike(kind: str) -> None:
    part = kinds(Initializer)[kind]()
    w = draw(part)
    assert part.alike is bool((w == w[:, :1]).all())


@pytest.mark.parametrize("kind", KINDS)
def test_the_field_that_sets_the_size_makes_draws_larger_and_a_family_has_one_variance(kind: str) -> None:
    part = kinds(Initializer)[kind]()
    if part.size_field:
        larger = type(part)(**{part.size_field: 4 * getattr(part, part.size_field)})
        assert np.linalg.norm(draw(larger)) > 1.9 * np.linalg.norm(draw(part))
    family = [each() for each in kinds(Initializer).values() if part.family and each.family == part.family]
    assert len({each.entry_variance(FAN_IN, FAN_OUT) for each in family}) <= 1
