"""Where cells are made: in processes of this machine, or on a Dask cluster; both by ``concurrent.futures``."""

from __future__ import annotations

import contextlib
import logging
import math
import multiprocessing
import os
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from ctypes import c_double
from importlib import import_module
from typing import Any

from simulator.experiment.experiment import ExperimentError
from simulator.maps.making import CellJob, MadeCell, make, where
from simulator.system.environment import Environment
from simulator.system.text import one_line

KERNEL, THREADS = "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS"
"""Variables that the linear algebra reads when numpy is imported."""


DEAD_AT_ONCE = "the processes that are to train the map die before they begin"


class CellError(Exception):
    """A cell cannot be made there, for a reason that is said; others can."""


class LostWorkersError(Exception):
    """Processes that made cells have died; those cells are to be made again."""


class Engine(ABC):
    """Makes cells, several at a time."""

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many at a time."""

    @abstractmethod
    def where(self) -> Environment:
        """Versions and kernel of a process that makes cells."""

    @abstractmethod
    def submit(self, job: CellJob) -> Future[MadeCell]:
        """Have a cell made."""

    def result(self, future: Future[MadeCell]) -> MadeCell:
        """Of a cell that is done; LostWorkersError where its process has died, CellError where it ends each one."""
        return future.result()

    def share(self, job: CellJob) -> float:
        """How much of a cell that is being made is done, from 0 to 1; 0 where nobody knows, or it is not begun."""
        return 0.0

    def renew(self) -> None:
        """Processes have died: have others in their place."""
        return

    @abstractmethod
    def close(self) -> None:
        """End what is being made."""


# -- processes of this machine ------------------------------------------------------------------------------------

WATCH_SECONDS = 0.1
"""From one look at whether to end to the next."""
BEGUN = 0.5
"""Steps of a cell that is begun."""
_shared: Any = None
"""In a process that makes cells: memory that all see; the steps of each cell that are made, last whether to end."""


def _begin(shared: Any, niceness: int) -> None:
    """In a new process: end when it is told or left alone, and leave signals from a keyboard to its parent."""
    global _shared
    _shared = shared
    if niceness and hasattr(os, "nice"):
        os.nice(niceness)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_watch, args=(shared,), name="nablascope-parent", daemon=True).start()


def _watch(shared: Any) -> None:
    """End in the midst of a step too."""
    parent = multiprocessing.parent_process()
    while parent is not None and parent.is_alive() and not shared[-1]:
        parent.join(WATCH_SECONDS)
    os._exit(1)


def _make(job: CellJob) -> MadeCell:
    """Make a cell and say how far it is."""

    def hear(step: int) -> None:
        _shared[job.number] = step + 1

    _shared[job.number] = BEGUN
    return make(job, hear)


@contextlib.contextmanager
def variables(**values: str) -> Iterator[None]:
    """The environment that processes inherit which are started in here."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class LocalEngine(Engine):
    """Spawned processes with one thread of linear algebra each."""

    def __init__(self, cells: int, jobs: int | None = None, kernel: str = "", niceness: int = 0) -> None:
        """``cells`` is how many there are to be numbered; ``kernel`` is the processor that products are made for.

        ``niceness`` is by how much others come before it, where the system knows such a thing.
        """
        self._slots = max(1, min(jobs or os.cpu_count() or 1, cells))
        self._variables = {THREADS: "1", **({KERNEL: kernel} if kernel else {})}
        self._context = multiprocessing.get_context("spawn")
        self._niceness = niceness
        # No lock: a process that dies in the midst of a word must not leave the others waiting for it.
        self._shared = self._context.RawArray(c_double, cells + 1)
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._slots, self._context, _begin, (self._shared, self._niceness))

    @property
    def slots(self) -> int:
        return self._slots

    def where(self) -> Environment:
        """OSError where its processes do not start, ExperimentError where they have another kernel than they must."""
        with variables(**self._variables):
            try:
                # A pool starts one process with each thing that waits: all at once, so that all train from the start.
                first, *_ = [self._pool.submit(where) for _ in range(self._slots)]
                here = first.result()
            except BrokenProcessPool:
                raise OSError(DEAD_AT_ONCE) from None
        asked = self._variables.get(KERNEL, here.kernel)
        if here.kernel.lower() != asked.lower():
            raise ExperimentError(f"products are made for {here.kernel} here, and cannot be for {asked}")
        return here

    def submit(self, job: CellJob) -> Future[MadeCell]:
        self._shared[job.number] = 0
        # A pool starts processes with what it is given to do, in place of dead ones too.
        with variables(**self._variables):
            try:
                return self._pool.submit(_make, job)
            except BrokenProcessPool as error:
                raise LostWorkersError from error

    def result(self, future: Future[MadeCell]) -> MadeCell:
        try:
            return future.result()
        except BrokenProcessPool as error:
            raise LostWorkersError from error

    def share(self, job: CellJob) -> float:
        return min(self._shared[job.number] / (job.sweep.steps + 1), 1.0)

    def renew(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = self._new_pool()

    def close(self) -> None:
        self._shared[-1] = 1
        self._pool.shutdown(wait=True, cancel_futures=True)


# -- a cluster ------------------------------------------------------------------------------------------------------


def dask() -> Any:
    """The library, which has no types and is not there unless it is asked for; ExperimentError where it is not."""
    try:
        return import_module("distributed")
    except ImportError:
        told = "a cluster needs Dask: install nablascope[cluster], or train on this computer's cores"
        raise ExperimentError(told) from None


COUNTED_SECONDS = 2.0
"""From one count of a cluster's threads to the next."""


class ClusterEngine(Engine):
    """The processes of a Dask cluster; a dead one's cells are made by others, as the cluster sees to it."""

    def __init__(self, address: str, kernel: str = "") -> None:
        """OSError where there is no cluster, ExperimentError where its processes lack the program or the ``kernel``."""
        distributed = dask()
        try:
            self._client = distributed.Client(address, set_as_default=False, timeout="10s")
        except (OSError, ValueError, TimeoutError) as error:
            raise OSError(f"there is no cluster at {address} ({one_line(error)})") from None
        # It tells at length what is said here in a sentence.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        self._killed: type[Exception] = distributed.KilledWorker
        self._closed: type[Exception] = import_module("distributed.client").ClosedClientError
        self._workers = self._of_kernel(kernel)
        chosen = {"workers": self._workers} if kernel else {}
        self._executor: Executor = self._client.get_executor(pure=False, retries=0, **chosen)
        self._pinned = bool(kernel)
        self._counted, self._threads = -math.inf, 1

    def _of_kernel(self, kernel: str) -> list[str]:
        answers: dict[str, Environment | Exception] = self._client.run(where, on_error="return")
        if not answers:
            raise ExperimentError("the cluster has no worker")
        for worker, answer in answers.items():
            if isinstance(answer, Exception):
                reason = one_line(answer)
                raise ExperimentError(f"the worker at {worker} cannot train: is nablascope installed there? ({reason})")
        self._environments = {worker: here for worker, here in answers.items() if not isinstance(here, Exception)}
        chosen = [worker for worker, here in self._environments.items() if kernel.lower() in ("", here.kernel.lower())]
        if not chosen:
            known = ", ".join(sorted({here.kernel for here in self._environments.values()}))
            raise ExperimentError(f"no worker of the cluster has the kernel {kernel}; there are {known}")
        return chosen

    @property
    def slots(self) -> int:
        """Threads of all workers; those that join later are counted too."""
        if time.monotonic() - self._counted > COUNTED_SECONDS:
            with self._connected():
                self._counted, threads = time.monotonic(), self._client.nthreads()
            self._threads = sum(own for worker, own in threads.items() if not self._pinned or worker in self._workers)
        return max(1, self._threads)

    def where(self) -> Environment:
        return self._environments[self._workers[0]]

    def submit(self, job: CellJob) -> Future[MadeCell]:
        with self._connected():
            return self._executor.submit(make, job)

    def result(self, future: Future[MadeCell]) -> MadeCell:
        """OSError where the cluster is lost."""
        try:
            with self._connected():
                return future.result()
        except self._killed:
            raise CellError("the cluster's processes that trained it have died, as when memory runs out") from None

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        """OSError where the scheduler has died, or the way to it is cut."""
        try:
            yield
        except (CancelledError, OSError, self._closed) as error:
            raise OSError(f"the cluster is lost ({type(error).__name__}): cells that are made stand") from None

    def close(self) -> None:
        self._executor.shutdown(wait=False)
        self._client.close()
