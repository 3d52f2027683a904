"""The front of a worker beside the one that trains: requests go in, and what nobody waits for any more is dropped."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import ClassVar, Generic, Protocol, TypeVar

from msgspec import Struct

from simulator.running.messages import Failed
from simulator.running.side_worker import SideWorker
from simulator.running.transport import Mode, Notify, WorkerFactory


class Cancel(Struct, frozen=True):
    """Nobody waits for what is being done."""


class Reply(Protocol):
    """What comes of a request."""

    @property
    def id(self) -> int:
        """That of the request."""


C = TypeVar("C")
R = TypeVar("R", bound=Reply)


class SideSession(Generic[C, R]):
    """Answers to requests before the last one are dropped.

    The worker is started with the first request: a process of its own, or a thread where none can be had.
    """

    name: ClassVar[str]
    niceness: ClassVar[int] = 0
    """By how much others come before its process; 0 where somebody waits for it."""

    def __init__(
        self, mode: Mode, notify: Notify, worker: WorkerFactory[C | Cancel, R | Failed],
        in_thread: WorkerFactory[C | Cancel, R | Failed] | None = None,
    ) -> None:  # fmt: skip
        self._worker: SideWorker[C | Cancel, R | Failed] = SideWorker(
            mode, worker, in_thread or worker, self.name, self.niceness, notify
        )
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
        return self._worker.pid

    @property
    def mode(self) -> Mode:
        """Where it runs."""
        return self._worker.mode

    def _ask(self, request: Callable[[int], C], alone: bool = True) -> None:
        """Send a request that its id makes; ``alone``: nobody waits any more for those before it."""
        number = next(self._ids)
        if alone or self._first is None:
            self._first = number
        self._worker.send(request(number))

    def cancel(self) -> None:
        """Nobody waits any more for what has been asked for."""
        if self._first is not None:
            self._first = None
            self._worker.tell(Cancel())

    def replies(self) -> list[R | Failed]:
        """What has arrived of what somebody waits for, without waiting."""
        return [reply for reply in self._worker.replies() if self._concerns(reply)]

    def _concerns(self, reply: R | Failed) -> bool:
        return self._first is not None and (isinstance(reply, Failed) or reply.id >= self._first)

    def close(self) -> None:
        """End the worker; the next request starts another."""
        self._first = None
        self._worker.close()
