"""Where a worker runs, and how messages get there and back: a thread of this process, or a process of its own.

A process costs training next to nothing while a window paints (it has its own interpreter lock) and its death leaves
the window standing. The protocol asks for one answer at a time, so a pipe carries it: nothing floods, nothing blocks.
"""

from __future__ import annotations

import gc
import math
import multiprocessing
import os
import queue
import select
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar

from simulator.running.inbox import Inbox

# The worker and its messages are imported where they are used: a process is launched before anything slow is.
if TYPE_CHECKING:
    from multiprocessing.context import ForkContext, SpawnContext

    from simulator.running.messages import Command, Failed, Reply, Stop

Notify = Callable[[], None]
Mode = Literal["thread", "process"]
MODES: tuple[Mode, ...] = ("thread", "process")
C = TypeVar("C")
"""What a worker is told, besides to stop."""
R = TypeVar("R")
"""What it tells, besides that it has failed."""
C_in = TypeVar("C_in", contravariant=True)
NAME = "training"
"""What the usual worker is called."""
REST_SECONDS = 0.25
"""Longest rest of a thread for the sake of a screen that does not say when it is done."""
SWITCH_SECONDS = 2e-4
"""How long a thread that trains may keep the interpreter from a screen that asks for it, and a screen from a reader.

Each call into Qt gives it away and asks for it back, thousands of times a frame; taking an answer off a pipe does so
four times.
"""
PIPE_BYTES = 2**20
"""Room for what a worker tells, usually 2¹⁶: a frame of four networks of fifty layers has 240 kB, and a window that
paints takes it out piece by piece, each when it gives the interpreter to another thread.
"""


def usual_mode() -> Mode:
    """A process where it has a core of its own beside the window's, else a thread."""
    return "process" if (os.cpu_count() or 1) >= 2 else "thread"


WorkerFactory = Callable[[Inbox[C], Callable[[R], None]], Callable[[], None]]
"""Makes a worker, given where its commands come from and where its replies go, and gives its loop; it pickles."""


def trainer(inbox: Inbox[Command], post: Callable[[Reply], None]) -> Callable[[], None]:
    """Hires a worker that trains."""
    from simulator.running.worker import Worker

    return Worker(inbox, post).loop


class Transport(Protocol[C_in, R]):
    """Runs a worker somewhere and carries messages to and from it."""

    @property
    def pid(self) -> int | None:
        """Id of the worker's own process; None where it has none."""

    def start(self, notify: Notify) -> None:
        """Start the worker; ``notify`` is called, in any thread, whenever a reply has arrived. OSError if it cannot."""

    def send(self, command: C_in) -> None: ...

    def receive(self) -> list[R | Failed]:
        """All replies that have arrived, without waiting."""

    def yield_to_gui(self) -> None:
        """Somebody paints: let the interpreter to them, if it is the same one, until :meth:`resume`."""

    def resume(self) -> None: ...

    def close(self, timeout: float) -> None:
        """End the worker, by force if it does not within ``timeout`` seconds."""


class _Notifier:
    """Tells that a reply has arrived until it is ended; once that has returned, nobody is told any more.

    Who was told may be gone then, while a thread that was left to its step still has something to say.
    """

    def __init__(self, notify: Notify) -> None:
        self._lock = threading.RLock()
        self._notify: Notify | None = notify

    def __call__(self) -> None:
        with self._lock:
            if self._notify is not None:
                self._notify()

    def end(self) -> None:
        with self._lock:
            self._notify = None


class _QueueInbox(Generic[C]):
    """An inbox over a thread-safe queue; a worker that looks into it while it is to rest, rests there."""

    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[C | Stop] = queue.SimpleQueue()
        self.free = threading.Event()
        self.free.set()

    def get(self, timeout: float | None) -> C | Stop | None:
        if not self.free.wait(REST_SECONDS):
            self.free.set()
        try:
            return self.queue.get_nowait() if timeout == 0 else self.queue.get(timeout=timeout)
        except queue.Empty:
            return None


