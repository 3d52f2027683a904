"""How often something costly is done beside training."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

QUIET_SECONDS = 0.25
"""From the last time that it was put off, until it may be due."""
PATIENCE_SECONDS = 1.0
"""From the first time that it was put off, until it may be due although it is put off again and again."""


class Throttle:
    """What took a second is due again after ``rest`` seconds without it, and never before ``least`` seconds."""

    def __init__(self, rest: float, least: float = 0.0) -> None:
        self.rest, self.least = rest, least
        self._next = self._quiet = self._patient = 0.0

    @property
    def due(self) -> bool:
        now = time.perf_counter()
        return now >= self._next and (now >= self._quiet or now >= self._patient)

    def defer(self) -> None:
        """Not now, while something else is more urgent; again and again, but not for ever."""
        now = time.perf_counter()
        if now >= self._quiet:
            self._patient = now + PATIENCE_SECONDS
        self._quiet = now + QUIET_SECONDS

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Do it here."""
        began = time.perf_counter()
        yield
        self.spent(time.perf_counter() - began)

    def spent(self, seconds: float) -> None:
        """It has just been done, and took so long."""
        ended = time.perf_counter()
        self._next = ended + max(self.least, self.rest * seconds)
        self._patient = max(self._patient, ended + PATIENCE_SECONDS)

    def reset(self) -> None:
        """Due at once."""
        self._next = self._quiet = 0.0
