"""Files that are dropped on a window, as a file manager does it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from ui.window.main_window import MainWindow


def drop(window: MainWindow, path: Path) -> None:
    """Drag a file over a window, which takes it, and let it go there."""
    data, at = QMimeData(), QPointF(300, 300)
    data.setUrls([QUrl.fromLocalFile(str(path))])
    given = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    try:
        entered = QDragEnterEvent(at, *given)
    except TypeError:
        # Before Qt 6.12 a drag entered at a whole pixel.
        entered = QDragEnterEvent(at.toPoint(), *given)
    QApplication.sendEvent(window, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(window, QDropEvent(at, *given))
