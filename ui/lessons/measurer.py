"""Makes a lesson's run beside the window and brings what it measures."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

from simulator.lessons.lesson import Lesson, LessonSubject
from simulator.running.beside.lesson_session import LessonSession, Measured
from simulator.running.beside.side_worker import RequestProgress
from simulator.running.messages import Failed
from simulator.running.progress_text import how_far
from simulator.running.transport import Mode


class Measurer(QObject):
    """One run at a time, in a worker that the first one hires."""

    progressed = Signal(str)
    """How far it is, in words."""
    measured = Signal(object)
    """Every number by its name."""
    refused = Signal(str)
    """Why there are none, in a sentence."""
    _notified = Signal()

    def __init__(self, mode: Callable[[], Mode], parent: QObject) -> None:
        super().__init__(parent)
        self._mode = mode
        self._session: LessonSession | None = None
        self._notified.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def measure(self, lesson: Lesson, subject: LessonSubject) -> None:
        """Run the lesson on this; what was asked for before concerns nobody."""
        if self._session is None:
            self._session = LessonSession(self._mode(), self._notified.emit)
        self._session.measure(lesson, subject)

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        if self._session is not None:
            self._session.cancel()

    def close(self) -> None:
        """End the worker; the next run hires another."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _take(self) -> None:
        for reply in [] if self._session is None else self._session.replies():
            match reply:
                case RequestProgress(progress=progress):
                    self.progressed.emit(how_far(progress))
                case Measured(values=values):
                    self.measured.emit(values)
                case Failed(message=message):
                    self.refused.emit(message)
