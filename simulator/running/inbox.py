"""Where a worker's commands come from, whatever carries them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from simulator.running.messages import Stop

C = TypeVar("C", covariant=True)
"""What a worker is told, besides to stop."""
T = TypeVar("T")


class Inbox(Protocol[C]):
    """Commands, in the order in which they were sent."""

    def get(self, timeout: float | None) -> C | Stop | None:
        """The next command; None if none comes within ``timeout`` seconds (None waits, 0 does not)."""


class CancellableInbox(Generic[T]):
    """An inbox that is looked through for an order to cancel, or for a command that overtakes what is being done."""

    def __init__(self, inbox: Inbox[T], cancel: type, stop: type) -> None:
        self._inbox, self._cancel, self._stop = inbox, cancel, stop
        self._waiting: deque[T | Stop] = deque()

    def get(self, timeout: float | None) -> T | Stop | None:
        """The next command; None if none comes within ``timeout`` seconds (None waits, 0 does not)."""
        return self._waiting.popleft() if self._waiting else self._inbox.get(timeout)

    def cancelled(self, with_it: Callable[[T | Stop], bool] = lambda _command: False, within: float = 0.0) -> bool:
        """Whether to cancel has come, or to stop; whatever else has come still waits, as the order to stop does.

        What came before the order to cancel and goes ``with_it`` is not done either. Where nothing has come yet, it
        waits ``within`` seconds for a command.
        """
        self._take_in(within)
        waiting = list(self._waiting)
        places = [place for place, command in enumerate(waiting) if isinstance(command, self._cancel)]
        if places:
            before = [each for each in waiting[: places[-1]] if not (isinstance(each, self._cancel) or with_it(each))]
            self._waiting = deque([*before, *waiting[places[-1] + 1 :]])
        return bool(places) or any(isinstance(command, self._stop) for command in self._waiting)

    def overtaken(self, overtakes: Callable[[T | Stop], bool], needless: Callable[[T | Stop], bool]) -> bool:
        """Whether a command that ``overtakes`` what is being done has come: the last of them is next.

        What came before it and is ``needless`` then goes, and so does what was to cancel; an order to stop comes first.
        """
        self._take_in()
        waiting = list(self._waiting)
        places = [place for place, command in enumerate(waiting) if overtakes(command)]
        if not places or any(isinstance(command, self._stop) for command in waiting):
            return False
        before, last, behind = waiting[: places[-1]], waiting[places[-1]], waiting[places[-1] + 1 :]
        kept = [each for each in before if not (needless(each) or isinstance(each, self._cancel))]
        self._waiting = deque([last, *kept, *behind])
        return True

    def _take_in(self, within: float = 0.0) -> None:
        """All that has come; where that is nothing, what comes ``within`` seconds."""
        while (command := self._inbox.get(within)) is not None:
            self._waiting.append(command)
            within = 0.0
