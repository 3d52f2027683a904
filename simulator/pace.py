"""How often something costly is done beside training."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Pace:
    """What took a second is due again after ``rest`` seconds without it, and never before ``least`` seconds."""

    def __init__(self, rest: float, least: float = 0.0) -> None:
        self.rest, self.least = rest, least
        self._next = 0.0

    @property
    def due(self) -> bool:
        return time.perf_counter() >= self._next

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Do it here."""
        began = time.perf_counter()
        yield
        ended = time.perf_counter()
        self._next = ended + max(self.least, self.rest * (ended - began))

    def reset(self) -> None:
        """Due at once."""
        self._next = 0.0
