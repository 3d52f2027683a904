"""What the window shows: the present of the run, or an earlier step in its place."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ui.chart.view import View


class Shown(QObject):
    """Passes the present on until an earlier step is to be seen; the run goes on meanwhile."""

    changed = Signal(object, float)
    """View to show, steps per second of the run."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._present: View | None = None
        self._past: View | None = None
        self._rate = 0.0

    @property
    def view(self) -> View | None:
        """What is shown; None before the first answer."""
        return self._past or self._present

    def begin(self) -> None:
        """Another run: nothing of the one before is shown."""
        self._present = self._past = None

    def take(self, view: View, rate: float) -> None:
        """The present, from the worker."""
        self._present, self._rate = view, rate
        if self._past is None:
            self.changed.emit(view, rate)

    def show_past(self, view: View | None) -> None:
        """Show an earlier step; None: the present again."""
        self._past = view
        if self.view is not None:
            self.changed.emit(self.view, self._rate)
