"""The list of rows from input to output: selected, hovered, dragged."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QDrag, QDropEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QListWidget, QListWidgetItem

from ui.builder.edits import LayerPath
from ui.builder.entries import StackEntry
from ui.builder.entry_painter import ENTRY, INDENT, EntryPainter
from ui.style.text_size import text_resized


class StackList(QListWidget):
    """Rows of entries. It moves nothing itself: it says what was asked for."""

    dropped = Signal(tuple)
    """The chosen layers are to stand before what is now at this place."""
    layer_hovered = Signal(int)
    """Depth index under the pointer (a repeated row is as many layers from left to right); -1 for none."""

    def __init__(self) -> None:
        super().__init__()
        self._painter = EntryPainter(self)
        self._hovered = -1
        self.setItemDelegate(self._painter)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setAccessibleName("Layers from input to output")
        text_resized.connect(self.scheduleDelayedItemsLayout)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 120)

    def set_entries(self, entries: Sequence[StackEntry]) -> None:
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

    def entry(self, row: int) -> StackEntry:
        """What the row shows."""
        entry: StackEntry = self.item(row).data(ENTRY)
        return entry

    def entries(self) -> list[StackEntry]:
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
        entry: StackEntry | None = item.data(ENTRY) if item is not None else None
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

    def place_at(self, at: QPoint) -> LayerPath:
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
