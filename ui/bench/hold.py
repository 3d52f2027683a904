"""Why the bench may not train for now: a lesson's prediction is to be committed to before."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class Hold(QObject):
    """While there is a reason nothing is trained, and commands that train say so."""

    changed = Signal(str)
    """The reason; empty where there is none any more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.reason = ""

    def set(self, reason: str) -> None:
        """Hold for this reason, or let go with an empty one."""
        if reason != self.reason:
            self.reason = reason
            self.changed.emit(reason)
