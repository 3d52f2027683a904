"""What is held down while a key is pressed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent


def held(event: QKeyEvent) -> Qt.KeyboardModifier:
    """Shift, Ctrl and the like; not where the key lies: macOS takes every arrow for one of the keypad's."""
    return event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
