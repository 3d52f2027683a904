"""What the window keeps of the networks beside the run."""

from __future__ import annotations

import pytest

from simulator.running.messages import Look, Pause, Update
from tests.simulator.test_lane_blocks import BLOCK, script
from ui.bench import lane_views
from ui.bench.lane_views import LaneViews


def test_a_network_that_goes_on_as_it_went_keeps_its_record_and_is_compared_with_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = (3, 0, Look(3, ())), (5, 0, Look(4, ())), (8, 0, Look(5, ())), (9, 0, Pause())
    updates = [each for each in script(monkeypatch, BLOCK, *looks).replies if isinstance(each, Update)]
    views = LaneViews()
    views.take(updates[0].lanes)
    before = views.record("norm")
    monkeypatch.setattr(lane_views, "handed_on", lambda *_: pytest.fail("it is the same network"))
    for update in updates[1:]:
        views.take(update.lanes)
    assert views.record("norm") is before
    assert before.steps == 9
