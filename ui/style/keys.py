"""Keys: what is held down with them, and whose they are where the window has commands on them too."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget


def held(event: QKeyEvent) -> Qt.KeyboardModifier:
    """Shift, Ctrl and the like; not where the key lies: macOS takes every arrow for one of the keypad's."""
    return event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier


def asks_for(event: QEvent, *keys: Qt.Key) -> bool:
    """Whether Qt asks if one of these keys is to be kept from the window's commands, by accepting the event."""
    return event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in keys


class OwnKeys(QWidget):
    """Keys that the main window has for the whole program mean this widget's own while it has the focus."""

    def act_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        """What a key does here; None where it does nothing."""
        raise NotImplementedError

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self.act_of(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        act = self.act_of(event)
        if act is None:
            super().keyPressEvent(event)
        else:
            act()
