"""The list of rows from input to output: painted, selected, hovered, dragged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDrag,
    QDropEvent,
    QFont,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ui.builder.edits import Place
from ui.builder.entries import Entry
from ui.style.text_size import scaled, text_resized
from ui.style.theme import current_theme, layer_colour

Colours = Callable[[int, int], QColor | str]
"""(depth index from 0, number of layers) → the layer's colour."""

ROW_HEIGHT = 42
INDENT = 14
ENTRY = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex


def depth_colour(layer: int, depth: int) -> str:
    """The present theme's colour of a layer by its depth."""
    return layer_colour(layer, depth, current_theme())


def two_lines(entry: Entry) -> bool:
    """Whether a row has something to say below its title."""
    return bool(entry.badges or (entry.shape and entry.repeat > 1))


def _small(painter: QPainter, font: QFont) -> QFont:
    """The font of what stands beside or below a title; ``painter`` has the title's."""
    small = QFont(font)
    small.setPixelSize(max(painter.fontInfo().pixelSize() - 2, 9))
    return small


class EntryPainter(QStyledItemDelegate):
    """Paints a row: colour by depth, number, title, repeat, badges."""

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colours = colours
        self.lit = -1

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        entry = index.data(ENTRY)
        return QSize(120, scaled(ROW_HEIGHT if entry is None or two_lines(entry) else ROW_HEIGHT - 12))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(ENTRY)
        area = QRectF(option.rect).adjusted(1 + entry.level * INDENT, 1, -1, -1)
        palette: QPalette = option.palette
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(painter, area, palette, state, entry)
        self._chip(painter, area, entry)
        self._words(painter, area, palette, option.font, entry)
        painter.restore()

    def _ground(
        self, painter: QPainter, area: QRectF, palette: QPalette, state: QStyle.StateFlag, entry: Entry
    ) -> None:
        accent = palette.color(QPalette.ColorRole.Highlight)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        lit = self.lit in entry.own
        fill = QColor(accent)
        fill.setAlphaF(0.22 if selected else 0.10 if lit or state & QStyle.StateFlag.State_MouseOver else 0.0)
        focus = bool(state & QStyle.StateFlag.State_HasFocus)
        painter.setBrush(fill)
        painter.setPen(QPen(accent, 1.2) if focus or lit else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(area, 4, 4)

    def _chip(self, painter: QPainter, area: QRectF, entry: Entry) -> None:
        if entry.first < 0:
            return
        bar = QRectF(area.left() + 4, area.top() + 4, 5, area.height() - 8)
        ramp = QLinearGradient(bar.topLeft(), bar.bottomLeft())
        ramp.setColorAt(0, QColor(self.colours(entry.first, entry.depth)))
        ramp.setColorAt(1, QColor(self.colours(entry.last, entry.depth)))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ramp)
        painter.drawRoundedRect(bar, 2, 2)

    def _words(self, painter: QPainter, area: QRectF, palette: QPalette, font: QFont, entry: Entry) -> None:
        text, muted = palette.color(QPalette.ColorRole.Text), QColor(current_theme().muted)
        line = QRectF(
            area.left() + 14, area.top(), area.width() - 20, scaled(22) if two_lines(entry) else area.height()
        )
        painter.setFont(font)
        painter.setPen(QColor(current_theme().warning) if entry.wrong else muted)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, left | middle, entry.number)
        times = f"×{entry.repeat}" if entry.repeat > 1 else ""
        if not two_lines(entry):
            times = entry.shape
            painter.setFont(_small(painter, font))
        else:
            painter.setPen(text)
        painter.drawText(line, right | middle, times)
        painter.setFont(font)
        painter.setPen(text)
        width = painter.fontMetrics().horizontalAdvance
        start = max(scaled(38), width(entry.number) + 8)
        title = line.adjusted(start, 0, -width(times) - 6 if times else 0, 0)
        elided = painter.fontMetrics().elidedText(entry.title, Qt.TextElideMode.ElideRight, int(title.width()))
        painter.drawText(title, left | middle, elided)
        if two_lines(entry):
            self._second_line(
                painter, QRectF(line.left(), area.top() + scaled(21), line.width(), scaled(16)), muted, font, entry
            )

    def _second_line(self, painter: QPainter, line: QRectF, ink: QColor, font: QFont, entry: Entry) -> None:
        painter.setFont(_small(painter, font))
        painter.setPen(ink)
        if entry.shape:
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, entry.shape)
            line = line.adjusted(0, 0, -painter.fontMetrics().horizontalAdvance(entry.shape) - 2, 0)
        self._badges(painter, line, ink, entry)

    def _badges(self, painter: QPainter, line: QRectF, ink: QColor, entry: Entry) -> None:
        metrics, x = painter.fontMetrics(), line.left()
        for badge in entry.badges:
            room = int(line.right() - x - 8)
            if room < 24:
                return
            text = metrics.elidedText(badge, Qt.TextElideMode.ElideRight, room)
            box = QRectF(x, line.top(), metrics.horizontalAdvance(text) + 8, line.height())
            painter.setPen(QPen(ink, 0.7))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setPen(ink)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
            x = box.right() + 4


