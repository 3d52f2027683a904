"""One undo: in a text field its keys undo the document's last change, as the menu does; other commands' too."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from ui.forms.track import Track

UNDO, REDO, FIND = ("Ctrl+Z",), ("Ctrl+Shift+Z", "Ctrl+Y"), "Ctrl+K"
_Key = QKeySequence.StandardKey
OF_FIELDS = (_Key.Copy, _Key.Cut, _Key.Paste, _Key.SelectAll)
"""What a field that is typed in does itself, whatever else its keys are given to."""


class OneUndo(QObject):
    """Keeps whatever has the focus in a window from taking the keys of the window's commands for itself.

    Left alone, a field would go to its end by Ctrl+E, and undo its own typing.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._watch)

    def _watch(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None:
            old.removeEventFilter(self)
        # A dialog is not the document's: its fields have an undo of their own.
        if new is not None and new.window() is self._window:
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._is_the_windows(event)
        ):
            if isinstance(watched, Track) and watched.dragging:
                watched.finish()  # A turn of the wheel is a change, though it may not have come to rest.
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _is_the_windows(self, event: QKeyEvent) -> bool:
        """Whether a key with Ctrl is that of one of its commands."""
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier or any(map(event.matches, OF_FIELDS)):
            return False
        pressed = QKeySequence(event.keyCombination())
        return any(pressed in command.shortcuts() for command in self._window.actions())
