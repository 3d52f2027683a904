"""What takes long: what it is, how far, about how long, and a button that cancels it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from simulator.running.progress_text import progress_text
from simulator.system.progress import Progress
from ui.style.boxes import in_row
from ui.style.widgets import progress_bar, tool_button

BAR_WIDTH = 80


class ProgressLine(QWidget):
    """Part of the status bar; there while something takes long."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("What takes long")
        self._label = QLabel(self)
        self.bar = progress_bar("How far it is", 1000, self)
        self.bar.setFixedWidth(BAR_WIDTH)
        tip = "End it here; the run and the experiment stay."
        self.button = tool_button("Cancel", tip, self.cancelled.emit, self)
        in_row(self._label, self.bar, self.button, on=self, spacing=8, margins=(8, 0, 8, 0))
        self.hide()

    @property
    def text(self) -> str:
        return self._label.text()

    def show_progress(self, progress: Progress | None) -> None:
        """None: nothing takes long any more."""
        self.setVisible(progress is not None)
        if progress is not None:
            self._label.setText(progress_text(progress))
            self.bar.setValue(round(1000 * progress.share))
            self.setAccessibleDescription(self.text)
            self._make_room()

    def _make_room(self) -> None:
        """At once: a busy machine would show the words cut until the event loop comes to it."""
        for each in (self, self.parentWidget()):
            layout = each.layout() if each is not None else None
            if layout is not None:
                layout.activate()
