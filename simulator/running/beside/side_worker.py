"""A worker beside the one that trains: it answers requests one after the other, and to cancel ends the present one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from simulator.experiment.experiment import in_words
from simulator.running.inbox import CancellableInbox, Inbox
from simulator.running.messages import Cancel, Failed, Stop, failure
from simulator.system.progress import CancelledError, Progress, ProgressMeter, listening
from simulator.system.text import one_line

REPORTED_AFTER = 0.2
"""Seconds: of what takes longer the progress is reported."""


class Numbered(Protocol):
    """A request, or what comes of one."""

    @property
    def id(self) -> int:
        """That of the request."""


class RequestProgress(Struct, frozen=True):
    """How far the answer to a request is."""

    id: int
    progress: Progress


C = TypeVar("C", bound=Numbered)
"""What is requested."""
R = TypeVar("R", bound=Numbered)
"""What comes of it."""
SideInbox = Inbox[C | Cancel]
"""Where requests come from."""
Post = Callable[[R | RequestProgress | Failed], None]
"""Sends what comes of them."""


class SideWorker(ABC, Generic[C, R]):
    """Answers one request after the other."""

    def __init__(self, inbox: SideInbox[C], post: Post[R]) -> None:
        self._inbox: CancellableInbox[C | Cancel] = CancellableInbox(inbox, Cancel, Stop)
        self.post = post
        self._id = 0
        """Of the present request."""
        self._meter = ProgressMeter(lambda progress: post(RequestProgress(self._id, progress)), REPORTED_AFTER)

    @classmethod
    def loop_of(cls, inbox: SideInbox[C], post: Post[R]) -> Callable[[], None]:
        """The loop of a new one: a :data:`~simulator.running.transport.WorkerFactory`."""
        return cls(inbox, post).loop

    def loop(self) -> None:
        """Work until told to stop."""
        while not isinstance(command := self._inbox.get(None), Stop):
            if command is not None and not isinstance(command, Cancel):
                self._answer(command)

    def _answer(self, request: C) -> None:
        self._id = request.id
        try:
            with listening(self.listen):
                self.answer(request)
        except CancelledError:
            return
        except ValueError as error:
            self.post(Failed(one_line(in_words(error))))
        except OSError as error:
            self.post(Failed(str(error)))
        except Exception as error:
            self.post(failure(error))

    @abstractmethod
    def answer(self, request: C) -> None:
        """Post what comes of a request."""

    def listen(self, doing: str, done: float, total: float, unit: str) -> None:
        """Hear how far something is that takes long: it is reported, and ends where nobody waits for it."""
        self.check_cancelled()
        self.report(doing, done, total, unit)

    def report(self, doing: str, done: float, total: float, unit: str) -> None:
        """Say how far the answer is, now and then."""
        self._meter(doing, done, total, unit)

    def check_cancelled(self, within: float = 0.0) -> None:
        """CancelledError where nobody waits any more; before it is known, it waits ``within`` seconds for an order."""
        if self._inbox.cancelled(within=within):
            raise CancelledError
