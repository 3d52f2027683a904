"""One undo: in a text field its keys undo the document's last change, as the menu does; and finding has its own key."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from ui.forms.track import Track

UNDO, REDO, FIND = ("Ctrl+Z",), ("Ctrl+Shift+Z", "Ctrl+Y"), "Ctrl+K"


class OneUndo(QObject):
    """Keeps whatever has the focus in a window from taking the keys of undo, redo and find for itself."""

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
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and is_the_windows(event):
            if isinstance(watched, Track) and watched.dragging:
                watched.finish()  # A turn of the wheel is a change, though it may not have come to rest.
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def is_the_windows(event: QKeyEvent) -> bool:
    """Whether a key is one of undo, redo or find."""
    pressed = QKeySequence(event.keyCombination())
    return any(pressed == QKeySequence(keys) for keys in (*UNDO, *REDO, FIND))
