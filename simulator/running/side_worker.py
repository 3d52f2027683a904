"""A worker beside the one that trains: started with what it is first told, in a process or, where none can be had, a
thread.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from simulator.running.messages import Failed
from simulator.running.transport import (
    Mode,
    Notify,
    ProcessTransport,
    ThreadTransport,
    Transport,
    WorkerFactory,
)

CLOSE_SECONDS = 0.1
"""A process may be ended by force, and a thread be left to its step: nothing is lost with them."""
C = TypeVar("C")
R = TypeVar("R")


class SideWorker(Generic[C, R]):
    """Once closed, or dead, the next command starts another."""

    def __init__(
        self, mode: Mode, in_process: WorkerFactory[C, R], in_thread: WorkerFactory[C, R], name: str, niceness: int,
        notify: Notify,
    ) -> None:  # fmt: skip
        """``niceness`` is by how much others come before its process."""
        self.mode = mode
        self._in_process, self._in_thread, self._name, self._niceness = in_process, in_thread, name, niceness
        self._notify = notify
        self._transport: Transport[C, R] | None = None

    @property
    def pid(self) -> int | None:
        """Id of its own process; None where there is none."""
        return None if self._transport is None else self._transport.pid

    def send(self, command: C) -> None:
        """Tell it, and start it first if there is none."""
        if self._transport is None:
            self._transport = self._started()
        self._transport.send(command)

    def tell(self, command: C) -> None:
        """Tell it, if there is one."""
        if self._transport is not None:
            self._transport.send(command)

    def replies(self) -> list[R | Failed]:
        """What has arrived, without waiting."""
        arrived = [] if self._transport is None else self._transport.receive()
        if any(isinstance(reply, Failed) and reply.fatal for reply in arrived):
            self.close()
        return arrived

    def _started(self) -> Transport[C, R]:
        if self.mode == "process":
            transport = ProcessTransport(self._in_process, self._name, self._niceness)
            try:
                transport.start(self._notify)
            except OSError:
                self.mode = "thread"
            else:
                return transport
        thread = ThreadTransport(self._in_thread, self._name)
        thread.start(self._notify)
        return thread

    def close(self) -> None:
        """End it."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close(CLOSE_SECONDS)
