"""The front of the recomputation: steps are asked for, and come back as frames."""

from __future__ import annotations

import itertools
from typing import Any

from simulator.observations.base import Observation
from simulator.running.messages import Failed
from simulator.running.recomputation import Cancel, Command, Recompute, Reply, recomputation_worker
from simulator.running.side_worker import SideWorker
from simulator.running.transport import Mode, Notify
from simulator.training.replay import Replay

NAME = "recomputation"
NICENESS = 0
"""Somebody waits for it."""


class RecomputationSession:
    """Requests are worked off in their order; answers to cancelled ones are dropped."""

    def __init__(self, mode: Mode, notify: Notify) -> None:
        self._worker: SideWorker[Command, Reply | Failed] = SideWorker(
            mode, recomputation_worker, recomputation_worker, NAME, NICENESS, notify
        )
        self._ids = itertools.count(1)
        self._first = 1
        """Id of the first request that somebody waits for."""

    @property
    def pid(self) -> int | None:
        """Id of the worker's own process; None where there is none."""
        return self._worker.pid

    def recompute(
        self, replay: Replay | None, steps: tuple[int, ...], observations: tuple[Observation[Any], ...],
        validate: bool, lanes: tuple[tuple[str, Replay], ...] = (),
    ) -> None:  # fmt: skip
        """Ask for these steps, ascending, from ``replay`` on, or from where the last request comes to."""
        self._worker.send(Recompute(next(self._ids), replay, steps, observations, validate, lanes))

    def cancel(self) -> None:
        """Nobody waits any more for what has been asked for."""
        self._first = next(self._ids)
        self._worker.tell(Cancel())

    def replies(self) -> list[Reply | Failed]:
        """What has arrived, without waiting."""
        return [reply for reply in self._worker.replies() if isinstance(reply, Failed) or reply.id >= self._first]

    def close(self) -> None:
        """End the worker; the next request starts another."""
        self._worker.close()
