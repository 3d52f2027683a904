"""Widgets that lie over another one, whatever size that has."""

from __future__ import annotations

from PySide6.QtCore import QChildEvent, QEvent, QObject
from PySide6.QtWidgets import QWidget

OVER = "liesOver"


class _Follower(QObject):
    """Lives with the widget that lies over the other."""

    def __init__(self, over: QWidget, below: QWidget) -> None:
        super().__init__(over)
        self._over = over
        below.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self._over.setGeometry(watched.rect())
        elif isinstance(event, QChildEvent) and event.added() and not event.child().property(OVER):
            _raise_all(watched)
        return super().eventFilter(watched, event)


def _raise_all(below: QObject) -> None:
    """What lies over it stays above further parts of it; the last that was laid stays the uppermost."""
    for child in below.children():
        if isinstance(child, QWidget) and child.property(OVER):
            child.raise_()


def lay_over(over: QWidget, below: QWidget) -> None:
    """Cover all of ``below`` from now on; until it is deleted, or laid elsewhere."""
    over.setProperty(OVER, True)
    over.setParent(below)
    over.setGeometry(below.rect())
    _Follower(over, below)
    over.show()
    over.raise_()
