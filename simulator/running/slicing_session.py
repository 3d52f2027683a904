"""The front of the slicing: a landscape goes in, and plane, paths, curvatures and contours come back."""

from __future__ import annotations

import itertools

from simulator.landscape.function import Window
from simulator.landscape.landscape import Landscape
from simulator.running.messages import Failed
from simulator.running.side_worker import SideWorker
from simulator.running.slicing import slicing_worker
from simulator.running.slicing_messages import AskSlice, Command, Cut, Reply
from simulator.running.transport import Mode, Notify

NAME = "slicing"
NICENESS = 5
"""Somebody waits for it, but the run comes first."""


class SlicingSession:
    """Answers to older requests are dropped."""

    def __init__(self, mode: Mode, notify: Notify) -> None:
        self._worker: SideWorker[Command, Reply | Failed] = SideWorker(
            mode, slicing_worker, slicing_worker, NAME, NICENESS, notify
        )
        self._ids = itertools.count(1)
        self._last = 0

    def ask(self, landscape: Landscape, cut: Cut | None, window: Window | None, step: int) -> None:
        """Ask for all of a landscape; see :class:`AskSlice`."""
        self._last = next(self._ids)
        self._worker.send(AskSlice(self._last, landscape, cut, window, step))

    def replies(self) -> list[Reply | Failed]:
        """What has arrived of the last request, without waiting."""
        return [reply for reply in self._worker.replies() if isinstance(reply, Failed) or reply.id == self._last]

    def close(self) -> None:
        """End the worker; the next request starts another."""
        self._worker.close()
