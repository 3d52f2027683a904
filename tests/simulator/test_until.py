"""Pasts cut off where a run goes another way: as if nothing had come after."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.arrays.trace import Gains
from simulator.layers.recurrent.profile import TimeProfile
from simulator.observations.factors import FactorGains
from simulator.observations.sampled import Subject, farther_from_zero
from simulator.observations.time_profile import StateGradients
from simulator.record.history import History, Rows
from simulator.record.past import Past
from simulator.record.record import Record
from simulator.record.sampled_history import SampledHistory
from simulator.record.turns import Turn, TurnLog
from tests.simulator.run_infos import info_of

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


@pytest.mark.parametrize("cut", [300, -1])
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
    info, whole = info_of("1"), Past(StateGradients(), Subject(("1",), (2,)), capacity=8)
    for step in range(steps):
        norms = np.array([float(step), 1.0])
        whole.add(step, {"1": TimeProfile(norms, norms, norms)}, info)
    found = whole.until(cut)
    assert found.history.end < cut
    kept = found.history.steps
    np.testing.assert_array_equal(kept, whole.history.steps[: len(kept)])
    found.add(max(cut, 1), {"1": TimeProfile(norms, norms, norms)}, info)
    assert found.history.steps[-1] == max(cut, 1)
    assert whole.history.end == steps - 1


def test_gains_of_which_none_is_left_are_none() -> None:
    whole = Record()
    whole.sample(FactorGains(), 5, (Gains("1", {"slope": -1.0}, -1.0),), info_of("1", "2"))
    assert not whole.until(5).pasts
    assert whole.until(6).pasts["factors"].history.steps.tolist() == [5]


def test_a_unit_is_as_it_was_at_the_cut() -> None:
    log = TurnLog("alive")
    for step, condition in enumerate(("alive", "dead", "dead", "alive", "saturated")):
        log.add(step, condition, step - 1)
    cut = log.until(3)
    assert cut.entries == (Turn("dead", 1, 0),)
    cut.add(3, "dead", 2)
    cut.add(4, "alive", 3)
    assert cut.entries == (Turn("dead", 1, 0), Turn("alive", 4, 3))
    assert len(log.entries) == 3
