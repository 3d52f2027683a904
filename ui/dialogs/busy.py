"""A dialog that does what takes long itself: it says how far that is, and *Cancel* ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel, QWidget

from simulator.running.progress_text import progress_text
from simulator.system.progress import CancelledError, Progress, ProgressMeter, listening
from ui.dialogs import without_icons

BUSY_SECONDS = 0.5
"""What takes longer says how far it is."""


class BusyDialog(QDialog):
    """Has a line for progress, one for what went wrong, and two buttons; a subclass lays them out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.error = QLabel(self)
        self.error.setProperty("role", "warning")
        self.error.setWordWrap(True)
        self.error.hide()
        self.progress = QLabel(self)
        self.progress.hide()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, self
        )
        without_icons(self.buttons)
        self.buttons.rejected.connect(self.reject)
        self._busy = self._cancelled = False

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Say in the dialog how far it is, where that takes long; *Cancel* raises ``CancelledError`` in here."""
        self._busy, self._cancelled = True, False
        save = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        save.setEnabled(False)
        try:
            with listening(ProgressMeter(self._show_progress, BUSY_SECONDS)):
                yield
        finally:
            self._busy = False
            self.progress.hide()
            save.setEnabled(True)

    def _show_progress(self, progress: Progress) -> None:
        self.progress.setText(progress_text(progress))
        self.progress.show()
        QApplication.processEvents()
        if self._cancelled:
            raise CancelledError

    def say_error(self, sentence: str) -> None:
        """What went wrong; the dialog stays."""
        self.error.setText(sentence)
        self.error.show()

    def reject(self) -> None:
        """End what is being done; else close."""
        if self._busy:
            self._cancelled = True
        else:
            super().reject()
