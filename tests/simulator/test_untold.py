"""An answer that cannot be told, as where memory runs out, takes nothing with it: the next one brings all."""

from __future__ import annotations

from collections import deque

import pytest

from simulator.experiment.experiment import Experiment
from simulator.record.history import Rows
from simulator.running.messages import Command, Failed, Look, Play, Reply, Snapshot, Stop, TakeSnapshot, Train, Update
from simulator.running.worker import Worker

EXPERIMENT = Experiment.from_builtins(
    {
        "data": {"kind": "moons", "samples": 40},
        "layers": [{"kind": "dense", "units": 3}],
        "batch_size": 8,
        "lanes": [{"name": "b", "set": {"optimizer.learning_rate": 0.2}}],
    }
)
FASTER = EXPERIMENT.with_values([("optimizer.learning_rate", 0.3)])
IDLE = [None] * 40
"""So often is nothing new in the inbox: time for some steps."""


class Script:
    """Commands as they come; None: nothing has come yet."""

    def __init__(self, *commands: Command | None) -> None:
        self._left = deque(commands)

    def get(self, _timeout: float | None) -> Command | None:
        return self._left.popleft() if self._left else Stop()


def told_but(failing: int) -> list[Reply]:
    """What a worker tells of some steps; memory runs out at the answer of this number."""
    told: list[Reply] = []
    answers = iter(range(99))

    def post(reply: Reply) -> None:
        if isinstance(reply, Update | Snapshot) and next(answers) == failing:
            raise MemoryError
        told.append(reply)

    look, play = [Look(1), *IDLE], [Play(4), *IDLE]
    ask = [*look, TakeSnapshot(), *IDLE, *look]
    Worker(
        Script(Train(1, EXPERIMENT), *IDLE, *look, *play, *look, Train(2, FASTER), *IDLE, *ask, *play, *ask), post
    ).loop()
    return told


def follow(rows: list[Rows]) -> int:
    """How many steps, one after the other without a gap."""
    end = 0
    for each in rows:
        assert each.first_step == end
        end += len(each.values)
    return end


@pytest.mark.parametrize("failing", [*range(8), 99])
def test_the_next_answer_brings_what_one_that_failed_did_not(failing: int) -> None:
    told = told_but(failing)
    assert sum(isinstance(reply, Failed) for reply in told) == (failing < 99)
    answers = [reply for reply in told if isinstance(reply, Update | Snapshot)]
    assert follow([rows for reply in answers for rows in reply.rows]) >= 4
    assert [change.experiment for reply in answers for change in reply.changes] == [FASTER]
    lanes = [lane for reply in answers for lane in reply.lanes]
    rows = [each for lane in lanes for each in ((lane.rows,) if isinstance(lane.rows, Rows) else lane.rows or ())]
    assert follow(rows) >= 4
    assert sum(lane.first is not None for lane in lanes) == 1
