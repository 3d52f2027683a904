"""Steps come no faster than the limit, catch up a little, and tell how fast they came."""

from __future__ import annotations

import pytest

from simulator.running import step_rate
from simulator.running.step_rate import CATCH_UP_SECONDS, MOST_TIMES, SLOW, StepRate
from tests.simulator.clock import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(step_rate, "time", made)
    return made


def steps_within(rate: StepRate, clock: Clock, seconds: float, tick: float = 0.001) -> int:
    made = 0
    for _ in range(round(seconds / tick)):
        clock.now += tick
        made += rate.take()
    return made


def test_without_a_limit_every_step_may_be_made(clock: Clock) -> None:
    rate = StepRate()
    assert all(rate.take() for _ in range(5))
    assert rate.wait == 0
    assert not rate.slow


@pytest.mark.parametrize("limit", [2.0, 10.0, 50.0])
def test_a_limit_is_kept_and_reached(limit: float, clock: Clock) -> None:
    rate = StepRate()
    rate.set_limit(limit)
    assert rate.slow == (limit <= SLOW)
    assert 10 * limit - 1 <= steps_within(rate, clock, 10) <= (10 + CATCH_UP_SECONDS) * limit + 1


def test_the_wait_leads_to_the_next_step(clock: Clock) -> None:
    rate = StepRate()
    rate.set_limit(4)
    assert rate.take()
    assert rate.wait == pytest.approx(0.25 - CATCH_UP_SECONDS)
    clock.now += rate.wait - 0.001
    assert not rate.take()
    clock.now += 0.002
    assert rate.take()


def test_after_a_pause_little_is_caught_up_with(clock: Clock) -> None:
    rate = StepRate()
    rate.set_limit(50)
    assert rate.take()
    clock.now += 60
    assert sum(rate.take() for _ in range(1000)) <= 50 * CATCH_UP_SECONDS + 1


def test_another_limit_holds_at_once(clock: Clock) -> None:
    rate = StepRate()
    rate.set_limit(0.01)
    assert rate.take()
    assert not rate.take()
    rate.set_limit(10)
    assert rate.take()
    rate.set_limit(None)
    assert rate.take()
    assert rate.take()


def test_the_speed_is_that_of_the_last_second(clock: Clock) -> None:
    rate = StepRate()
    assert rate.speed == 0
    for step in range(50):
        clock.now += 0.1
        rate.made(step)
    assert rate.speed == pytest.approx(10)
    for step in range(50, 2 * MOST_TIMES + 50):
        clock.now += 0.001
        rate.made(step)
    assert rate.speed == pytest.approx(1000, rel=0.01)
    rate.forget()
    assert rate.speed == 0


@pytest.mark.parametrize("seconds", [0.8, 1.0, 30.0])
def test_steps_that_take_long_have_a_speed_too(seconds: float, clock: Clock) -> None:
    rate = StepRate()
    for step in range(3):
        clock.now += seconds
        rate.made(step)
    assert rate.speed == pytest.approx(1 / seconds)
    clock.now += 0.9 * seconds
    assert rate.speed == pytest.approx(1 / seconds)
