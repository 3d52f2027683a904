"""The front of a worker beside the one that trains: requests go in, and what nobody waits for any more is dropped."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

from simulator.running.beside.side_worker import Numbered, RequestProgress, SideWorker
from simulator.running.messages import Cancel, Failed
from simulator.running.transport import Mode, Notify, ProcessTransport, ThreadTransport, Transport, WorkerFactory

CLOSE_SECONDS = 0.1
"""A process may be ended by force, and a thread be left to its step: nothing is lost with them."""
C = TypeVar("C", bound=Numbered)
R = TypeVar("R", bound=Numbered)


class SideSession(Generic[C, R]):
    """Answers to requests before the last one are dropped.

    The worker is started with the first request: a process of its own, or a thread where none can be had. Once closed,
    or dead, the next request starts another.
    """

    name: ClassVar[str]
    niceness: ClassVar[int] = 0
    """By how much others come before its process; 0 where somebody waits for it."""

    worker: ClassVar[type[SideWorker[Any, Any]]]
    """Answers the requests."""

    def __init__(self, mode: Mode, notify: Notify) -> None:
        self.mode = mode
        """Where the worker runs."""
        self._notify = notify
        self._transport: Transport[C | Cancel, R | RequestProgress | Failed] | None = None
        self._ids = itertools.count(1)
        self._first: int | None = None
        """Id of the first request that somebody waits for; None where nobody waits."""

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for an answer."""
        return self._first is not None

    @property
    def pid(self) -> int | None:
        """Id of the worker's own process; None where there is none."""
        return None if self._transport is None else self._transport.pid

    def _ask(self, request: Callable[[int], C], alone: bool = True) -> None:
        """Send a request that its id makes; ``alone``: nobody waits any more for those before it."""
        if alone:
            self.cancel()
        number = next(self._ids)
        if self._first is None:
            self._first = number
        if self._transport is None:
            self._transport = self._started()
        self._transport.send(request(number))

    def factory(self) -> WorkerFactory[C | Cancel, R | RequestProgress | Failed]:
        """What makes the worker where it runs."""
        return self.worker.loop_of

    def _started(self) -> Transport[C | Cancel, R | RequestProgress | Failed]:
        if self.mode == "process":
            transport = ProcessTransport(self.factory(), self.name, self.niceness)
            try:
                transport.start(self._notify)
            except OSError:
                self.mode = "thread"
            else:
                return transport
        thread = ThreadTransport(self.factory(), self.name)
        thread.start(self._notify)
        return thread

    def cancel(self) -> None:
        """Nobody waits any more for what has been asked for."""
        if self._first is not None:
            self._first = None
            if self._transport is not None:
                self._transport.send(Cancel())

    def replies(self) -> list[R | RequestProgress | Failed]:
        """What has arrived of what somebody waits for, without waiting."""
        arrived = [] if self._transport is None else self._transport.receive()
        if any(isinstance(reply, Failed) and reply.fatal for reply in arrived):
            self._end_worker()
        return [reply for reply in arrived if self._concerns(reply)]

    def _concerns(self, reply: R | RequestProgress | Failed) -> bool:
        return self._first is not None and (isinstance(reply, Failed) or reply.id >= self._first)

    def close(self) -> None:
        """End the worker."""
        self._first = None
        self._end_worker()

    def _end_worker(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close(CLOSE_SECONDS)
