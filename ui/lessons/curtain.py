"""What is covered or put away until a prediction stands, since it would tell the answer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget

WORDS = "The plots come with your prediction.\nRead the lesson beside, and commit to it first."


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


class Curtains:
    """While they are drawn one widget is covered, and others, which tell of the network too, are not shown."""

    def __init__(self, covered: QWidget, put_away: Sequence[QWidget]) -> None:
        self._covered, self._put_away = covered, put_away
        self._over: Curtain | None = None

    def draw(self, on: bool) -> None:
        """Cover and put away, or show it all again."""
        if on is (self._over is not None):
            return
        for each in self._put_away:
            each.setVisible(not on)
        if self._over is not None:
            self._over.hide()
            self._over.deleteLater()
        self._over = Curtain(self._covered) if on else None
