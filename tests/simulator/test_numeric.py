"""The median, against numpy's own, and zeros to compare with."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.arrays.numeric import median, zeros

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(NUMBERS, min_size=1, max_size=9))
@example([5e-324])
def test_a_median_is_numpys(values: list[float]) -> None:
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(median(np.array(values)), np.median(values), rtol=1e-15)


@pytest.mark.parametrize("count", [1, 2, 5, 6])
def test_it_goes_along_the_first_axis(count: int) -> None:
    values = np.random.default_rng(0).normal(size=(count, 4))
    values[0, 1] = np.nan
    np.testing.assert_allclose(median(values), np.median(values, axis=0), rtol=1e-15)


def test_of_nothing_there_is_none() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(median(np.empty(0)))
        assert median(np.empty((0, 3))).shape == (3,)


@pytest.mark.parametrize(
    ("shape", "held"),
    [((), ()), ((9,), (9,)), ((5000,), (5000,)), ((40, 100), (40, 100)), ((3, 5000), (5000,)), ((9, 64, 64), (64, 64))],
)
def test_zeros_for_a_large_array_have_its_last_axes_alone(shape: tuple[int, ...], held: tuple[int, ...]) -> None:
    found = zeros(shape, np.dtype(np.float32))
    assert found.shape == held
    assert not found.any()
    assert np.maximum(np.full(shape, -1, np.float32), found).shape == shape
