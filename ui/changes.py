"""What was changed in a run while it was being trained, and when."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

MOST = 256


@dataclass(frozen=True)
class Change:
    """A change acted from ``step`` on; ``description`` as undo calls it."""

    step: int
    description: str


class ChangeLog:
    """The changes of one run in order, the newest ``MOST``."""

    def __init__(self) -> None:
        self._entries: deque[Change] = deque(maxlen=MOST)

    @property
    def entries(self) -> tuple[Change, ...]:
        return tuple(self._entries)

    def add(self, step: int, description: str) -> None:
        """Note a change; a drag that says the same again at one step is one change."""
        entry = Change(step, description)
        if description and (not self._entries or self._entries[-1] != entry):
            self._entries.append(entry)


def last_before(changes: Sequence[Change], step: int) -> Change | None:
    """The last change that acted before the network was seen at ``step``, or at it."""
    return next((change for change in reversed(changes) if change.step <= step), None)
