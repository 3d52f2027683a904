"""What of a frame is due: scores, checkpoints, and less of all that while a hand is on a knob."""

from __future__ import annotations

import pytest

from simulator.running import throttle
from simulator.running.schedule import VALIDATION_REST, VALIDATION_SECONDS, FrameSchedule
from simulator.running.throttle import PATIENCE_SECONDS, QUIET_SECONDS
from tests.simulator.clock import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(throttle, "time", made)
    return made


@pytest.mark.parametrize("took", [0.0, 0.01])
def test_validation_rests_for_what_it_took_but_not_where_training_stands(took: float, clock: Clock) -> None:
    schedule = FrameSchedule()
    assert schedule.validation_due(goes_on=True)
    with schedule.validating():
        clock.now += took
    assert not schedule.validation_due(goes_on=True)
    assert schedule.validation_due(goes_on=False)
    clock.now += max(VALIDATION_SECONDS, VALIDATION_REST * took) + 0.01
    assert schedule.validation_due(goes_on=True)


def test_another_run_is_validated_at_once(clock: Clock) -> None:
    schedule = FrameSchedule()
    with schedule.validating():
        clock.now += 1
    schedule.begin()
    assert schedule.validation_due(goes_on=True)


def test_while_a_knob_turns_no_two_frames_in_a_row_are_short(clock: Clock) -> None:
    schedule, short = FrameSchedule(), []
    for _ in range(6):
        schedule.turn()
        schedule.plan_frame(goes_on=True)
        short.append(schedule.frame_is_short)
        schedule.frame_made()
    assert short == [True, False] * 3
    schedule.plan_frame(goes_on=True)
    assert not schedule.frame_is_short


def test_the_last_frame_is_never_short(clock: Clock) -> None:
    schedule = FrameSchedule()
    schedule.turn()
    schedule.plan_frame(goes_on=False)
    assert not schedule.frame_is_short


def test_a_checkpoint_that_is_asked_for_waits_for_the_hand_but_not_for_ever(clock: Clock) -> None:
    schedule = FrameSchedule()
    assert not schedule.checkpoint_due
    schedule.checkpoint_asked = True
    assert schedule.checkpoint_due
    schedule.turn()
    assert not schedule.checkpoint_due
    clock.now += QUIET_SECONDS + 0.01
    assert schedule.checkpoint_due
    for _ in range(round(PATIENCE_SECONDS / 0.1) + 1):
        schedule.turn()
        clock.now += 0.1
    assert schedule.checkpoint_due
