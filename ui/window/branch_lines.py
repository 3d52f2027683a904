"""The tree of branches over the run's steps: a line for each network, from where it begins, out of its parent's."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui.bench.branches import Branch
from ui.style.tables import ModelIndex
from ui.style.text_size import scaled

MARGIN = 6.0
"""Pixels at both ends."""
DOT = 3.0
"""Half the width of the dot where a network stands."""
WIDTH = 140


class BranchLines(QStyledItemDelegate):
    """Paints the cells of one column of the tree, which has a row for each network."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: Sequence[Branch] = ()
        """In the order in which they are shown, each behind its parent."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: ModelIndex) -> None:
        super().paint(painter, option, index)
        names = [each.name for each in self.rows]
        name = index.sibling(index.row(), 0).data()
        if name not in names:
            return
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw(painter, QRectF(option.rect), names.index(name), option.palette.color(role))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: ModelIndex) -> QSize:
        return QSize(scaled(WIDTH), super().sizeHint(option, index).height())

    def _draw(self, painter: QPainter, area: QRectF, row: int, colour: QColor) -> None:
        middle = area.center().y()
        painter.setPen(QPen(colour, 1.5, c=Qt.PenCapStyle.FlatCap))
        for child, branch in enumerate(self.rows):
            parent = next((place for place, each in enumerate(self.rows) if each.name == branch.parent), None)
            if parent is not None and parent <= row <= child:
                x = self._place(branch.begins, area)
                top = middle if row == parent else area.top()
                painter.drawLine(QPointF(x, top), QPointF(x, middle if row == child else area.bottom()))
        own = self.rows[row]
        end = self._place(own.begins if own.step is None else own.step, area)
        painter.drawLine(QPointF(self._place(own.begins, area), middle), QPointF(end, middle))
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(end, middle), DOT, DOT)

    def _place(self, step: int, area: QRectF) -> float:
        last = max((each.step or each.begins for each in self.rows), default=0)
        room = area.adjusted(MARGIN, 0, -MARGIN, 0)
        return room.left() + room.width() * (step / last if last else 0.0)