class _WithReplies(Generic[C, R]):
    """What a worker is made by, and its replies until they are taken, wherever it runs."""

    def __init__(self, factory: WorkerFactory[C, R], name: str = NAME) -> None:
        self._factory, self._name = factory, name
        self._replies: queue.SimpleQueue[R | Failed] = queue.SimpleQueue()
        self._notifier: _Notifier | None = None
        self._switch_before: float | None = None

    def receive(self) -> list[R | Failed]:
        arrived = []
        while not self._replies.empty():
            arrived.append(self._replies.get())
        return arrived

    def _switch_often(self) -> None:
        """Let threads have the interpreter soon after they ask for it."""
        before = sys.getswitchinterval()
        # The first of several workers gives the interval back.
        if before > SWITCH_SECONDS:
            self._switch_before = before
            sys.setswitchinterval(SWITCH_SECONDS)

    def _switch_as_before(self) -> None:
        if self._switch_before is not None:
            sys.setswitchinterval(self._switch_before)
            self._switch_before = None


class ThreadTransport(_WithReplies[C, R]):
    """The worker as a thread of this process."""

    pid = None

    def __init__(self, factory: WorkerFactory[C, R], name: str = NAME) -> None:
        super().__init__(factory, name)
        self._inbox: _QueueInbox[C] = _QueueInbox()
        self._thread: threading.Thread | None = None

    def start(self, notify: Notify) -> None:
        self._switch_often()
        notifier = self._notifier = _Notifier(notify)

        def post(reply: R) -> None:
            self._replies.put(reply)
            notifier()

        self._thread = threading.Thread(
            target=self._factory(self._inbox, post), name=f"nablascope-{self._name}", daemon=True
        )
        self._thread.start()

    def send(self, command: C) -> None:
        self._inbox.queue.put(command)

    def yield_to_gui(self) -> None:
        self._inbox.free.clear()

    def resume(self) -> None:
        self._inbox.free.set()

    def close(self, timeout: float) -> None:
        from simulator.running.messages import Stop

        self._inbox.queue.put(Stop())
        self.resume()
        if self._notifier is not None:
            self._notifier.end()
        if self._thread is not None:
            self._thread.join(timeout)
        self._switch_as_before()


def _news_of(pipe: Connection) -> Callable[[float | None], bool]:
    """Waits so many seconds (None: for ever) for something to be read off the pipe; whether there is, or it has ended.

    A worker looks three times a step. What the pipe itself offers prepares a selector for each look, which takes 50 µs
    where a look takes two.
    """
    if sys.platform == "win32":
        return pipe.poll
    waiting = select.poll()
    waiting.register(pipe.fileno(), select.POLLIN)

    def has_news(timeout: float | None) -> bool:
        return bool(waiting.poll(None if timeout is None else math.ceil(timeout * 1e3)))

    return has_news


class _PipeInbox(Generic[C]):
    """An inbox over a pipe; the other end's death reads as an order to stop."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._has_news = pipe, _news_of(pipe)

    def get(self, timeout: float | None) -> C | Stop | None:
        try:
            if not self._has_news(timeout):
                return None
            command: C | Stop = self._pipe.recv()
        except (EOFError, OSError):
            from simulator.running.messages import Stop

            return Stop()
        return command


def can_fork() -> bool:
    """Whether a child can be a copy of this process: there is no thread whose locks it would wait for in vain."""
    return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1


def _child(
    factory: WorkerFactory[C, R], commands: Connection, replies: Connection, niceness: int, others: Sequence[Connection]
) -> None:
    """The child process: the same worker over pipes. ``others`` are the window's ends, where it is a copy of that."""
    for end in others:
        end.close()
    # These reach the whole group; the window decides what they mean.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="nablascope-parent", daemon=True).start()
    if niceness and hasattr(os, "nice"):
        os.nice(niceness)
    gc.disable()
    loop = factory(_PipeInbox(commands), replies.send)
    # What has been imported stays: no look for garbage needs to go through it.
    gc.freeze()
    gc.enable()
    try:
        loop()
    except (BrokenPipeError, EOFError):
        return


