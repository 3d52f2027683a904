"""History: bounded, thinned without losing a spike, and the same however its rows arrive."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.arrays.numeric import Array
from simulator.record.history import History, Rows, Series

COLUMNS = ("loss", "norm:0", "norm:1")


def feed(history: History, values: Array, blocks: list[int], provisional: Array | None = None) -> None:
    """Rows in blocks of the given lengths, over and over."""
    done, turn = history.steps, 0
    while done < len(values):
        size = max(1, blocks[turn % len(blocks)]) if blocks else len(values)
        history.extend(Rows(done, COLUMNS, values[done : done + size]))
        done, turn = done + size, turn + 1
    if provisional is not None:
        history.extend(Rows(history.steps, COLUMNS, np.empty((0, 3)), provisional))


def random_rows(count: int, seed: int = 0, nan: float = 0.0) -> Array:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((count, 3)) * 10.0 ** rng.integers(-300, 300, (count, 3))
    values[rng.random((count, 3)) < nan] = math.nan
    return values


def brute(values: Array, capacity: int) -> tuple[int, Array, Array, Array]:
    """(stride, low, high, last) from all rows at once."""
    stride = 1
    while stride * capacity < len(values):
        stride *= 2
    low, high, last = [], [], []
    for start in range(0, len(values), stride):
        piece = values[start : start + stride]
        columns = [[v for v in column if not math.isnan(v)] for column in piece.T.tolist()]
        low.append([min(c, default=math.nan) for c in columns])
        high.append([max(c, default=math.nan) for c in columns])
        last.append(piece[-1])
    return stride, np.array(low), np.array(high), np.array(last)


def check(history: History, values: Array) -> None:
    stride, low, high, last = brute(values, history.capacity)
    for name, columns in (("loss", 0), ("norm", [1, 2]), ("norm:1", 2)):
        series = history.series(name)
        assert series.stride == stride
        np.testing.assert_array_equal(series.steps, np.arange(len(low)) * stride)
        np.testing.assert_array_equal(series.low, low[:, columns])
        np.testing.assert_array_equal(series.high, high[:, columns])
        np.testing.assert_array_equal(series.last, last[:, columns])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    count=st.integers(1, 400),
    capacity=st.sampled_from([2, 4, 10, 64]),
    blocks=st.lists(st.integers(1, 120), max_size=6),
    nan=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_any_split_into_blocks_gives_the_series_of_brute_force(
    count: int, capacity: int, blocks: list[int], nan: float
) -> None:
    values = random_rows(count, nan=nan)
    history = History(COLUMNS, capacity)
    feed(history, values, blocks)
    assert history.steps == count
    check(history, values)


def test_a_spike_survives_a_million_steps_in_bounded_memory() -> None:
    history = History(COLUMNS)
    before = history.nbytes
    values = np.ones((50_000, 3))
    values[:, 0] = np.arange(50_000) % 7
    for block in range(20):
        rows = values.copy()
        if block == 3:
            rows[12_345, 1] = 1e9
        history.extend(Rows(block * 50_000, COLUMNS, rows))
    series = history.series("norm:0")
    assert history.steps == 1_000_000
    assert history.nbytes == before
    assert 512 < len(series.steps) <= 1024
    spike = (3 * 50_000 + 12_345) // series.stride
    assert np.flatnonzero(series.high == 1e9).tolist() == [spike]
    assert (series.low == 1).all()
    assert (history.series("loss").high == 6).all()


def test_tiny_and_huge_values_are_kept_as_they_are() -> None:
    history = History(COLUMNS)
    history.extend(Rows(0, COLUMNS, np.array([[1e-300, -math.inf, math.inf], [1e300, 5e-324, -0.0]])))
    assert history.series("loss").last.tolist() == [1e-300, 1e300]
    assert history.series("norm").last.tolist() == [[-math.inf, math.inf], [5e-324, 0.0]]


def test_minimum_and_maximum_skip_nan_but_the_last_value_does_not() -> None:
    history = History(COLUMNS, capacity=2)
    rows = np.full((4, 3), math.nan)
    rows[0], rows[3, 1] = 5.0, 7.0
    history.extend(Rows(0, COLUMNS, rows))
    series = history.series("loss")
    assert series.stride == 2
    np.testing.assert_array_equal(series.low, [5, math.nan])
    np.testing.assert_array_equal(series.last, [math.nan, math.nan])
    np.testing.assert_array_equal(history.series("norm:0").high, [5, 7])


def last(series: Series) -> list[float]:
    return series.last.tolist()


def provisional(history: History, value: float) -> None:
    history.extend(Rows(history.steps, COLUMNS, np.empty((0, 3)), np.full(3, value)))


def test_the_provisional_step_is_drawn_and_gives_way() -> None:
    history = History(COLUMNS, capacity=4)
    provisional(history, 1.0)
    assert history.steps == 0
    assert last(history.series("loss")) == [1.0]
    provisional(history, 2.0)
    assert last(history.series("loss")) == [2.0]
    history.extend(Rows(0, COLUMNS, np.full((2, 3), 7.0), np.full(3, 9.0)))
    assert last(history.series("loss")) == [7.0, 7.0, 9.0]
    history.extend(Rows(2, COLUMNS, np.full((1, 3), 8.0)))
    assert last(history.series("loss")) == [7.0, 7.0, 8.0]


def test_a_provisional_step_leaves_no_trace_in_later_buckets() -> None:
    values = random_rows(37)
    history = History(COLUMNS, capacity=8)
    for step, row in enumerate(values):
        provisional(history, 1e308)
        provisional(history, -1e308)
        history.extend(Rows(step, COLUMNS, row[np.newaxis]))
    check(history, values)


def test_a_provisional_step_inside_a_wide_or_beyond_the_last_bucket_is_not_drawn() -> None:
    history = History(COLUMNS, capacity=2)
    feed(history, np.zeros((2, 3)), [2], np.ones(3))
    assert last(history.series("loss")) == [0, 0]
    feed(history, np.zeros((3, 3)), [1], np.ones(3))
    assert last(history.series("loss")) == [0, 0]


def test_gaps_and_foreign_rows_are_refused() -> None:
    history = History(COLUMNS)
    history.extend(Rows(0, COLUMNS, np.zeros((3, 3))))
    with pytest.raises(ValueError, match="step 4 does not follow step 2"):
        history.extend(Rows(4, COLUMNS, np.zeros((1, 3))))
    with pytest.raises(ValueError, match="step 2 does not follow step 2"):
        history.extend(Rows(2, COLUMNS, np.zeros((1, 3))))
    with pytest.raises(ValueError, match="another run"):
        history.extend(Rows(3, ("loss",), np.zeros((1, 1))))
    assert history.steps == 3


@pytest.mark.parametrize("capacity", [0, 1, 3, -2])
def test_an_odd_capacity_is_refused(capacity: int) -> None:
    with pytest.raises(ValueError, match=str(capacity)):
        History(COLUMNS, capacity)


def test_what_it_holds() -> None:
    history = History(COLUMNS)
    assert "loss" in history
    assert "norm" in history
    assert "norm:1" in history
    assert "accuracy" not in history
    assert history.series("norm").last.shape == (0, 2)


def test_the_end_is_the_last_step_that_is_shown() -> None:
    history = History(("loss",), start=5)
    assert history.end == 4
    history.extend(Rows(5, ("loss",), np.empty((0, 1)), np.ones(1)))
    assert history.end == 5
    history.extend(Rows(5, ("loss",), np.ones((3, 1))))
    assert history.end == 7 == history.series("loss").steps[-1]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    lost=st.lists(st.booleans(), min_size=1, max_size=40),
    provisional=st.sampled_from([None, False, True]),
    blocks=st.lists(st.integers(1, 9), max_size=4),
)
def test_the_exact_steps_of_what_is_not_finite_are_kept(
    lost: list[bool], provisional: bool | None, blocks: list[int]
) -> None:
    values = np.where(lost, math.inf, 1.0)[:, np.newaxis] * np.ones(3)
    history = History(COLUMNS, capacity=2)
    last = None if provisional is None else np.full(3, math.nan if provisional else 1.0)
    feed(history, values, blocks, last)
    known = lost if provisional is None else [*lost, provisional]
    assert history.first_lost("loss") == (known.index(True) if any(known) else None)
    trailing = next((i for i, each in enumerate(reversed(known)) if not each), len(known))
    assert history.lost_since("loss") == (len(known) - trailing if trailing else None)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(1, 200), st.integers(0, 200), st.integers(0, 100))
def test_a_history_that_goes_another_way_has_nothing_of_the_way_it_left(made: int, cut: int, more: int) -> None:
    cut = min(cut, made)
    whole = History(COLUMNS, capacity=8)
    feed(whole, np.arange(made)[:, np.newaxis] * np.ones(3), [7])
    history = whole.until(cut)
    stride = history.stride
    kept = cut if cut == made else cut - cut % stride
    """Steps of which something is known."""
    assert history.steps == cut
    assert history.series("loss").last.tolist() == whole.series("loss").last[: -(-kept // stride)].tolist()
    history = History.restored(COLUMNS, 8, 0, stride, cut, history.arrays)
    row = np.full(3, -1.0)
    history.extend(Rows(cut, COLUMNS, np.empty((0, 3)), row))
    shown = cut % stride == 0 or kept < cut
    assert (history.series("loss").last[-1:].tolist() == [-1.0]) == (shown and cut < 8 * stride)
    history.extend(Rows(cut, COLUMNS, -np.arange(cut, cut + more)[:, np.newaxis] * np.ones(3) - 1.0))
    series = history.series("loss")
    for place, (low, high) in enumerate(zip(series.low, series.high, strict=True)):
        steps = np.arange(place * series.stride, min((place + 1) * series.stride, cut + more))
        values = [step if step < kept else -step - 1.0 for step in steps if step < kept or step >= cut]
        assert (low, high) == (min(values), max(values))
    assert whole.steps == made
