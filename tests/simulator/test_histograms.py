"""Histograms: every finite entry in its bin, everything else counted beside it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simulator.arrays.histograms import Histograms
from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment
from simulator.measures.histograms import BINS, histograms, nice_limits
from simulator.observations.histograms import ROLES, HistogramsObservation
from simulator.training.training import Training


def made(x: Array) -> Histograms:
    with np.errstate(all="ignore"):
        return histograms([x])


@pytest.mark.parametrize(
    ("top", "limit"),
    [
        (1, 1),
        (1.0001, 2),
        (2, 2),
        (2.1, 5),
        (5, 5),
        (5.1, 10),
        (10, 10),
        (0.3, 0.5),
        (0, 1),
        (7e-9, 1e-8),
        (3e30, 5e30),
    ],
)
def test_the_limit_steps_by_one_two_five(top: float, limit: float) -> None:
    assert nice_limits(np.array([float(top)]))[0] == pytest.approx(limit, rel=1e-12)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.floats(1e-299, 1.7e308))
def test_the_limit_holds_the_value_and_is_the_next_of_its_ladder(top: float) -> None:
    limit = float(nice_limits(np.array([top]))[0])
    assert top <= limit
    assert limit <= 2.5 * top * (1 + 1e-12) or limit >= np.finfo(float).max
    if limit < 1e308:
        mantissa = limit / 10.0 ** math.floor(math.log10(limit * (1 + 1e-12)))
        assert min(abs(mantissa / nice - 1) for nice in (1, 2, 5, 10)) < 1e-9


@pytest.mark.parametrize(
    ("precision", "magnitude"),
    [
        *(("float32", magnitude) for magnitude in (1e-44, 1e-30, 1e-7, 1, 1e5, 1e30, 3e38)),
        *(("float64", magnitude) for magnitude in (1e-300, 1e-44, 1e-30, 1e-7, 1, 1e5, 1e30, 3e38, 1e200, 8e307)),
    ],
)
def test_counts_are_numpys_up_to_rounding_at_the_edges(magnitude: float, precision: str) -> None:
    rng = np.random.default_rng(0)
    x = np.clip(rng.standard_normal((40, 50)) / 4, -1, 1)
    x = (x * magnitude).astype(precision)
    found = made(x)
    edges, wide = found.edges[0], x.astype(np.float64).ravel()
    assert np.isfinite(edges).all()
    assert (np.diff(edges) > 0).all()
    assert found.totals[0] == x.size
    # Positions are rounded to 1/256 bin in float32: an entry that near to an edge may fall on either side of it.
    slack = (edges[1] - edges[0]) * (1 / 512 + 1e-5 if precision == "float32" else 1e-9)
    inside = np.cumsum(found.counts[0])[:-1]
    below = np.searchsorted(np.sort(wide), edges[1:-1] - slack, "left")
    above = np.searchsorted(np.sort(wide), edges[1:-1] + slack, "right")
    assert (below <= inside).all()
    assert (inside <= above).all()
    if magnitude == 1 and precision == "float64":
        np.testing.assert_array_equal(found.counts[0], np.histogram(wide, edges)[0])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.sampled_from(["f4", "f8"]).flatmap(
        lambda kind: arrays(
            kind, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.floats(width=32 if kind == "f4" else 64)
        )
    ),
)
def test_nothing_is_lost_or_counted_twice(x: Array) -> None:
    found = made(x)
    finite = x[np.isfinite(x)]
    assert found.totals[0] == finite.size
    assert found.nan[0] == sum(map(math.isnan, x.ravel().tolist()))
    assert found.plus_inf[0] == x.ravel().tolist().count(math.inf)
    assert found.minus_inf[0] == x.ravel().tolist().count(-math.inf)
    assert found.zeros[0] == finite.tolist().count(0.0)
    edges = found.edges[0]
    assert np.isfinite(edges).all()
    assert (np.diff(edges) > 0).all()
    if finite.size:
        assert edges[0] <= finite.min()
        assert finite.max() <= edges[-1]


@pytest.mark.parametrize("entries", [100, 12_800, 40_000, 300_000])
def test_layers_of_any_size_are_counted_together_as_one_by_one(entries: int) -> None:
    """Entries in the middle of their bins, so that no rounding decides: every count is known exactly."""
    rng = np.random.default_rng(0)
    bins = rng.integers(0, BINS, (3, entries))
    bins[:, :2] = 0, BINS - 1
    layers = ((bins + 0.5) / (BINS / 2) - 1).astype(np.float32)
    expected = [np.bincount(layer, minlength=BINS).tolist() for layer in bins]
    assert histograms(list(layers)).counts.tolist() == expected
    assert [made(layer).counts[0].tolist() for layer in layers] == expected


def same(one: Histograms, other: Histograms) -> None:
    for name in ("counts", "edges", "nan", "plus_inf", "minus_inf", "zeros"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)


def test_what_one_layer_holds_changes_no_other_layers_counts() -> None:
    """Those that are counted together as one by one, whatever is broken, tiny, huge or zero among them."""
    layers = np.random.default_rng(3).standard_normal((9, 60)).astype(np.float32)
    layers[1, 7], layers[3, :2], layers[8, 0] = math.nan, (math.inf, -math.inf), 0
    layers[4] *= np.float32(1e-32)
    layers[5] *= np.float32(1e32)
    layers[6] = 0
    with np.errstate(all="ignore"):
        together = histograms(list(layers))
    for layer, row in enumerate(layers):
        alone = made(row)
        for name in ("counts", "edges", "nan", "plus_inf", "minus_inf", "zeros"):
            np.testing.assert_array_equal(getattr(together, name)[layer], getattr(alone, name)[0], name)


@pytest.mark.parametrize("layer", [{"kind": "dense", "units": 7, "repeat": 3}, {"kind": "gru", "units": 6}])
def test_a_network_is_counted_at_every_step_as_for_the_first_time(layer: dict[str, Any]) -> None:
    """Wherever its ranges have moved to, and also where NaN came and went."""
    sequence = {"data": {"kind": "adding", "steps": 8}, "loss": {"kind": "mse"}}
    rest: dict[str, Any] = sequence if layer["kind"] == "gru" else {"data": {"kind": "moons"}}
    training = Training(Experiment.from_builtins({"layers": [layer]} | rest))
    weights = training.network.parameters.value
    drawn = weights.copy()
    for factor in (1, 40, 1e-3, math.nan, 1e-36, 1):
        np.multiply(drawn, np.float32(factor), out=weights)
        with np.errstate(all="ignore"):
            training.propose()
            for watched in HistogramsObservation.variants():
                arrays = training.network.roles[ROLES[watched.quantity]].arrays
                same(watched.observe(training), histograms([array for array in arrays if array is not None]))


def test_what_is_never_negative_starts_at_zero() -> None:
    found = made(np.array([0.0, 0.5, 3.0]))
    assert (found.edges[0, 0], found.edges[0, -1]) == (0, 5)
    signed = made(np.array([-1e-9, 0.5, 3.0]))
    assert (signed.edges[0, 0], signed.edges[0, -1]) == (-5, 5)


def test_the_largest_value_falls_into_the_last_bin() -> None:
    for top in (1.0, 2.0, 5.0):
        assert made(np.array([-top, top])).counts[0, [0, -1]].tolist() == [1, 1]


def test_a_planted_infinity_leaves_the_rest_as_it_was() -> None:
    x = np.random.default_rng(1).standard_normal((10, 10)).astype(np.float32)
    clean = x.copy()
    clean[3, 4] = 0.01
    x[3, 4] = math.inf
    found, want = made(x), made(clean)
    assert (found.plus_inf[0], found.totals[0]) == (1, 99)
    np.testing.assert_array_equal(found.edges, want.edges)
    assert np.abs(found.counts - want.counts).sum() == 1


def test_all_broken_and_all_zero_layers_have_a_range_still() -> None:
    broken, zero = made(np.full((2, 2), math.nan)), made(np.zeros((2, 2)))
    assert (broken.nan[0], broken.totals[0]) == (4, 0)
    assert (zero.zeros[0], zero.totals[0]) == (4, 4)
    for found in (broken, zero):
        assert (found.edges[0, 0], found.edges[0, -1]) == (-1, 1)


def test_the_range_moves_in_steps() -> None:
    rng = np.random.default_rng(2)
    ranges = {made(rng.standard_normal(1000) * scale).edges[0, -1] for scale in np.linspace(0.9, 1.1, 30)}
    assert len(ranges) <= 2


def test_layers_stand_side_by_side_and_are_read_only() -> None:
    found = histograms([np.ones((2, 3)), -np.ones((4, 1), np.float32)])
    assert found.counts.shape == (2, BINS)
    assert found.edges.shape == (2, BINS + 1)
    assert found.totals.tolist() == [6, 4]
    for array in (found.counts, found.edges, found.nan, found.plus_inf, found.minus_inf, found.zeros):
        assert not array.flags.writeable