def _end_with_parent() -> None:
    """Nobody is left who could be told anything: end, in the midst of a step too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _widen(pipe: Connection) -> None:
    """Let a pipe hold an answer about several networks, where the system can: whoever sends it does not wait then."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # Beyond the system's limit it stays as it is.
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


class ProcessTransport(_WithReplies[C, R]):
    """The worker as a child process; a reader thread here takes its replies off the pipe.

    ``niceness`` is by how much others come before it, where the system knows such a thing.
    """

    def __init__(self, factory: WorkerFactory[C, R], name: str = NAME, niceness: int = 0) -> None:
        super().__init__(factory, name)
        self._niceness = niceness
        self._process: multiprocessing.process.BaseProcess | None = None
        self._reader: threading.Thread | None = None
        self._commands: Connection | None = None
        self._incoming: Connection | None = None
        self._closing = False

    def launch(self, fork: bool = False) -> None:
        """Start the process, to warm up before :meth:`start` is called. OSError if it cannot.

        ``fork``: as a copy of this one, which has what has been imported; see :func:`can_fork`.
        """
        context: ForkContext | SpawnContext = get_context("fork") if fork else get_context("spawn")
        child_commands, self._commands = context.Pipe(duplex=False)
        self._incoming, child_replies = context.Pipe(duplex=False)
        _widen(self._incoming)
        others = (self._commands, self._incoming) if fork else ()
        self._process = context.Process(
            target=_child,
            args=(self._factory, child_commands, child_replies, self._niceness, others),
            name=f"nablascope-{self._name}",
            daemon=True,
        )
        self._process.start()
        # Only the child must hold these ends, or its death would not close the pipe.
        child_commands.close()
        child_replies.close()

    def start(self, notify: Notify) -> None:
        if self._process is None:
            self.launch()
        self._switch_often()
        self._notifier = _Notifier(notify)
        reading = self._incoming, self._notifier, self._process
        self._reader = threading.Thread(target=self._read, args=reading, name="nablascope-reader", daemon=True)
        self._reader.start()

    def _read(self, incoming: Connection, notify: Notify, process: multiprocessing.process.BaseProcess) -> None:
        while True:
            try:
                reply: R | Failed = incoming.recv()
            except (EOFError, OSError):
                break
            self._replies.put(reply)
            notify()
        incoming.close()
        if not self._closing:
            from simulator.running.messages import Failed

            self._replies.put(Failed(self._obituary(process), fatal=True))
            notify()

    def _obituary(self, process: multiprocessing.process.BaseProcess) -> str:
        process.join(1.0)
        code = process.exitcode
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            hint = ", as when memory runs out" if name == "SIGKILL" else ""
            return f"The {self._name} process was ended by {name}{hint}."
        return f"The {self._name} process ended unexpectedly (exit status {code})."

    def send(self, command: C | Stop) -> None:
        if self._commands is None:
            return
        try:
            self._commands.send(command)
        except (BrokenPipeError, OSError):
            # The reader tells of the death.
            return

    def yield_to_gui(self) -> None:
        """It has an interpreter of its own."""

    def resume(self) -> None: ...

    @property
    def pid(self) -> int | None:
        """Id of the process, once it is launched."""
        return None if self._process is None else self._process.pid

    def close(self, timeout: float) -> None:
        from simulator.running.messages import Stop

        self._closing = True
        if self._notifier is not None:
            self._notifier.end()
        self.send(Stop())
        if self._commands is not None:
            self._commands.close()
            self._commands = None
        if self._process is not None:
            self._process.join(timeout)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
        if self._reader is not None:
            self._reader.join(timeout)
        self._switch_as_before()
        if self._process is not None:
            if self._reader is None or not self._reader.is_alive():  # Else it may be asking how the process has ended.
                self._process.close()
            self._process = None


def transport_of(mode: Mode, factory: WorkerFactory[C, R]) -> Transport[C, R]:
    """One that starts a worker in a thread or in a process."""
    return ThreadTransport(factory) if mode == "thread" else ProcessTransport(factory)
