"""Asking which library a network is written for."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QRadioButton, QWidget

from ui.dialogs import answers
from ui.style.boxes import in_dialog

TEXT_WIDTH = 420
INTRODUCTION = (
    "Three files in a folder: a program that builds this network as it is now, trains it on and answers new rows, "
    "its weights, and what the bench computes, with which the program proves that it computes the same."
)
LIBRARIES: Mapping[str, str] = {"pytorch": "PyTorch", "keras": "Keras"}
"""Name on the command line → what it is called."""


class CodeDialog(QDialog):
    """A button for each library."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export code")
        introduction = QLabel(INTRODUCTION, self, wordWrap=True)
        introduction.setMinimumWidth(TEXT_WIDTH)
        self.choices = {library: QRadioButton(title, self) for library, title in LIBRARIES.items()}
        next(iter(self.choices.values())).setChecked(True)
        self.buttons = answers(self, QDialogButtonBox.StandardButton.Save, "Export into a folder…")
        in_dialog(self, introduction, *self.choices.values(), self.buttons)

    @property
    def library(self) -> str:
        """The one that is chosen, by its name on the command line."""
        return next(library for library, choice in self.choices.items() if choice.isChecked())
