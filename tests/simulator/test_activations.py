"""Every registered activation against closed forms of scipy and against central differences."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import special

from simulator.arrays.numeric import Array
from simulator.parts.activations import ELU, Activation, LeakyReLU
from simulator.schema.parameter import kinds

KINDS = sorted(kinds(Activation))
LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772

ORACLES: dict[str, Callable[[Array], Array]] = {
    "linear": lambda z: z,
    "sigmoid": special.expit,
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "selu": lambda z: LAMBDA * np.where(z > 0, z, ALPHA * np.expm1(np.minimum(z, 0))),
    "softplus": lambda z: np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "gelu": lambda z: 0.5 * z * special.erfc(-z / math.sqrt(2)),
    "silu": lambda z: z * special.expit(z),
    "erf": lambda z: special.erf(z),
}
SLOPES: dict[str, Callable[[Array], Array]] = {
    "linear": np.ones_like,
    "sigmoid": lambda z: special.expit(z) * special.expit(-z),
    "tanh": lambda z: 1 / np.cosh(np.clip(z, -300, 300)) ** 2,
    "relu": lambda z: np.where(z > 0, 1.0, 0.0),
    "leaky_relu": lambda z: np.where(z > 0, 1.0, 0.01),
    "elu": lambda z: np.where(z > 0, 1.0, np.exp(np.minimum(z, 0))),
    "selu": lambda z: LAMBDA * np.where(z > 0, 1.0, ALPHA * np.exp(np.minimum(z, 0))),
    "softplus": special.expit,
    "softsign": lambda z: 1 / (1 + np.abs(z)) ** 2,
    "gelu": lambda z: special.ndtr(z) + z * np.exp(-0.5 * np.minimum(z * z, 1e6)) / math.sqrt(2 * math.pi),
    "silu": lambda z: special.expit(z) * (1 + z * special.expit(-z)),
    "erf": lambda z: 2 / math.sqrt(math.pi) * np.exp(-np.minimum(z * z, 1e6)),
}
GRID = np.concatenate([np.linspace(-8, 8, 401) + 0.005, [-50.0, -20.0, 20.0, 50.0]])
EXTREMES = np.array([0.0, 1e-300, -1e-300, 1e-30, -1e-30, 50, -50, 100, -100, 1000, -1000])


def run(part: Activation, z: Array) -> tuple[Array, Array]:
    """(value, slope) as a layer computes them: writing into buffers, warnings off."""
    a, slope = np.empty_like(z), np.empty_like(z)
    with np.errstate(all="ignore"):
        part.apply(z, a)
        part.derivative(z, a, slope)
    return a, slope


def test_every_registered_activation_has_an_oracle() -> None:
    assert set(ORACLES) == set(SLOPES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_value_is_the_closed_form(kind: str) -> None:
    part = kinds(Activation)[kind]()
    z = np.concatenate([GRID, EXTREMES])
    np.testing.assert_allclose(run(part, z)[0], ORACLES[kind](z), rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("kind", KINDS)
def test_the_value_in_float32_is_the_closed_form_to_single_precision(kind: str) -> None:
    part = kinds(Activation)[kind]()
    z = GRID.astype(np.float32)
    a, _ = run(part, z)
    assert a.dtype == np.float32
    np.testing.assert_allclose(a, ORACLES[kind](z.astype(np.float64)), rtol=1e-5, atol=1e-37)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_slope_is_the_closed_form_at_any_z(kind: str, precision: str) -> None:
    part = kinds(Activation)[kind]()
    z = np.concatenate([GRID, EXTREMES[1:]]).astype(precision)
    z = z[z != 0]
    _, slope = run(part, z)
    assert slope.dtype == np.dtype(precision)
    want = SLOPES[kind](z.astype(np.float64))
    np.testing.assert_allclose(slope, want, rtol=1e-5, atol=4 * np.finfo(precision).eps)


@pytest.mark.parametrize("kind", KINDS)
def test_the_slope_is_the_central_difference_of_the_value(kind: str) -> None:
    part = kinds(Activation)[kind]()
    z = np.linspace(-6, 6, 240)  # An even count: no node on a kink at 0.
    h = 1e-5
    numeric = (run(part, z + h)[0] - run(part, z - h)[0]) / (2 * h)
    np.testing.assert_allclose(run(part, z)[1], numeric, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_supremum_of_the_slope_is_met_and_never_exceeded(kind: str) -> None:
    part = kinds(Activation)[kind]()
    z = np.concatenate([np.linspace(-20, 20, 400_001), [-1e-12, 1e-12]])
    steepest = float(np.abs(run(part, z)[1]).max())
    assert steepest == pytest.approx(part.sup_slope, rel=1e-8)
    assert steepest <= part.sup_slope * (1 + 1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_never_falls_is_called_monotone(kind: str) -> None:
    part = kinds(Activation)[kind]()
    assert part.monotone is bool((SLOPES[kind](np.linspace(-30, 30, 6001) + 0.001) >= 0).all())


@pytest.mark.parametrize(("alpha", "sup"), [(0.3, 1.0), (1.0, 1.0), (2.5, 2.5)])
def test_an_elus_supremum_follows_its_alpha(alpha: float, sup: float) -> None:
    part = ELU(alpha=alpha)
    z = np.array([-1e-9, -1.0, 2.0])
    a, slope = run(part, z)
    np.testing.assert_allclose(a, [alpha * np.expm1(-1e-9), alpha * np.expm1(-1.0), 2.0])
    np.testing.assert_allclose(slope, [alpha * np.exp(-1e-9), alpha * np.exp(-1.0), 1.0])
    assert part.sup_slope == sup


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.5, 1.0])
def test_a_leaky_relu_follows_its_slope(slope: float) -> None:
    z = np.array([-3.0, -1e-3, 1e-3, 3.0])
    a, derivative = run(LeakyReLU(slope=slope), z)
    np.testing.assert_array_equal(a, np.where(z > 0, z, slope * z))
    np.testing.assert_array_equal(derivative, np.where(z > 0, 1, slope))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_nan_passes_through(kind: str, precision: str) -> None:
    z = np.array([math.nan, 0.5], precision)
    a, _ = run(kinds(Activation)[kind](), z)
    assert math.isnan(a[0])
    assert math.isfinite(a[1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_largest_finite_numbers_give_finite_values_or_infinity_but_never_nan(kind: str, precision: str) -> None:
    top = np.finfo(precision).max
    a, slope = run(kinds(Activation)[kind](), np.array([top, -top, top / 2, -top / 2], precision))
    assert not np.isnan(a).any()
    assert not np.isnan(slope).any()


@pytest.mark.parametrize("kind", sorted({"sigmoid", "tanh", "relu", "elu", "selu", "erf", "softplus"} & set(KINDS)))
def test_infinity_has_its_limit(kind: str) -> None:
    limits = {
        "sigmoid": (1, 0), "tanh": (1, -1), "relu": (math.inf, 0), "elu": (math.inf, -1),
        "selu": (math.inf, -LAMBDA * ALPHA), "erf": (1, -1), "softplus": (math.inf, 0),
    }  # fmt: skip
    a, _ = run(kinds(Activation)[kind](), np.array([math.inf, -math.inf]))
    np.testing.assert_allclose(a, limits[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_the_input_is_left_alone(kind: str) -> None:
    z = np.linspace(-3, 3, 12).reshape(3, 4)
    before = z.copy()
    part = kinds(Activation)[kind]()
    a, slope = np.empty_like(z), np.empty_like(z)
    part.apply(z, a)
    value = a.copy()
    part.derivative(z, a, slope)
    np.testing.assert_array_equal(z, before)
    np.testing.assert_array_equal(a, value)


FAR = np.array([-1e9, 1e9])


@pytest.mark.parametrize("kind", KINDS)
def test_values_stay_between_the_ends_that_are_said_and_come_near_them(kind: str) -> None:
    part = kinds(Activation)[kind]()
    a, _ = run(part, np.concatenate([GRID, EXTREMES, FAR]))
    low, high = part.values
    assert low - 1e-12 <= a.min()
    assert a.max() <= high + 1e-12
    for end, value in ((low, a.min()), (high, a.max())):
        assert not math.isfinite(end) or value == pytest.approx(end, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_bounded_on_both_sides_squashes(kind: str) -> None:
    part = kinds(Activation)[kind]()
    assert part.squashing() is bool((np.abs(run(part, FAR)[0]) < 1e3).all())
    assert not part.squashing() or part.centred() is (part.values[0] + part.values[1] == 0)


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_has_slope_0_over_a_range_dies(kind: str) -> None:
    part = kinds(Activation)[kind]()
    flat = run(part, np.linspace(-5, 5, 1001))[1] == 0
    assert part.dies is bool((np.convolve(flat, np.ones(100), "valid") == 100).any())


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_identity_is_linear(kind: str) -> None:
    part = kinds(Activation)[kind]()
    assert part.linear is bool((run(part, GRID)[0] == GRID).all())


@pytest.mark.parametrize("kind", KINDS)
def test_slopes_jump_at_the_kinks_and_at_0_only(kind: str) -> None:
    part = kinds(Activation)[kind]()
    z = np.setdiff1d(np.linspace(-5, 5, 1001).round(3), [0.0, *part.kinks])
    step = 1e-7
    smooth = np.abs(run(part, z + step)[1] - run(part, z - step)[1])
    assert smooth.max() < 1e-5
    for kink in part.kinks:
        before, after = run(part, np.array([kink - step, kink + step]))[1]
        assert abs(after - before) > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_the_inverse_leads_back_to_the_value(kind: str) -> None:
    part = kinds(Activation)[kind]()
    if not part.monotone:
        return
    want = run(part, np.linspace(-3, 3, 13) + 0.1)[0]
    np.testing.assert_allclose(run(part, part.inverse(want))[0], want, rtol=1e-9, atol=1e-12)
    assert math.isnan(part.inverse(np.array([math.nan]))[0])