class Stack(QListWidget):
    """Rows of entries. It moves nothing itself: it says what was asked for."""

    dropped = Signal(tuple)
    """The chosen layers are to stand before what is now at this place."""
    layer_hovered = Signal(int)
    """Depth index under the pointer (a repeated row is as many layers from left to right); -1 for none."""

    def __init__(self, colours: Colours = depth_colour, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._painter = EntryPainter(colours, self)
        self._hovered = -1
        self.setItemDelegate(self._painter)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Layers from input to output")
        text_resized.connect(self.scheduleDelayedItemsLayout)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 120)

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show ``entries``, keeping the rows there are."""
        while self.count() > len(entries):
            self.takeItem(self.count() - 1)
        while self.count() < len(entries):
            self.addItem(QListWidgetItem())
        for row, entry in enumerate(entries):
            item = self.item(row)
            if item.data(ENTRY) != entry:
                item.setData(ENTRY, entry)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, entry.text)
                item.setToolTip(entry.text)
            flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            item.setFlags(flags | Qt.ItemFlag.ItemIsDragEnabled if entry.role == "layer" else flags)

    def entry(self, row: int) -> Entry:
        """What the row shows."""
        entry: Entry = self.item(row).data(ENTRY)
        return entry

    def entries(self) -> list[Entry]:
        """What all rows show, from input to output."""
        return [self.entry(row) for row in range(self.count())]

    def rows(self) -> list[int]:
        """Rows that are selected, from the top."""
        return sorted(index.row() for index in self.selectedIndexes())

    def select(self, rows: Sequence[int]) -> None:
        """Select exactly ``rows``; the last one becomes the current one."""
        wanted = [row for row in rows if 0 <= row < self.count()]
        if self.rows() == sorted(wanted):
            return
        if wanted:
            self.setCurrentRow(wanted[-1])
        for row in range(self.count()):
            self.item(row).setSelected(row in wanted)

    def highlight(self, layer: int) -> None:
        """Light up the row that holds depth index ``layer``; -1 for none."""
        if layer != self._painter.lit:
            self._painter.lit = layer
            self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A refusal below takes room from the list; the chosen row stays in sight."""
        super().resizeEvent(event)
        if self.currentItem() is not None and event.size().height() < event.oldSize().height():
            self.scrollToItem(self.currentItem())

    # -- pointer -------------------------------------------------------------------------------------------------

    def layer_at(self, at: QPoint) -> int:
        """Depth index at a place of the viewport; -1 for none."""
        item = self.itemAt(at)
        entry: Entry | None = item.data(ENTRY) if item is not None else None
        if entry is None or not entry.own:
            return -1
        share = at.x() / max(self.viewport().width(), 1)
        return entry.own[min(max(int(share * len(entry.own)), 0), len(entry.own) - 1)]

    def _hover(self, layer: int) -> None:
        if layer != self._hovered:
            self._hovered = layer
            self.layer_hovered.emit(layer)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.layer_at(event.position().toPoint()))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def startDrag(self, supported: Qt.DropAction) -> None:
        """Qt's own would take the rows out after the drop; here the new experiment says how they stand."""
        held = [i for i in self.selectedIndexes() if i.flags() & Qt.ItemFlag.ItemIsDragEnabled]
        if held:
            drag = QDrag(self)
            drag.setMimeData(self.model().mimeData(held))
            drag.setPixmap(self.viewport().grab(self.visualRect(held[0])))
            drag.exec(Qt.DropAction.MoveAction)

    def dropEvent(self, event: QDropEvent) -> None:
        if event.source() is not self:
            event.ignore()
            return
        self.dropped.emit(self.place_at(event.position().toPoint()))
        event.acceptProposedAction()
        self.setState(QAbstractItemView.State.NoState)
        self.viewport().update()

    def place_at(self, at: QPoint) -> Place:
        """The place before which something dropped at ``at`` is to stand.

        Below the last layer of an inner stack it depends on how far to the right: inside, or behind what it is in.
        """
        index = self.indexAt(at)
        entry = self.entry(index.row()) if index.isValid() else None
        if entry is None or entry.role == "output":
            return ("layers", sum(entry.level == 0 for entry in self.entries() if entry.place))
        if entry.role == "input":
            return ("layers", 0)
        if at.y() <= self.visualRect(index).center().y():
            return entry.place
        if entry.inner:
            return (*entry.place, entry.inner, 0)
        place, level = entry.place, entry.level
        ends = self.entry(index.row() + 1).level
        while level > ends and at.x() < level * INDENT + self.visualRect(index).left():
            place, level = place[:-2], level - 1
        return (*place[:-1], int(place[-1]) + 1)
