"""A check box whose frame is seen in light and dark alike."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QCheckBox, QStyle, QStyledItemDelegate, QStyleOptionViewItem

SIDE = 14
WORDS = 4


class Box(QCheckBox):
    """Painted from the palette: an empty frame, a tick on the accent, or a bar for "mixed"; its words behind it."""

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().horizontalAdvance(self.text()) + WORDS if self.text() else 0
        return QSize(SIDE + 6 + words, SIDE + 6)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, at: object) -> bool:
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame = QRectF(3, (self.height() - SIDE) / 2, SIDE, SIDE)
        paint_box(painter, frame, self.checkState(), self.palette(), self.isEnabled(), self.underMouse())
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 1.2))
            painter.drawRoundedRect(frame.adjusted(-2.2, -2.2, 2.2, 2.2), 4.5, 4.5)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        words = self.rect().adjusted(SIDE + 6 + WORDS, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()


class BoxItems(QStyledItemDelegate):
    """Items of a check list, with the same boxes."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return super().sizeHint(option, index).expandedTo(QSize(0, SIDE + 8))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        area, palette = QRectF(option.rect), option.palette
        state = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole))
        frame = QRectF(area.left() + 4, area.center().y() - SIDE / 2, SIDE, SIDE)
        painter.save()
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        paint_box(painter, frame, state, palette, enabled, hovered and enabled)
        group = QPalette.ColorGroup.Normal if enabled else QPalette.ColorGroup.Disabled
        painter.setPen(palette.color(group, QPalette.ColorRole.Text))
        words = area.adjusted(SIDE + 10, 0, 0, 0)
        name = option.fontMetrics.elidedText(index.data(), Qt.TextElideMode.ElideMiddle, int(words.width()))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, name)
        painter.restore()


def paint_box(
    painter: QPainter, frame: QRectF, state: Qt.CheckState, palette: QPalette, enabled: bool, hovered: bool
) -> None:
    """A frame of one shape for all: empty, ticked, or with a bar."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    roles = QPalette.ColorRole
    group = QPalette.ColorGroup.Normal if enabled else QPalette.ColorGroup.Disabled
    accent = palette.color(group, roles.Highlight)
    marked = state != Qt.CheckState.Unchecked
    painter.setBrush(accent if marked else palette.color(group, roles.Base))
    painter.setPen(QPen(accent if marked or hovered else palette.color(roles.PlaceholderText), 1.2))
    painter.drawRoundedRect(frame, 3, 3)
    painter.setPen(QPen(palette.color(group, roles.HighlightedText), 2))
    corner = frame.topLeft()
    if state == Qt.CheckState.Checked:
        painter.drawLine(corner + QPointF(3.2, 7.2), corner + QPointF(6, 10))
        painter.drawLine(corner + QPointF(6, 10), corner + QPointF(10.8, 4.2))
    elif marked:
        painter.drawLine(corner + QPointF(3.5, 7), corner + QPointF(10.5, 7))
