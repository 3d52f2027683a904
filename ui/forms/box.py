"""A check box whose frame is seen in light and dark alike."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QCheckBox

SIDE = 14


class Box(QCheckBox):
    """Painted from the palette: an empty frame, a tick on the accent, or a bar for "mixed"."""

    def sizeHint(self) -> QSize:
        return QSize(SIDE + 6, SIDE + 6)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, at: object) -> bool:
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(3, (self.height() - SIDE) / 2, SIDE, SIDE)
        state, roles = self.checkState(), QPalette.ColorRole
        group = QPalette.ColorGroup.Normal if self.isEnabled() else QPalette.ColorGroup.Disabled
        accent = self.palette().color(group, roles.Highlight)
        marked = state != Qt.CheckState.Unchecked
        painter.setBrush(accent if marked else self.palette().color(group, roles.Base))
        edge = accent if marked or self.underMouse() else self.palette().color(roles.PlaceholderText)
        painter.setPen(QPen(edge, 1.2))
        painter.drawRoundedRect(frame, 3, 3)
        painter.setPen(QPen(self.palette().color(group, roles.HighlightedText), 2))
        corner = frame.topLeft()
        if state == Qt.CheckState.Checked:
            painter.drawLine(corner + QPointF(3.2, 7.2), corner + QPointF(6, 10))
            painter.drawLine(corner + QPointF(6, 10), corner + QPointF(10.8, 4.2))
        elif marked:
            painter.drawLine(corner + QPointF(3.5, 7), corner + QPointF(10.5, 7))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(roles.Highlight), 1.2))
            painter.drawRoundedRect(frame.adjusted(-2.2, -2.2, 2.2, 2.2), 4.5, 4.5)
        painter.end()
