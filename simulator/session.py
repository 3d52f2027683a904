"""The front of the worker: what a screen or a script holds. Commands go in, replies come out, nothing else."""

from __future__ import annotations

import itertools
import queue
import threading
from typing import Protocol

from simulator.experiment import Experiment
from simulator.messages import (
    Change,
    Command,
    Failed,
    Limit,
    Look,
    Pause,
    Play,
    Reply,
    Restart,
    Stop,
    Update,
)
from simulator.worker import Worker


class Carrier(Protocol):
    """Runs a worker somewhere and carries messages to and from it."""

    def start(self) -> None: ...
    def send(self, command: Command) -> None: ...
    def receive(self) -> list[Reply]:
        """All replies that have arrived, without waiting."""

    def close(self, timeout: float) -> None: ...


class _Queue:
    """An inbox over a thread-safe queue."""

    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[Command] = queue.SimpleQueue()

    def get(self, timeout: float | None) -> Command | None:
        try:
            if timeout == 0:
                return self.queue.get_nowait()
            return self.queue.get(timeout=timeout)
        except queue.Empty:
            return None


class ThreadCarrier:
    """The worker as a thread of this process."""

    def __init__(self) -> None:
        self._inbox = _Queue()
        self._replies: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        worker = Worker(self._inbox, self._replies.put)
        self._thread = threading.Thread(target=worker.loop, name="nablascope-worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def send(self, command: Command) -> None:
        self._inbox.queue.put(command)

    def receive(self) -> list[Reply]:
        found = []
        while not self._replies.empty():
            found.append(self._replies.get())
        return found

    def close(self, timeout: float) -> None:
        self.send(Stop())
        if self._thread.ident is not None:
            self._thread.join(timeout)


class Session:
    """Commands and requests in, frames and replies out.

    ``look`` asks for an :class:`Update`; at most one request is under way, so a slow reader never floods and a fast
    one is never behind. Every step's scalars arrive with the next Update: none is lost.
    """

    def __init__(self, carrier: Carrier | None = None) -> None:
        self._carrier = carrier or ThreadCarrier()
        self._runs = itertools.count(1)
        self._looks = itertools.count(1)
        self._pending: int | None = None
        self._closed = False
        self.playing = False
        """As of the last reply or command."""

    def start(self) -> None:
        self._carrier.start()

    def change(self, experiment: Experiment) -> None:
        """Train this from now on: live where only live parameters differ, else rebuilt at step 0."""
        self._carrier.send(Change(next(self._runs), experiment))

    def restart(self) -> None:
        """Back to step 0 with the same weights."""
        self._carrier.send(Restart(next(self._runs)))

    def play(self, steps: int | None = None) -> None:
        """Train, for ever or so many steps."""
        self.playing = True
        self._carrier.send(Play(steps))

    def pause(self) -> None:
        self.playing = False
        self._carrier.send(Pause())

    def limit(self, steps_per_second: float | None) -> None:
        self._carrier.send(Limit(steps_per_second))

    def look(self, wants: frozenset[str] = frozenset()) -> None:
        """Ask for an Update, unless one is under way."""
        if self._pending is None and not self._closed:
            self._pending = next(self._looks)
            self._carrier.send(Look(self._pending, wants))

    def replies(self) -> list[Reply]:
        """All replies that have arrived, without waiting."""
        found = self._carrier.receive()
        for reply in found:
            match reply:
                case Update():
                    self._pending = None
                    self.playing = reply.playing
                case Failed():
                    self._pending = None
                    self.playing = False
        return found

    def close(self, timeout: float = 2.0) -> None:
        """End the worker; may be called again."""
        if not self._closed:
            self._closed = True
            self._carrier.close(timeout)
