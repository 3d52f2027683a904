"""What the steps of one network take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StepClock:
    """Adds up the parts of its steps, in whichever threads they are made."""

    def __init__(self) -> None:
        self._seconds = self._processor_seconds = 0.0
        self._made = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """A part of a step is made here."""
        began, used = time.perf_counter(), time.thread_time()
        yield
        self._seconds += time.perf_counter() - began
        self._processor_seconds += time.thread_time() - used

    def count(self) -> None:
        """A step is made."""
        self._made += 1

    @property
    def seconds(self) -> float:
        """Of a step on average; 0 while none was made."""
        return self._seconds / self._made if self._made else 0.0

    @property
    def processor_seconds(self) -> float:
        """What a step takes of a processor on average, however much else that has to do; 0 while none was made."""
        return self._processor_seconds / self._made if self._made else 0.0
