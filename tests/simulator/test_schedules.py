"""Schedules: golden values, where their curves bend, and that no setting of theirs breaks."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.parts.schedules import (
    ConstantSchedule,
    CosineSchedule,
    CyclicalSchedule,
    ExponentialSchedule,
    OneCycleSchedule,
    PiecewiseSchedule,
    Schedule,
    SGDRSchedule,
    StepSchedule,
    WarmupSchedule,
)
from simulator.schema.parameter import Parameter, kinds, parameters

KINDS = sorted(kinds(Schedule))


def test_constant_is_the_base_throughout() -> None:
    assert {ConstantSchedule().rate(0.3, step) for step in (0, 1, 10**9)} == {0.3}


def test_step_drops_at_multiples() -> None:
    schedule = StepSchedule(step_size=30, gamma=0.1)
    for step, want in ((0, 1.0), (29, 1.0), (30, 0.1), (59, 0.1), (60, 0.01), (90, 0.001)):
        assert schedule.rate(1.0, step) == pytest.approx(want, rel=1e-12)


def test_exponential_decays_by_gamma_each_step() -> None:
    schedule = ExponentialSchedule(gamma=0.99)
    assert schedule.rate(0.5, 0) == 0.5
    assert schedule.rate(0.5, 100) == pytest.approx(0.5 * math.exp(100 * math.log(0.99)), rel=1e-12)


def test_cosine_falls_from_base_to_minimum_and_stays() -> None:
    schedule = CosineSchedule(t_max=100, eta_min=0.02)
    for step, want in ((0, 0.1), (50, 0.06), (100, 0.02), (101, 0.02), (10**9, 0.02)):
        assert schedule.rate(0.1, step) == pytest.approx(want, rel=1e-12)
    assert schedule.rate(0.1, 25) == pytest.approx(0.02 + 0.04 * (1 + math.sqrt(0.5)), rel=1e-12)


def test_sgdr_restarts_at_10_30_70() -> None:
    schedule = SGDRSchedule(t_0=10, t_mult=2)
    rates = [schedule.rate(1.0, step) for step in range(151)]
    assert [step for step in range(1, 151) if rates[step] > rates[step - 1]] == [10, 30, 70, 150]
    assert [rates[step] for step in (0, 10, 30, 70, 150)] == [1.0] * 5
    assert rates[20] == pytest.approx(0.5)
    assert rates[50] == pytest.approx(0.5)
    assert rates[9] == pytest.approx((1 + math.cos(0.9 * math.pi)) / 2)


def test_sgdr_without_growth_repeats_one_period() -> None:
    schedule = SGDRSchedule(t_0=7, t_mult=1, eta_min=0.1)
    assert [schedule.rate(1.0, s) for s in range(7)] == [schedule.rate(1.0, s + 7_000_000) for s in range(7)]


def test_the_triangle_is_at_its_golden_values() -> None:
    schedule = CyclicalSchedule(max_lr=0.006, step_size_up=2000)
    for step, want in ((0, 0.001), (1000, 0.0035), (2000, 0.006), (3000, 0.0035), (4000, 0.001), (6000, 0.006)):
        assert schedule.rate(0.001, step) == pytest.approx(want, rel=1e-12)


def test_one_cycle_starts_low_peaks_and_ends_lower() -> None:
    schedule = OneCycleSchedule(max_lr=1.0, total_steps=100, pct_start=0.3)
    rates = [schedule.rate(123.0, step) for step in range(100)]
    assert rates[0] == pytest.approx(1 / 25)
    assert rates[-1] == pytest.approx(1 / 25 / 1e4)
    assert rates.index(max(rates)) == 29
    assert max(rates) == pytest.approx(1.0, rel=1e-12)
    assert all(a < b for a, b in itertools.pairwise(rates[:30]))
    assert all(a > b for a, b in itertools.pairwise(rates[29:]))
    assert schedule.rate(123.0, 5000) == pytest.approx(rates[-1])


def test_warmup_rises_straight_to_the_base() -> None:
    schedule = WarmupSchedule(total_iters=10, start_factor=0.2)
    for step, want in ((0, 0.2), (5, 0.6), (10, 1.0), (11, 1.0), (10**6, 1.0)):
        assert schedule.rate(2.0, step) == pytest.approx(2.0 * want, rel=1e-12)


def test_each_rate_of_a_piecewise_schedule_holds_from_its_boundary_on() -> None:
    schedule = PiecewiseSchedule(boundaries=(10, 25, 40), rates=(0.5, 0.05, 0.2))
    for step, want in ((0, 1.0), (9, 1.0), (10, 0.5), (24, 0.5), (25, 0.05), (39, 0.05), (40, 0.2), (10**9, 0.2)):
        assert schedule.rate(1.0, step) == want


def test_boundaries_and_rates_without_each_other_change_nothing() -> None:
    assert {PiecewiseSchedule(boundaries=(), rates=(0.5,)).rate(0.3, step) for step in (0, 10, 10**9)} == {0.3}
    short = PiecewiseSchedule(boundaries=(10, 20), rates=(0.5,))
    assert [short.rate(0.3, step) for step in (9, 10, 20, 10**9)] == [0.3, 0.5, 0.5, 0.5]
    assert PiecewiseSchedule(boundaries=(0,), rates=(0.0,)).rate(0.3, 0) == 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_the_curve_is_finite_and_not_negative_at_its_defaults(kind: str) -> None:
    schedule = kinds(Schedule)[kind]()
    for step in (*range(0, 5000, 7), 10**6, 10**9):
        rate = schedule.rate(0.1, step)
        assert math.isfinite(rate)
        assert rate >= 0


@pytest.mark.parametrize("kind", sorted({"cosine", "cyclical", "one_cycle", "warmup"}))
def test_the_curve_has_no_jumps(kind: str) -> None:
    part = kinds(Schedule)[kind]
    schedule = part(**{part.horizon: 500})
    rates = [schedule.rate(0.1, step) for step in range(2000)]
    biggest = max(abs(a - b) for a, b in itertools.pairwise(rates))
    assert biggest < 0.02 * (max(rates) - min(rates))


def test_every_schedule_but_endless_ones_names_its_horizon() -> None:
    for part in kinds(Schedule).values():
        assert part.horizon == "" or part.horizon in part.__struct_fields__


def _values(field: Parameter) -> st.SearchStrategy[Any]:
    low = field.low if field.low is not None else -1e6
    high = field.high if field.high is not None else 1e6
    if field.type == "integer":
        return st.integers(int(low), int(min(high, 10**6)))
    if field.type == "integers":
        return st.lists(st.integers(0, 10**6), max_size=4).map(tuple)
    if field.type == "numbers":
        return st.lists(st.floats(0, 1e6), max_size=4).map(tuple)
    return st.floats(low, high, exclude_min=field.low_open, exclude_max=field.high_open)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data(), kind=st.sampled_from(KINDS), step=st.integers(0, 10**9), base=st.floats(0, 1e3))
def test_any_valid_setting_gives_a_rate_at_any_step(data: st.DataObject, kind: str, step: int, base: float) -> None:
    part = kinds(Schedule)[kind]
    schedule = part(**{field.name: data.draw(_values(field), field.name) for field in parameters(part)})
    rate = schedule.rate(base, step)
    assert isinstance(rate, float)
    assert rate >= 0 or math.isnan(rate)


@pytest.mark.parametrize(("total", "share"), [(2, 0.5), (2, 0.3), (4, 0.25), (10, 0.01), (3, 0.999), (2, 0.999)])
def test_a_one_cycle_of_a_few_steps_has_a_rate_at_each(total: int, share: float) -> None:
    schedule = OneCycleSchedule(total_steps=total, pct_start=share, max_lr=1.0)
    for step in range(2 * total):
        assert 0 < schedule.rate(0.1, step) <= 1


@pytest.mark.parametrize("schedule", [ExponentialSchedule(gamma=1.5), StepSchedule(step_size=1, gamma=2.0)])
def test_a_growing_rate_ends_at_infinity_not_in_an_error(schedule: Schedule) -> None:
    assert schedule.rate(0.1, 10**6) == math.inf
    assert schedule.rate(0.0, 10**6) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_schedule_says_whether_the_base_rate_has_any_say(kind: str) -> None:
    schedule = kinds(Schedule)[kind]()
    differs = any(schedule.rate(0.01, step) != schedule.rate(0.3, step) for step in range(0, 5000, 7))
    assert schedule.uses_base is differs


@pytest.mark.parametrize("kind", KINDS)
def test_a_schedule_names_the_fields_that_set_its_height_and_its_factor(kind: str) -> None:
    schedule = kinds(Schedule)[kind]()
    steps = range(0, 5000, 7)
    assert schedule.changes is any(schedule.rate(0.3, step) != 0.3 for step in steps)
    assert schedule.uses_base or schedule.peak_field
    if schedule.peak_field:
        higher = replace(schedule, **{schedule.peak_field: 7.0})
        assert max(higher.rate(0.3, step) for step in steps) == pytest.approx(7.0, rel=1e-2)
    if schedule.factor_field:
        steady = replace(schedule, **{schedule.factor_field: 1.0})
        assert {steady.rate(0.3, step) for step in steps} == {0.3}
