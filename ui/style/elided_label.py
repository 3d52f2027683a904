"""A label of one line that ends with an ellipsis where there is no room for the rest."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyle, QWidget

NARROWEST = 20
"""Pixels: an ellipsis and a letter."""


class ElidedLabel(QLabel):
    """Takes the width that is left; ``text()`` and the tooltip are the whole text."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setText(text)

    def setText(self, text: str) -> None:
        if text != self.text() or text != self.toolTip():
            super().setText(text)
            self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:
        return QSize(NARROWEST, super().minimumSizeHint().height())

    def shortened(self, width: int) -> str:
        """What is written where there are so many pixels."""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, width)

    def paintEvent(self, _event: QPaintEvent) -> None:
        room = self.contentsRect()
        text = self.shortened(room.width())
        alignment = QStyle.visualAlignment(self.layoutDirection(), self.alignment())
        ink = QPalette.ColorRole.WindowText
        with QPainter(self) as painter:
            self.style().drawItemText(painter, room, alignment.value, self.palette(), self.isEnabled(), text, ink)
