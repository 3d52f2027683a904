"""What is costly comes as often as its share of the time allows, and not while something else is more urgent."""

from __future__ import annotations

import pytest

from simulator.running import throttle as throttle_module
from simulator.running.throttle import PATIENCE_SECONDS, QUIET_SECONDS, Throttle
from tests.simulator.clock import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(throttle_module, "time", made)
    return made


def spend(pace: Throttle, clock: Clock, seconds: float) -> None:
    with pace.spending():
        clock.now += seconds


@pytest.mark.parametrize(("least", "took", "rest"), [(0, 1, 10), (2, 0, 2)], ids=["its share", "the least time"])
def test_it_rests_for_its_share_and_no_less_than_the_least_time(
    least: float, took: float, rest: float, clock: Clock
) -> None:
    pace = Throttle(10, least)
    assert pace.due
    spend(pace, clock, took)
    clock.now += rest - 0.1
    assert not pace.due
    clock.now += 0.2
    assert pace.due


def test_what_is_put_off_comes_when_it_is_quiet(clock: Clock) -> None:
    pace = Throttle(10)
    pace.defer()
    assert not pace.due
    clock.now += QUIET_SECONDS + 0.01
    assert pace.due


def test_what_is_put_off_again_and_again_comes_in_the_end_and_then_as_rarely(clock: Clock) -> None:
    """A knob that never stands still."""
    pace, came = Throttle(0.1), []
    for _ in range(400):
        clock.now += 0.01
        pace.defer()
        if pace.due:
            came.append(clock.now - 1000)
            spend(pace, clock, 0.005)
    assert came == pytest.approx([PATIENCE_SECONDS * n for n in (1, 2, 3)], abs=0.06)


def test_a_reset_takes_back_rest_and_put_off(clock: Clock) -> None:
    pace = Throttle(10)
    spend(pace, clock, 1)
    pace.defer()
    pace.reset()
    assert pace.due
