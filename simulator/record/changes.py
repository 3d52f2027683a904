"""What was changed in a run while it was being trained, and when."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

MOST = 256
REVIVE = "Revive"
"""How a change is called that draws units anew: it is one of the network, and of no setting."""


@dataclass(frozen=True)
class Change:
    """A change acted from ``step`` on; ``description`` as undo calls it. A drag went on until another step."""

    step: int
    description: str
    until: int | None = None

    @property
    def last(self) -> int:
        """The step from which on the change acted as a whole."""
        return self.step if self.until is None else self.until


class ChangeLog:
    """The changes of one run in order, the newest ``MOST``."""

    def __init__(self) -> None:
        self._entries: deque[Change] = deque(maxlen=MOST)

    @property
    def entries(self) -> tuple[Change, ...]:
        return tuple(self._entries)

    def add(self, step: int, description: str, *, goes_on: bool = False) -> None:
        """Note a change; what says the same again at one step, or goes on with a drag, is one change."""
        before = self._entries[-1] if self._entries else None
        same = before is not None and before.description == description
        if before is not None and same and goes_on and step > before.last:
            self._entries[-1] = replace(before, until=step)
        elif description and not (before is not None and same and before.last == step):
            self._entries.append(Change(step, description))

    def restore(self, entries: Iterable[Change]) -> None:
        """Become the log that had these entries."""
        self._entries = deque(entries, MOST)

    def until(self, step: int) -> ChangeLog:
        """A log of its own of the changes before ``step``."""
        earlier = ChangeLog()
        earlier._entries.extend(change for change in self._entries if change.step < step)
        return earlier


def last_before(changes: Sequence[Change], step: int) -> Change | None:
    """The last change that acted before the network was seen at ``step``, or at it."""
    return next((change for change in reversed(changes) if change.step <= step), None)
