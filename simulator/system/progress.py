"""How far something is that may take long: told by whoever does it, heard by whoever waits, who may end it.

What takes long says :func:`advance` again and again. That costs next to nothing where nobody is :func:`listening`; a
listener hears it in the same thread, and ends it by raising :class:`CancelledError`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from msgspec import Struct

NOTICED_SECONDS = 1.0
"""What takes no longer is not worth a word."""
TOLD_SECONDS = 0.25
"""From one word about it to the next."""
ESTIMATED_SHARE = 0.02
"""Of less, nobody can say how long the whole will take."""
Item = TypeVar("Item")
Listener = Callable[[str, float, float, str], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


class CancelledError(Exception):
    """Nobody waits for it any more."""


class Progress(Struct, frozen=True):
    """What is being done, and how far it is: ``done`` of ``total``."""

    doing: str
    done: float
    total: float
    unit: str = ""
    """What is counted; ``""`` where only the share is known."""
    seconds: float = 0.0
    """How long it has taken so far."""

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(self.done / self.total, 1.0)

    @property
    def seconds_left(self) -> float | None:
        """If it goes on as it has; None where that cannot be said yet."""
        return None if self.share < ESTIMATED_SHARE else self.seconds * (1 - self.share) / self.share


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """What is done in here, in this thread, is heard."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def advance(doing: str, done: float, total: float, unit: str = "") -> None:
    """Say how far something is; raises :class:`CancelledError` where nobody waits for it."""
    listener = _listener.get()
    if listener is not None:
        listener(doing, done, total, unit)


def followed(items: Collection[Item], doing: str, unit: str) -> Iterator[Item]:
    """The items, one after the other, saying how many are done."""
    for done, item in enumerate(items):
        advance(doing, done, len(items), unit)
        yield item


class Reporting:
    """What is done again and again, and says how far it is only when it is done for the first time."""

    _reports_progress = False

    @contextmanager
    def reporting_progress(self) -> Iterator[None]:
        """What is done in here says how far it is; where it is cancelled, it leaves a ruin."""
        self._reports_progress = True
        try:
            yield
        finally:
            self._reports_progress = False

    def _followed(self, items: Collection[Item], doing: str, unit: str) -> Iterable[Item]:
        """The items, :func:`followed` if that is asked for."""
        return followed(items, doing, unit) if self._reports_progress else items


class ProgressMeter:
    """A listener that tells of what takes long, now and then."""

    def __init__(
        self, tell: Callable[[Progress], None], noticed: float = NOTICED_SECONDS, every: float = TOLD_SECONDS
    ) -> None:
        self._tell, self._noticed, self._every = tell, noticed, every
        self._doing, self._done = "", 0.0
        self._began = self._next = self._earliest = 0.0
        self._told = False
        """Whether it has told of what is being done."""

    def __call__(self, doing: str, done: float, total: float, unit: str) -> None:
        now = time.perf_counter()
        if doing != self._doing or done < self._done or not done:
            # What follows something long that was told takes its place at once.
            follows = self._told and now - self._began >= self._noticed
            self._doing, self._began, self._told = doing, now, False
            self._next = max(now, self._earliest) if follows else now + self._noticed
        self._done = done
        if now >= self._next:
            self._told, self._next = True, now + self._every
            self._earliest = self._next
            self._tell(Progress(doing, done, total, unit, now - self._began))
