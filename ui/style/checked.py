"""A button that shows whether it is on, without telling of it."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QAbstractButton


def check(button: QAbstractButton, on: bool) -> None:
    """Show it checked or not, as if nobody had pressed it."""
    with QSignalBlocker(button):
        button.setChecked(on)
