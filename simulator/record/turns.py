"""When what is sampled was seen in another condition than before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from msgspec import Struct

MOST_TURNS = 64


class Turn(Struct, frozen=True):
    """It was seen in another condition than before."""

    condition: str
    step: int
    """The look that first saw it so."""
    after: int | None
    """The look before; None at the first."""


class TurnLog:
    """The turns of one subject in order, the newest ``MOST_TURNS``.

    ``usual`` is its condition before the first look.
    """

    def __init__(self, usual: str = "") -> None:
        self.usual = usual
        self._entries: deque[Turn] = deque(maxlen=MOST_TURNS)

    @property
    def entries(self) -> tuple[Turn, ...]:
        """None of a subject that has been as usual all along."""
        return tuple(self._entries)

    def add(self, step: int, condition: str, after: int | None) -> None:
        """Take in how one look saw it; ``after`` is the look before."""
        if condition != (self._entries[-1].condition if self._entries else self.usual):
            self._entries.append(Turn(condition, step, after))

    def restore(self, entries: Iterable[Turn]) -> None:
        """Become the log that had these entries."""
        self._entries = deque(entries, MOST_TURNS)

    def until(self, step: int) -> TurnLog:
        """A log of its own of the turns before ``step``."""
        cut = TurnLog(self.usual)
        cut._entries.extend(turn for turn in self._entries if turn.step < step)
        return cut
