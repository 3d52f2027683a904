"""How large a window opens: as its text needs, and never larger than the screen or than the window that asks for it."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from ui.style.text_size import scaled

FRAME = QSize(8, 40)
"""What a desktop may put around a window."""


def within_screen(widget: QWidget, width: int, height: int) -> QSize:
    """A size that is given for text of the usual size."""
    room = widget.screen().availableGeometry().size() - FRAME
    parent = widget.parentWidget()
    if parent is not None:
        room = room.boundedTo(parent.window().size())
    return QSize(scaled(width), scaled(height)).boundedTo(room)
