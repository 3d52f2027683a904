"""Windows that open for files, for losing work, and for reading."""

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialogButtonBox, QMessageBox


def without_icons(buttons: QDialogButtonBox | QMessageBox) -> None:
    """Take the desktop's icons off the buttons: they are words, in the colours of the theme."""
    for button in buttons.buttons():
        button.setIcon(QIcon())
