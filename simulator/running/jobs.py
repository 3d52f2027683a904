"""Jobs of several networks, on as many of the processor's cores as may be taken.

What a step spends its time with lets other threads of the interpreter go on meanwhile: products of matrices, and
whatever else numpy does with arrays that are not small.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence

from simulator.network.threads import limits_hold_in_all_threads

Job = Callable[[], None]


def other_cores(threads: int, left: int) -> int:
    """How many jobs may be made beside one, where each product of matrices has so many threads.

    ``left`` is how many cores they leave to others, such as a window that paints.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(0, (usable - left) // threads - 1) if limits_hold_in_all_threads() else 0


class Jobs:
    """Begun on other cores in their order; :meth:`finish` makes here what is left."""

    def __init__(self, jobs: Sequence[Job], others: int) -> None:
        self._left = deque(jobs)
        self._errors: list[Exception] = []
        self._threads = [
            threading.Thread(target=self._make, name="nablascope-network", daemon=True)
            for _ in range(min(others, len(jobs)))
        ]
        for thread in self._threads:
            thread.start()

    def _make(self) -> None:
        """One after the other, as long as there are any."""
        while self._left:
            try:
                job = self._left.popleft()
            except IndexError:  # Another thread was quicker.
                return
            try:
                job()
            except Exception as error:
                self._errors.append(error)

    def finish(self) -> None:
        """All are made when this returns; the first error is raised then."""
        self._make()
        self.drop()
        if self._errors:
            raise self._errors[0]

    def drop(self) -> None:
        """Begin none any more; those that were begun are made when this returns."""
        self._left.clear()
        for thread in self._threads:
            thread.join()
