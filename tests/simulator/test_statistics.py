"""Means, spreads and norms against exact sums, at any magnitude."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.arrays import statistics
from simulator.arrays.numeric import Array
from simulator.arrays.statistics import nonfinite, norm
from simulator.layers.recurrent.profile import gradient_norms


def exact(x: Array) -> tuple[float, float, float]:
    """(mean, population std, norm) by two passes in rational arithmetic."""
    values = [Fraction(float(v)) for v in x.ravel()]
    mean = sum(values) / len(values)
    variance = sum((v - mean) ** 2 for v in values) / len(values)
    return float(mean), _root(variance), _root(sum((v * v for v in values), Fraction(0)))


def _root(value: Fraction) -> float:
    if value == 0:
        return 0.0
    # Powers of four come out of the root exactly, so nothing leaves the range of a float on the way.
    power = (value.numerator.bit_length() - value.denominator.bit_length()) // 2
    try:
        return math.ldexp(math.sqrt(value / Fraction(4) ** power), power)
    except OverflowError:
        return math.inf


class Found(NamedTuple):
    mean: float
    std: float


def moments(x: Array) -> Found:
    """The moments of one array as a stack of one."""
    found = statistics.moments(x[np.newaxis])
    # One sum, but of a strided array a processor's kernel may take its terms in another order.
    np.testing.assert_allclose(found.norm, norm(x), rtol=1e-15)
    return Found(float(found.mean[0]), float(found.std[0]))


def rms(x: Array) -> float:
    return norm(x) / math.sqrt(x.size) if x.size else math.nan


def check(x: Array, rel: float) -> None:
    """Against the exact values; ``rel`` is for the spread, the norm has to be ten times better."""
    mean, std, size = exact(x)
    with np.errstate(all="ignore"):  # As the engine measures.
        found, length, root = moments(x), norm(x), rms(x)
    assert found.mean == pytest.approx(mean, rel=1e-15, abs=rel * std)
    assert found.std == pytest.approx(std, rel=rel, abs=0)
    assert length == pytest.approx(size, rel=rel / 10, abs=0)
    assert root == pytest.approx(size / math.sqrt(x.size), rel=rel / 10, abs=0)


SPREADS = [1e-4, 1e-2, 0.09, 0.11, 1.0, 1e3]
"""Standard deviation over mean, also on both sides of where one pass stops being enough."""


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("magnitude", [1e-38, 1e-30, 1e-19, 1e-14, 1e-7, 1.0, 1e7, 1e15, 1e19, 1e30, 1e37])
def test_float32_of_any_magnitude_and_spread(magnitude: float, spread: float) -> None:
    rng = np.random.default_rng(0)
    x = (magnitude / max(spread, 1) * (1 + spread * rng.standard_normal((30, 40)))).astype(np.float32)
    check(x, 1e-5)


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 70_000), (70_000, 1), (300, 500)])
def test_float32_of_any_shape(shape: tuple[int, int], spread: float) -> None:
    x = (1 + spread * np.random.default_rng(0).standard_normal(shape)).astype(np.float32)
    wide = x.astype(np.longdouble)
    found = moments(x)
    assert found.std == pytest.approx(float(wide.std()), rel=1e-5, abs=1e-12)
    assert found.mean == pytest.approx(float(wide.mean()), rel=1e-7, abs=1e-5 * found.std)
    assert norm(x) == pytest.approx(float(np.sqrt((wide * wide).sum())), rel=1e-6)


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("magnitude", [1e-300, 1e-200, 1e-150, 1e-140, 1e-100, 1.0, 1e100, 1e140, 1e150, 1e200, 1e300])
def test_float64_of_any_magnitude(magnitude: float, spread: float) -> None:
    rng = np.random.default_rng(1)
    check(magnitude * (1 + spread * rng.standard_normal((20, 30))), 1e-9)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(-(2.0**127), 2.0**127, width=32), min_size=1, max_size=30),
)
def test_any_finite_float32(values: list[float]) -> None:
    x = np.array(values, np.float32)
    mean, std, size = exact(x)
    top = float(np.abs(x).max())
    with np.errstate(all="ignore"):
        found, length = moments(x), norm(x)
    assert length == pytest.approx(size, rel=1e-6)
    assert found.mean == pytest.approx(mean, abs=1e-6 * top)
    assert found.std == pytest.approx(std, rel=1e-5, abs=1e-7 * top)


@pytest.mark.parametrize("value", [np.finfo(float).max, -np.finfo(float).max, 2.0**1023, 5e-324, 2.0**-1073])
def test_the_ends_of_float64(value: float) -> None:
    x = np.array([value])
    with np.errstate(all="ignore"):
        assert norm(x) == abs(value)
        assert moments(x) == (value, 0)


def test_a_norm_beyond_the_range_is_infinite() -> None:
    with np.errstate(all="ignore"):
        assert norm(np.full(4, np.finfo(float).max)) == math.inf
        assert rms(np.full((2, 2), 1e300)) == pytest.approx(1e300)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_equal_entries_have_no_spread(precision: str) -> None:
    assert moments(np.full((7, 9), 0.1, precision)).std < 1e-16
    assert moments(np.zeros((7, 9), precision)) == (0, 0)
    assert norm(np.zeros(3, precision)) == 0


def test_an_empty_array_has_no_mean() -> None:
    assert math.isnan(moments(np.empty((0, 3))).mean)
    assert math.isnan(rms(np.empty(0)))


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_broken_entries_show_and_are_counted(bad: float, precision: str) -> None:
    x = np.ones((4, 5), precision)
    x[1, 2] = x[3, 3] = bad
    with np.errstate(all="ignore"):
        found = moments(x)
        assert not math.isfinite(found.mean)
        assert not math.isfinite(found.std)
        assert not math.isfinite(norm(x))
    assert nonfinite(x) == 2


def test_the_array_is_left_alone_and_may_be_read_only_and_strided() -> None:
    x = np.random.default_rng(3).standard_normal((6, 8))
    x.setflags(write=False)
    view = x[::2, 1:-1].T
    assert moments(view).mean == pytest.approx(view.mean())
    assert moments(view).std == pytest.approx(view.std())
    assert norm(view) == pytest.approx(np.linalg.norm(view))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("silent", [(), (0,), (0, 2, 4, 6)], ids=["no unit", "the first", "all that are asked"])
def test_gradients_through_time_are_told_from_the_faintest_to_the_largest(dtype: Any, silent: tuple[int, ...]) -> None:
    """Also where some units hear nothing while others do not fade at all."""
    rng = np.random.default_rng(0)
    tiny, largest = float(np.finfo(dtype).tiny), float(np.finfo(dtype).max)
    sizes = np.geomspace(1e3 * tiny, 1e-3 * largest, 60)
    gradient = (rng.standard_normal((60, 8, 5)) * sizes[:, np.newaxis, np.newaxis]).astype(dtype)
    gradient[:, silent] = 0
    even = gradient.astype(np.float64) / sizes[:, np.newaxis, np.newaxis]
    expected = np.sqrt((even * even).sum(axis=(1, 2)) * 5) * sizes
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(gradient_norms(gradient), expected, rtol=1e-5)
        gradient[7, 3, 1], gradient[8, 3, 1] = np.nan, np.inf
        found = gradient_norms(gradient)
    assert np.isnan(found[7])
    assert found[8] == np.inf
    np.testing.assert_allclose(np.delete(found, [7, 8]), np.delete(expected, [7, 8]), rtol=1e-5)


@pytest.mark.parametrize("shape", [(5, 3, 7), (4, 64, 16), (6, 50, 128), (7, 1024), (4, 8 * 257), (9, 8 * 255)])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_entries_are_counted_layer_by_layer_however_many_are_counted_at_once(
    shape: tuple[int, ...], share: float
) -> None:
    stack = np.random.default_rng(0).random(shape) < share
    stack[1] = True
    expected = [int(layer.sum()) for layer in stack]
    assert statistics.counts(stack) == expected
    spread = np.zeros((*shape[:-1], 2 * shape[-1]), bool)
    spread[..., ::2] = stack
    assert statistics.counts(spread[..., ::2]) == expected
