"""Windows that open for files, for losing work, and for reading."""

from collections.abc import Callable

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QMessageBox


def without_icons(buttons: QDialogButtonBox | QMessageBox) -> None:
    """Take the desktop's icons off the buttons: they are words, in the colours of the theme."""
    for button in buttons.buttons():
        button.setIcon(QIcon())


def answers(
    dialog: QDialog, agree: QDialogButtonBox.StandardButton, text: str, agreed: Callable[[], object] | None = None
) -> QDialogButtonBox:
    """The button that agrees, called ``text``, and *Cancel*; ``agreed`` is what is done, else the dialog accepts."""
    buttons = QDialogButtonBox(agree | QDialogButtonBox.StandardButton.Cancel, dialog)
    buttons.button(agree).setText(text)
    without_icons(buttons)
    buttons.accepted.connect(agreed or dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons
