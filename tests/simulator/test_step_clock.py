"""What the steps of a network take."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from simulator.running import step_clock
from simulator.running.step_clock import StepClock


def test_a_step_takes_what_its_parts_take_by_the_clock_and_of_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    now = SimpleNamespace(clock=100.0, processor=5.0)
    monkeypatch.setattr(
        step_clock, "time", SimpleNamespace(perf_counter=lambda: now.clock, thread_time=lambda: now.processor)
    )
    clock = StepClock()
    assert (clock.seconds, clock.processor_seconds) == (0.0, 0.0)
    for parts in (2, 2, 1):
        for _ in range(parts):
            with clock.running():
                now.clock += 3.0
                now.processor += 0.5
        now.clock += 100.0
        clock.count()
    assert (clock.seconds, clock.processor_seconds) == (5.0, 2.5 / 3)
