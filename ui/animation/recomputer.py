"""Frames of earlier steps of the present run, computed again beside it."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from simulator.observations.base import Observation
from simulator.running.beside.recomputation import RecomputationSession, Recomputed
from simulator.running.beside.side_worker import RequestProgress
from simulator.running.messages import Failed, ReplayAnswer
from ui.animation.plan import Stretch
from ui.bench.bench import Bench
from ui.plots.base import Plot
from ui.style.numbers import integer

TURN_SECONDS = 0.02
"""So long frames are heard without a look at the window."""


class Recomputer(QObject):
    """Asks for one stretch of steps after the other, of the run that is there when it is made."""

    arrived = Signal(object)
    """:class:`~simulator.running.beside.recomputation.Recomputed`."""
    failed = Signal(str)
    """Why there will be no more."""
    _notified = Signal()
    """From the thread that hears the worker."""

    def __init__(self, bench: Bench, parent: QObject) -> None:
        super().__init__(parent)
        self._bench = bench
        self._session = RecomputationSession(bench.link.mode, self._notified.emit)
        self._run = 0 if bench.info is None else bench.info.run
        self._observations: tuple[Observation[Any], ...] = ()
        self._validates = False
        self._waiting: deque[Stretch] = deque()
        """The first has been asked for."""
        self._due = 0
        """Frames of it that are still to come."""
        self._replies: deque[Recomputed | Failed] = deque()
        """What has come and nobody has heard."""
        self._turns = QTimer(self, interval=0)
        """Few at each turn of the loop: the window stays usable."""
        self._turns.timeout.connect(self._hear_some)
        self._notified.connect(self._take, Qt.ConnectionType.QueuedConnection)
        bench.replay_found.connect(self._take_replay)
        bench.closed.connect(self.close)

    def ask(self, stretches: tuple[Stretch, ...], plot: Plot[Any]) -> None:
        """Have these come, with what a plot shows of them; nobody waits any more for what was asked for before."""
        self.cancel()
        self._observations = tuple(each for each in plot.observations if not each.initial)
        self._validates = plot.reads
        self._waiting = deque(stretches)
        self._find()

    @property
    def busy(self) -> bool:
        """Whether something is still to come."""
        return bool(self._waiting)

    def cancel(self) -> None:
        """Nobody waits for what has been asked for."""
        if self._waiting:
            self._session.cancel()
        self._forget()

    def close(self) -> None:
        """The same, and end the worker."""
        self._forget()
        self._session.close()

    def _forget(self) -> None:
        self._turns.stop()
        self._waiting.clear()
        self._replies.clear()
        self._due = 0

    def _find(self) -> None:
        worker = self._bench.link.worker
        if worker is None or self._bench.dead:
            self._fail("the worker has ended")
        elif self._waiting:
            worker.find_replay(self._waiting[0].start)
            self._bench.link.wake()

    def _take_replay(self, answer: ReplayAnswer) -> None:
        if not self._waiting or self._due or answer.step != self._waiting[0].start:
            return
        if answer.run != self._run:
            self._fail("another run has begun")
        elif answer.replay is None:
            self._fail(f"step {integer(answer.step)} cannot be computed again")
        else:
            steps = self._waiting[0].steps
            self._due = len(steps)
            self._session.recompute(answer.replay, steps, self._observations, self._validates, answer.lanes)

    def _take(self) -> None:
        self._replies.extend(
            reply for reply in self._session.replies() if self._waiting and not isinstance(reply, RequestProgress)
        )
        if self._replies:
            self._turns.start()

    def _hear_some(self) -> None:
        end = time.monotonic() + TURN_SECONDS
        while self._replies and time.monotonic() < end:
            self._take_reply(self._replies.popleft())
        if not self._replies:
            self._turns.stop()

    def _take_reply(self, reply: Recomputed | Failed) -> None:
        if isinstance(reply, Failed):
            self._fail(reply.message.rstrip("."))
            return
        self._due -= 1
        over = not self._due
        if over:
            self._waiting.popleft()
        self.arrived.emit(reply)
        if over:
            self._find()

    def _fail(self, why: str) -> None:
        self.cancel()
        self.failed.emit(why)
