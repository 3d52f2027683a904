"""What the window shows: the present of the run, or an earlier step in its place; nothing while it is held."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, SignalInstance

from ui.bench.hold import Hold
from ui.chart.view import View


class Shown(QObject):
    """Passes the present on until an earlier step is to be seen; the run goes on meanwhile.

    While there is a reason to hold, nobody has a view: neither plots nor read-outs, nor whoever examines or exports it.
    """

    changed = Signal(object, float)
    """View to show, steps per second of the run."""

    def __init__(self, hold: Hold, updated: SignalInstance, parent: QObject) -> None:
        """``updated`` brings the present: a view and steps per second."""
        super().__init__(parent)
        self._hold = hold
        updated.connect(self._take)
        hold.changed.connect(lambda _reason: self._tell())
        self._present: View | None = None
        self._past: View | None = None
        self._rate = 0.0

    @property
    def view(self) -> View | None:
        """What is shown; None before the first answer, and while nothing is to be seen."""
        return None if self._hold.reason else self._past or self._present

    def begin(self) -> None:
        """Another run: nothing of the one before is shown."""
        self._present = self._past = None

    def _take(self, view: View, rate: float) -> None:
        """The present, from the worker."""
        self._present, self._rate = view, rate
        if self._past is None:
            self._tell()

    def show_past(self, view: View | None) -> None:
        """Show an earlier step; None: the present again."""
        self._past = view
        self._tell()

    def _tell(self) -> None:
        if self.view is not None:
            self.changed.emit(self.view, self._rate)
