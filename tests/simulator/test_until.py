"""Pasts cut off where a run goes another way: as if nothing had come after."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.arrays.trace import Gains
from simulator.layers.recurrent.profile import TimeProfile
from simulator.record.gains_past import GainsPast
from simulator.record.history import History, Rows
from simulator.record.profiles import Profiles
from simulator.record.sampled_history import SampledHistory, farther_from_zero

COLUMNS = ("loss", "delta_rms:0", "delta_rms:1")
VALUES = np.random.default_rng(3).normal(size=(200, 3))
VALUES[[20, 21, 150], 0] = np.nan, np.inf, np.nan
VALUES[140:, 2] = np.nan


def history(steps: int, start: int = 0) -> History:
    found = History(COLUMNS, 16, start)
    for step in range(steps):
        found.extend(Rows(start + step, COLUMNS, VALUES[step : step + 1], VALUES[step + 1]))
    return found


@pytest.mark.parametrize("start", [0, 32])
@pytest.mark.parametrize(("steps", "cut"), [(16, 0), (16, 7), (16, 16), (100, 96), (190, 48), (190, 144), (190, 160)])
def test_a_history_is_cut_off_as_if_nothing_had_come_after(steps: int, cut: int, start: int) -> None:
    whole = history(steps, start)
    found = whole.until(start + cut)
    buckets = VALUES[:cut].reshape(-1, whole.stride, 3)
    for name, columns in (("loss", 0), ("delta_rms", slice(1, None))):
        series = found.series(name)
        np.testing.assert_array_equal(series.steps, start + whole.stride * np.arange(len(buckets)))
        np.testing.assert_array_equal(series.low, np.fmin.reduce(buckets, axis=1)[:, columns])
        np.testing.assert_array_equal(series.high, np.fmax.reduce(buckets, axis=1)[:, columns])
        np.testing.assert_array_equal(series.last, buckets[:, -1, columns])
    assert found.end == start + cut - 1
    assert found.first_lost("loss") == (start + 20 if cut > 20 else None)
    found.extend(Rows(start + cut, COLUMNS, VALUES[:1]))
    assert whole.steps == steps


@pytest.mark.parametrize("cut", [97, 300, -1])
def test_a_history_that_cannot_be_cut_there_begins_there(cut: int) -> None:
    found = history(190).until(cut)
    assert (found.start, found.steps) == (cut, 0)


@pytest.mark.parametrize(("steps", "cut"), [(5, 3), (5, 0), (40, 24), (40, 41)])
def test_looks_are_kept_in_columns_that_lie_before_the_cut(steps: int, cut: int) -> None:
    whole = SampledHistory((1,), farther_from_zero, 8)
    for step in range(steps):
        whole.add(step, np.array([float(step)]))
    found = whole.until(cut)
    assert all(whole.lasts[: len(found.steps)] < cut)
    assert all(whole.lasts[len(found.steps) :] >= cut)
    np.testing.assert_array_equal(found.values, whole.values[: len(found.steps)])
    found.add(max(cut, 1), np.array([-1.0]))
    assert found.values[-1] == -1
    assert whole.end == steps - 1


@pytest.mark.parametrize(("steps", "cut"), [(5, 3), (5, 0), (40, 24), (40, 41)])
def test_profiles_are_kept_in_columns_that_lie_before_the_cut(steps: int, cut: int) -> None:
    whole = Profiles(8)
    for step in range(steps):
        norms = np.array([float(step), 1.0])
        whole.add(step, {"1": TimeProfile(norms, norms, norms)})
    found = whole.until(cut)
    assert found.end < cut
    kept = found.ends("1")[0] if found.labels else np.empty(0)
    np.testing.assert_array_equal(kept, whole.ends("1")[0][: len(kept)])
    found.add(max(cut, 1), {"1": TimeProfile(norms, norms, norms)})
    assert found.ends("1")[0][-1] == max(cut, 1)
    assert whole.end == steps - 1


def test_gains_of_which_none_is_left_are_none() -> None:
    whole = GainsPast()
    whole.add(5, ["1"], (Gains("1", {"slope": -1.0}, -1.0),))
    assert whole.until(5).grid(4) is None
    assert whole.until(6).grid(4) is not None
