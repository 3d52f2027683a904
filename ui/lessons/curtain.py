"""What covers the plots until a prediction stands: they would tell the answer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget

WORDS = "The plots come with the run.\nRead the lesson beside, and commit to your prediction first."


class Curtain(QLabel):
    """Lies over a widget, whatever size that has."""

    def __init__(self, covered: QWidget) -> None:
        super().__init__(WORDS, covered)
        self.setObjectName("curtain")
        self.setAccessibleName("Plots are covered")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setAutoFillBackground(True)
        self.setProperty("role", "muted")
        self._covered = covered
        covered.installEventFilter(self)
        self._fit()
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        elif event.type() == QEvent.Type.ChildAdded:
            self.raise_()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        self.setGeometry(self._covered.rect())
