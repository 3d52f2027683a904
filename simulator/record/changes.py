"""What was changed in a run while it was being trained, and when."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

MOST = 256
REVIVE = "Revive"
"""How a change is called that draws units anew: it is one of the network, and of no setting."""


class Change(Struct, frozen=True):
    """A change acted from ``step`` on; ``description`` as undo calls it. A drag went on until another step."""

    step: int
    description: str
    until: int | None = None

    @property
    def last(self) -> int:
        """The step from which on the change acted as a whole."""
        return self.step if self.until is None else self.until


class ChangeLog:
    """The changes of one run in order, the newest ``MOST``; of those that an edit has made it knows which."""

    def __init__(self) -> None:
        self._entries: deque[Change] = deque(maxlen=MOST)
        self._edits: deque[tuple[int, ...]] = deque(maxlen=MOST)
        """Numbers of the edits that each stands for: several that say the same at one step are one change."""
        self._taken_back: dict[int, Change] = {}
        """By the number of the edit that made it."""

    @property
    def entries(self) -> tuple[Change, ...]:
        return tuple(self._entries)

    def add(self, step: int, description: str, *, goes_on: bool = False, edit: int = 0) -> None:
        """Note a change; what says the same again at one step, or goes on with a drag, is one change."""
        before = self._entries[-1] if self._entries else None
        same = before is not None and before.description == description
        if before is not None and same and goes_on and step > before.last:
            self._entries[-1] = replace(before, until=step)
        elif description and not (before is not None and same and before.last == step):
            self._entries.append(Change(step, description))
            self._edits.append((edit,))
        elif before is not None and same and edit not in self._edits[-1]:
            self._edits[-1] = (*self._edits[-1], edit)

    def take_back(self, edit: int, step: int | None = None) -> bool:
        """Forget the last change of an edit, which was undone; whether there was one.

        With a ``step`` only what was changed there, and nowhere else: between the two no step was made.
        """
        for place in reversed(range(len(self._entries))):
            if edit not in self._edits[place]:
                continue
            change = self._entries[place]
            if step is not None and (change.step, change.last) != (step, step):
                return False
            self._taken_back[edit] = change
            self._edits[place] = tuple(each for each in self._edits[place] if each != edit)
            if not self._edits[place]:
                del self._entries[place], self._edits[place]
            return True
        return False

    def bring_back(self, edit: int) -> bool:
        """Note again, where it stood, what an edit that is made again had changed; whether that is known."""
        change = self._taken_back.pop(edit, None)
        if change is None:
            return False
        place = next((at for at, each in enumerate(self._entries) if each.step > change.step), len(self._entries))
        if len(self._entries) < MOST:
            self._entries.insert(place, change)
            self._edits.insert(place, (edit,))
        return True

    def restore(self, entries: Iterable[Change]) -> None:
        """Become the log that had these entries."""
        self._entries = deque(entries, MOST)
        self._edits = deque([(0,)] * len(self._entries), MOST)

    def until(self, step: int) -> ChangeLog:
        """A log of its own of the changes before ``step``."""
        earlier = ChangeLog()
        for change, edits in zip(self._entries, self._edits, strict=True):
            if change.step < step:
                earlier._entries.append(change)
                earlier._edits.append(edits)
        return earlier


def last_before(changes: Sequence[Change], step: int) -> Change | None:
    """The last change that acted before the network was seen at ``step``, or at it."""
    return next((change for change in reversed(changes) if change.step <= step), None)
