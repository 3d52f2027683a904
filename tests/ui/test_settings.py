"""What is remembered between sessions, and what becomes of what cannot be read."""

from __future__ import annotations

import pytest

from simulator.running.session import usual_mode
from ui.settings.preferences import WORKER, preferred
from ui.settings.settings import Settings


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_the_place_of_the_worker_is_remembered(mode: str) -> None:
    Settings().set("run/worker", mode)
    assert preferred(WORKER) == mode


def test_a_place_that_is_none_counts_as_not_chosen() -> None:
    Settings().set("run/worker", "moon")
    assert preferred(WORKER) == usual_mode()
