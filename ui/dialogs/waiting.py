"""What takes long in the window's own thread: how far it is, and a button that ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressDialog, QWidget

from simulator.running.progress_text import progress_text
from simulator.system.progress import CancelledError, Progress, ProgressMeter, listening
from ui.dialogs.busy import BUSY_SECONDS

PARTS = 1000


@contextmanager
def waiting(parent: QWidget, title: str) -> Iterator[None]:
    """Whatever is done in here says how far it is; CancelledError comes out of it where a person ends it."""
    dialogs: list[QProgressDialog] = []

    def show(progress: Progress) -> None:
        if not dialogs:
            dialogs.append(_dialog(parent, title))
        dialogs[0].setLabelText(progress_text(progress))
        # This lets the window live, and only that.
        dialogs[0].setValue(min(round(PARTS * progress.share), PARTS - 1))
        if dialogs[0].wasCanceled():
            raise CancelledError

    try:
        with listening(ProgressMeter(show, BUSY_SECONDS)):
            yield
    finally:
        for dialog in dialogs:
            dialog.close()
            dialog.deleteLater()


def _dialog(parent: QWidget, title: str) -> QProgressDialog:
    dialog = QProgressDialog("", "Cancel", 0, PARTS, parent)
    dialog.setWindowTitle(title)
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    dialog.setMinimumDuration(0)
    dialog.setAutoClose(False)
    dialog.setAutoReset(False)
    return dialog
