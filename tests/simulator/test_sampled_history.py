"""The past of what is looked at now and then: bounded, thinned by halves, true to what was seen."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.arrays.trace import FACTORS, Gains
from simulator.observations.factors import TOTAL, FactorGains
from simulator.observations.sampled import farther_from_zero
from simulator.record.record import Record
from simulator.record.sampled_history import SampledHistory, apart
from tests.simulator.run_infos import info_of


def looks(steps: list[int], capacity: int = 8) -> SampledHistory:
    made = SampledHistory((1,), farther_from_zero, capacity)
    for step in steps:
        made.add(step, np.array([float(-step)]))
    return made


def test_memory_stays_and_the_value_farthest_from_zero_of_a_column_is_kept() -> None:
    made = looks(list(range(100)))
    assert made.nbytes == 8 * 8
    assert made.stride == 16
    assert made.steps.tolist() == [0, 16, 32, 48, 64, 80, 96]
    assert made.values[:, 0].tolist() == [-15, -31, -47, -63, -79, -95, -99]


def test_a_second_look_at_one_step_replaces_the_first() -> None:
    made = looks([0, 1])
    made.add(1, np.array([0.5]))
    assert made.values[:, 0].tolist() == [0, 0.5]


def test_a_grid_holds_a_column_until_the_next_look_but_not_for_ever() -> None:
    made = looks([0, 2, 4, 6, 40])
    grid = made.grid(64)
    assert (grid.first, grid.width, len(grid.values)) == (0, 1, 41)
    assert grid.values[:8, 0].tolist() == [0, 0, -2, -2, -4, -4, -6, -6]
    assert grid.looked.tolist() == [True] * 15 + [False] * 25 + [True]
    assert np.isnan(grid.values[20, 0])


def test_a_grid_has_no_more_columns_than_asked_for() -> None:
    grid = looks([*range(8)]).grid(4)
    assert (grid.width, grid.values[:, 0].tolist()) == (2, [-1, -3, -5, -7])


def test_a_past_without_looks_has_no_grid() -> None:
    with pytest.raises(ValueError, match="nobody has looked"):
        looks([]).grid(4)
    with pytest.raises(ValueError, match="even"):
        looks([], capacity=7)


def test_gains_stand_where_their_layer_and_factor_are() -> None:
    record, info = Record(), info_of("1", "2", "3")
    gains = [Gains("2", {"weights": 0.5, "slope": -1.5}, -1.0), Gains("1", {"skip": 0.0}, 0.0)]
    record.sample(FactorGains(), 3, gains, info)
    record.sample(FactorGains(), 4, None, info)
    looks = record.pasts["factors"].history
    assert looks.end == 3
    (rows,) = looks.grid(10).values
    assert rows[FACTORS.index("slope")].tolist()[1] == -1.5
    assert rows[FACTORS.index("skip")].tolist()[0] == 0.0
    assert rows[TOTAL].tolist()[:2] == [0.0, -1.0]
    assert np.isnan(rows[:, 2]).all()
    assert np.isnan(rows[FACTORS.index("gate")]).all()


def test_a_gap_is_where_nobody_looked_for_much_longer_than_usual() -> None:
    made = looks([0, 2, 4, 6, 40, 42])
    assert made.after_gap.tolist() == [False, False, False, False, True, False]
    assert looks([0, 8800]).after_gap.tolist() == [False, False], "two looks have no usual distance"


def test_a_gap_is_where_a_step_was_seen_without_a_look() -> None:
    made = looks([0])
    made.miss(0)
    made.add(1, np.array([1.0]))
    made.miss(400)
    made.add(8800, np.array([2.0]))
    assert made.after_gap.tolist() == [False, False, True]


def test_looks_on_either_side_of_a_gap_share_no_column_however_long_the_past_grows() -> None:
    steps = [*range(7), *range(1000, 1100)]
    made = looks(steps)
    edges = np.stack([made.steps, made.lasts], axis=1)
    assert all(last < 7 or first >= 1000 for first, last in edges)
    assert made.after_gap.tolist() == [first == 1000 for first in made.steps]
    assert made.values[:, 0].tolist() == (-made.lasts).tolist()


def test_a_past_of_gaps_only_stays_in_its_memory_all_the_same() -> None:
    made = SampledHistory((1,), farther_from_zero, 8)
    for step in range(0, 4000, 10):
        made.miss(step - 5)
        made.add(step, np.array([1.0]))
    assert len(made.steps) <= 8
    assert (made.steps[1:] > made.lasts[:-1]).all()


@pytest.mark.parametrize(
    ("distances", "gaps"),
    [
        ([], []), ([8800], []), ([1, 1, 1], []), ([2, 2, 40, 2, 2], [2]), ([40, 2, 2, 2], [0]), ([2, 2, 2, 40], [3]),
        ([1] * 20 + [16] * 20, []), ([35, 30, *[1] * 10, 45, 60, *[1] * 99], []),
        ([1, 1, 90, 1, 1, 1, 1, 70, 1], [2, 7]),
    ],
)  # fmt: skip
def test_an_uneven_pace_is_no_gap_and_a_pause_is(distances: list[int], gaps: list[int]) -> None:
    assert np.flatnonzero(apart(np.array(distances, np.float64))).tolist() == gaps
