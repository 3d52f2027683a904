"""How many threads the linear algebra may use: given, or chosen by the work."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from simulator.network.network import Network
from simulator.system.machine import given_threads

WORTH_SHARING = 2**28
"""Multiply-adds of one product below which a second thread costs more than it brings."""


def blas_threads(network: Network) -> int:
    """Threads for this network on this machine; the same with and without a screen."""
    if (given := given_threads()) is not None:
        return given
    largest = network.batch * max((block.weights for block in network.blocks()), default=0)
    return 1 if largest < WORTH_SHARING else max(1, (os.cpu_count() or 1) - 1)


@functools.cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def limited_blas(threads: int) -> Iterator[None]:
    """Hold the BLAS libraries to ``threads`` threads."""
    with _controller().limit(limits=threads, user_api="blas"):
        yield


@functools.cache
def limits_hold_in_all_threads() -> bool:
    """Whether :func:`limited_blas` holds wherever it is entered; with OpenMP each thread has a limit of its own."""
    return all(each.get("threading_layer") in ("pthreads", "disabled") for each in _controller().info())


class BlasLimit:
    """Holds the BLAS libraries to the threads that are asked for or, where none are, that the network deserves."""

    def __init__(self) -> None:
        self.asked: int | None = None
        self._held = ExitStack()

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """As many as before."""
        self._held.close()

    def hold(self, network: Network) -> int:
        """How many there are from now on."""
        threads = self.asked or blas_threads(network)
        self._held.close()
        self._held.enter_context(limited_blas(threads))
        return threads
