"""INT and TERM to a window: what is unsaved is kept for the next start, and the window ends without a question."""

from __future__ import annotations

import signal
import socket
import threading
from types import FrameType
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class EndingSignals(QObject):
    """While it is installed, signals are heard in Qt's loop."""

    came = Signal(int)
    """The exit status by which a shell knows the signal."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.number: int | None = None
        """Of the signal that has come."""
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
            self._before = {number: signal.signal(number, self._keep_number) for number in SIGNALS}
            signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)

    def uninstall(self) -> None:
        """Give signals back to whom they were with before."""
        if self._before:
            signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
        self._notifier.setEnabled(False)
        self._reading.close()
        self._writing.close()

    def _keep_number(self, number: int, _frame: FrameType | None) -> None:
        self.number = number

    def _wake(self) -> None:
        self._reading.recv(4096)
        if self.number is not None:
            self.came.emit(128 + self.number)
