"""What becomes of a window, for whoever follows it."""

from __future__ import annotations

from collections.abc import Callable, Container

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget


class _WindowEvents(QObject):
    """One filter for all: each one in Python is asked at each paint of each plot."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._followers: list[tuple[Container[QEvent.Type], Callable[[], object]]] = []
        window.installEventFilter(self)

    def add(self, kinds: Container[QEvent.Type], act: Callable[[], object]) -> None:
        self._followers.insert(0, (kinds, act))

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        for kinds, act in self._followers:
            if kind in kinds:
                act()
        return False


def follow(window: QWidget, kinds: Container[QEvent.Type], act: Callable[[], object]) -> None:
    """Do ``act`` before a window is told of an event of these kinds; who comes last is the first, as in Qt."""
    events = window.findChild(_WindowEvents) or _WindowEvents(window)
    events.add(kinds, act)
