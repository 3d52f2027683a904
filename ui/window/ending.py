"""INT and TERM to a window: what is unsaved is kept for the next start, and the window ends without a question."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class EndingSignals(QObject):
    """While it is installed, a signal calls ``end`` with the exit status by which a shell knows it, from Qt's loop."""

    def __init__(self, end: Callable[[int], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._end = end
        self._number: int | None = None
        self._before: dict[int, Any] = {}
        # Python hears a signal only where it runs, and Qt's loop may wait for long: a byte in a socket wakes it.
        self._reading, self._writing = socket.socketpair()
        for end_of_pair in (self._reading, self._writing):
            end_of_pair.setblocking(False)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._wake)

    def install(self) -> None:
        """From now on; elsewhere than in the main thread nobody hears signals."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._hear) for number in SIGNALS}
            signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)

    def uninstall(self) -> None:
        """Give all back."""
        if self._before:
            signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
        self._notifier.setEnabled(False)
        self._reading.close()
        self._writing.close()

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self._number = number

    def _wake(self) -> None:
        self._reading.recv(4096)
        number, self._number = self._number, None
        if number is not None:
            self._end(128 + number)
