"""Why nothing may be run for now: a lesson's prediction is to be committed to before."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal


class Hold(QObject):
    """While there is a reason nothing is trained, and nothing is shown of what a network does: that would tell.

    What trains, exports or looks at it in another window asks :meth:`stops` first; views stay with ``Shown``.
    """

    changed = Signal(str)
    """The reason; empty where there is none any more."""

    def __init__(self, parent: QObject, say: Callable[[str], object]) -> None:
        """``say`` is told the reason where somebody wants what it stops."""
        super().__init__(parent)
        self._say = say
        self.reason = ""

    def set(self, reason: str) -> None:
        """Hold for this reason, or let go with an empty one."""
        if reason != self.reason:
            self.reason = reason
            self.changed.emit(reason)

    def stops(self) -> bool:
        """Whether there is a reason, which is said then."""
        if self.reason:
            self._say(self.reason)
        return bool(self.reason)
