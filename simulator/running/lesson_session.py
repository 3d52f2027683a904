"""A lesson's runs made beside the window: what they measure comes back as numbers by their names."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from simulator.lessons.files import from_builtins
from simulator.lessons.formula import Value
from simulator.lessons.lesson import Lesson, Subject
from simulator.lessons.measuring import measure
from simulator.running.inbox import CancellableInbox, Inbox
from simulator.running.messages import Failed, Stop
from simulator.running.side_session import Cancel, SideSession
from simulator.running.transport import Mode, Notify
from simulator.system.progress import CancelledError, Meter, Progress, listening

TOLD_AFTER = 0.2
"""Seconds: what takes longer is told of."""


class Measure(Struct, frozen=True):
    """Run a lesson, as builtins, on what is described."""

    id: int
    lesson: dict[str, Any]
    subject: Subject


class Measuring(Struct, frozen=True):
    """How far it is."""

    id: int
    progress: Progress


class Measured(Struct, frozen=True):
    """Every number of the lesson by its name; or why there are none."""

    id: int
    values: Mapping[str, Value]
    refusal: str = ""


Command = Measure | Cancel
Reply = Measuring | Measured


class LessonWorker:
    """One lesson after the other; to cancel ends the present one."""

    def __init__(self, inbox: Inbox[Command], post: Callable[[Reply | Failed], None]) -> None:
        self._inbox, self._post = CancellableInbox(inbox, Cancel, Stop), post

    def loop(self) -> None:
        """Work until told to stop."""
        while not isinstance(command := self._inbox.get(None), Stop):
            if isinstance(command, Measure):
                self._measure(command)

    def _measure(self, command: Measure) -> None:
        meter = Meter(lambda progress: self._post(Measuring(command.id, progress)), TOLD_AFTER)

        def listen(doing: str, done: float, total: float, unit: str) -> None:
            if self._inbox.cancelled():
                raise CancelledError(doing)
            meter(doing, done, total, unit)

        try:
            with listening(listen), np.errstate(all="ignore"):
                values = measure(from_builtins(command.lesson), command.subject)
            self._post(Measured(command.id, values))
        except CancelledError:
            return
        except (ValueError, MemoryError) as error:
            self._post(Measured(command.id, {}, " ".join(str(error).split()) or "there is not enough memory"))
        except Exception as error:
            self._post(Failed(f"{type(error).__name__}: {error}", traceback.format_exc()))


def lesson_worker(inbox: Inbox[Command], post: Callable[[Reply | Failed], None]) -> Callable[[], None]:
    """Hires one."""
    return LessonWorker(inbox, post).loop


class LessonSession(SideSession[Measure, Reply]):
    """One request at a time."""

    name = "lesson"

    def __init__(self, mode: Mode, notify: Notify) -> None:
        super().__init__(mode, notify, lesson_worker)

    def measure(self, lesson: Lesson, subject: Subject) -> None:
        """Run the lesson on this; what was asked for before concerns nobody."""
        self.cancel()
        self._ask(lambda number: Measure(number, msgspec.to_builtins(lesson), subject))
