"""INT and TERM in a command: they end a run after the step in hand; once more, or before the first step, at once."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _status(number: int) -> int:
    return 128 + number


class InterruptedRun(BaseException):
    """A signal has ended what was being done; no error, so that nothing takes it for one."""

    def __init__(self, number: int, begun: bool) -> None:
        super().__init__(number)
        self.number = number
        self.begun = begun
        """Whether a run had begun to write."""

    @property
    def status(self) -> int:
        """The exit status by which a shell knows the signal."""
        return _status(self.number)


class Interruption(AbstractContextManager["Interruption"]):
    """While it is entered, the first signal is remembered for whoever asks between two steps."""

    def __init__(self, when: str = "after this step") -> None:
        """``when`` the first signal ends what is being done."""
        self._when = when
        self.number: int | None = None
        """Of the signal that has come."""
        self._asked = False
        self._before: dict[int, Any] = {}

    @property
    def status(self) -> int:
        """The exit status: 0 where no signal has come, else that by which a shell knows the signal."""
        return 0 if self.number is None else _status(self.number)

    def __call__(self) -> bool:
        """Whether to end here."""
        self._asked = True
        return self.number is not None

    def __enter__(self) -> Interruption:
        # Elsewhere than in the main thread nobody hears signals.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._hear) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self.number is not None or not self._asked:
            raise InterruptedRun(number, self._asked)
        self.number = number
        print(f"\nending {self._when}; once more ends at once", file=sys.stderr)
