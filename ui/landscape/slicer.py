"""Brings slices of the present network: the run as it can be computed again, and the worker that cuts it."""

from __future__ import annotations

import itertools

from PySide6.QtCore import QObject, Qt, Signal

from simulator.landscape.function import Window
from simulator.landscape.landscape import Landscape
from simulator.running.beside.slicing import SlicingSession
from simulator.running.beside.slicing_messages import CutRun
from simulator.running.messages import ReplayAnswer
from simulator.running.transport import Mode
from ui.bench.bench import Bench


class Slicer(QObject):
    """Without a bench, what a landscape names is trained."""

    taken = Signal()
    """The present network is there to be cut, or it is known why not."""
    answered = Signal(object)
    """A reply of the worker, or :class:`~simulator.running.messages.Failed`."""
    _notified = Signal()
    """From the thread that hears the worker."""

    def __init__(self, bench: Bench | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self.cut: CutRun | None = None
        self.failure = ""
        self._ids = itertools.count(1)
        self._end: int | None = None
        """The step that is waited for."""
        mode: Mode = "process" if bench is None else bench.link.mode
        self._session = SlicingSession(mode, self._notified.emit)
        self._notified.connect(self._take_replies, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(self._session.close)
        if bench is not None:
            bench.replay_found.connect(self._take_replay)
            bench.closed.connect(self.close)

    @property
    def waiting(self) -> bool:
        """Whether the present network is still awaited."""
        return self._end is not None

    @property
    def beside_a_run(self) -> bool:
        return self._bench is not None

    def take(self) -> None:
        """Have the network as it is now; the run is not touched."""
        bench = self._bench
        if bench is None:
            return
        if bench.hold.reason:
            self._end, self.failure = None, bench.hold.reason
            self.taken.emit()
            return
        if bench.link.worker is None or bench.dead or bench.view is None:
            self._end, self.failure = None, "There is no run to be cut."
            self.taken.emit()
            return
        self._end = bench.view.frame.step
        bench.link.find_replay(0)

    def _take_replay(self, answer: ReplayAnswer) -> None:
        if self._end is None or answer.step != 0:
            return
        end, self._end = self._end, None
        if answer.replay is None:
            self.failure = "The run cannot be computed again from its first step, so its path is not known."
        else:
            self.failure = ""
            self.cut = CutRun(next(self._ids), answer.replay, end)
        self.taken.emit()

    def ask(self, landscape: Landscape, window: Window | None, step: int) -> None:
        """Have the worker answer with all of a slice."""
        self._session.ask(landscape, self.cut if self.beside_a_run else None, window, step)

    def _take_replies(self) -> None:
        for reply in self._session.replies():
            self.answered.emit(reply)

    def close(self) -> None:
        """End the worker."""
        self._session.close()
