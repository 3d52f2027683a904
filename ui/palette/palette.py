"""The palette: a field to type in, and what is found below it, chosen by the keyboard alone."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPalette, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ui.palette.entry import PaletteEntry, matching
from ui.style.boxes import in_column
from ui.style.tables import ModelIndex
from ui.style.text_size import scaled
from ui.style.theme import current_theme

MOST = 8
"""Of a group, while something is typed."""
ALL = 10_000
WIDTH, HEIGHT = 620, 460
LINES = 2
"""That an entry has room for at least."""
PICTURE = QSize(64, 40)
AROUND_ICON = QMargins(22, 10, 22, 10)
"""Pixels that a drawn icon leaves free of where a picture would stand."""
GAP = 8
ENTRY = Qt.ItemDataRole.UserRole
SENTENCE = int(Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap)


class CommandPalette(QDialog):
    """Over the window, until something is chosen or Escape is pressed."""

    def __init__(self, entries: Sequence[PaletteEntry], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Find")
        self.setObjectName("palette")
        self._entries = entries
        self.field = QLineEdit(self, placeholderText="Find plots, presets, commands, settings: dead, saturation …")
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName("Find")
        self.list = QListView(self)
        self.list.setAccessibleName("What is found")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setItemDelegate(_Delegate(self.list))
        self.model = QStandardItemModel(self)
        self.list.setModel(self.model)
        self.nothing = QLabel("Nothing is called so, or shows it.", self)
        self.nothing.setProperty("role", "muted")
        in_column(self.field, self.nothing, (self.list, 1), on=self, spacing=8, margins=(8, 8, 8, 8))
        self.field.textChanged.connect(self._find)
        self.field.returnPressed.connect(self._act)
        self.list.clicked.connect(lambda _index: self._act())
        self._find("")
        self._place(parent)

    def _place(self, parent: QWidget) -> None:
        """In the upper middle of the window, and within it."""
        room = parent.window().rect()
        size = QSize(min(scaled(WIDTH), room.width() - 32), min(scaled(HEIGHT), room.height() - 80))
        self.resize(size)
        self.move(parent.window().mapToGlobal(QPoint((room.width() - size.width()) // 2, 56)))

    def _find(self, query: str) -> None:
        self.model.clear()
        for group, entries in matching(self._entries, query, MOST if query.strip() else ALL):
            head = QStandardItem(group)
            head.setFlags(Qt.ItemFlag.NoItemFlags)
            self.model.appendRow(head)
            for entry in entries:
                self.model.appendRow(_item(entry))
        self.nothing.setVisible(self.model.rowCount() == 0)
        self._choose(1)

    def shown(self) -> list[PaletteEntry]:
        """What is found, from top to bottom."""
        rows = (self.model.item(row).data(ENTRY) for row in range(self.model.rowCount()))
        return [entry for entry in rows if isinstance(entry, PaletteEntry)]

    @property
    def chosen(self) -> PaletteEntry | None:
        """What Return acts on."""
        entry = self.list.currentIndex().data(ENTRY)
        return entry if isinstance(entry, PaletteEntry) else None

    def _choose(self, row: int) -> None:
        if 0 <= row < self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(row, 0))
            entry = self.chosen
            self.field.setAccessibleDescription("" if entry is None else f"{entry.title}: {entry.sentence}")

    def _step(self, by: int) -> None:
        """To the next entry, over the heads of groups and around the ends."""
        count = self.model.rowCount()
        row = self.list.currentIndex().row()
        for _ in range(count):
            row = (row + by) % count
            if self.model.item(row).data(ENTRY) is not None:
                self._choose(row)
                return

    def _act(self) -> None:
        entry = self.chosen
        if entry is not None:
            self.accept()
            entry.act()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: MOST, Qt.Key.Key_PageUp: -MOST}
        steps |= {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}
        by = steps.get(Qt.Key(event.key()), 0)
        for _ in range(abs(by)):
            self._step(1 if by > 0 else -1)
        if not by:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, next: bool) -> bool:
        self._step(1 if next else -1)
        return True


def _item(entry: PaletteEntry) -> QStandardItem:
    item = QStandardItem(entry.title)
    item.setData(entry, ENTRY)
    item.setData(f"{entry.title}: {entry.sentence}", Qt.ItemDataRole.AccessibleTextRole)
    item.setEditable(False)
    return item


class _Delegate(QStyledItemDelegate):
    """A head in bold; an entry with its picture, its title and keys, and its sentence below, whole."""

    def __init__(self, shown_in: QListView) -> None:
        super().__init__(shown_in)
        self._list = shown_in

    def sizeHint(self, option: QStyleOptionViewItem, index: ModelIndex) -> QSize:
        line, entry = option.fontMetrics.height(), index.data(ENTRY)
        if entry is None:
            return QSize(0, line + GAP)
        sentence = self._sentence_height(option, entry.sentence)
        return QSize(0, max(line + max(LINES * line, sentence), PICTURE.height()) + GAP)

    def _sentence_height(self, option: QStyleOptionViewItem, sentence: str) -> int:
        """In the width of the list."""
        width = self._list.viewport().width() - PICTURE.width() - 3 * GAP
        return option.fontMetrics.boundingRect(QRect(0, 0, max(width, 1), 10_000), SENTENCE, sentence).height()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: ModelIndex) -> None:
        entry = index.data(ENTRY)
        painter.save()
        if entry is None:
            self._paint_head(painter, option, str(index.data()))
        else:
            self._paint_entry(painter, option, entry)
        painter.restore()

    def _paint_head(self, painter: QPainter, option: QStyleOptionViewItem, text: str) -> None:
        font = QFont(option.font)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(current_theme().muted))
        painter.drawText(option.rect.adjusted(GAP, 0, -GAP, 0), Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_entry(self, painter: QPainter, option: QStyleOptionViewItem, entry: PaletteEntry) -> None:
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        roles = QPalette.ColorRole
        if chosen:
            painter.fillRect(option.rect, option.palette.color(roles.Highlight))
        inner = option.rect.adjusted(GAP, GAP // 2, -GAP, -GAP // 2)
        place = QRect(inner.topLeft(), PICTURE)
        place.moveTop(inner.center().y() - PICTURE.height() // 2 + 1)
        picture = entry.picture()
        drawn = not picture.availableSizes()
        picture.paint(painter, place.marginsRemoved(AROUND_ICON) if drawn else place)
        text = inner.adjusted(PICTURE.width() + GAP, 0, 0, 0)
        main = option.palette.color(roles.HighlightedText if chosen else roles.Text)
        second = main if chosen else QColor(current_theme().muted)
        line = option.fontMetrics.height()
        top = QRect(text.topLeft(), QSize(text.width(), line))
        painter.setPen(second)
        painter.drawText(top, Qt.AlignmentFlag.AlignRight, entry.keys)
        painter.setPen(main)
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft, entry.title)
        painter.setPen(second)
        painter.drawText(text.adjusted(0, line, 0, 0), SENTENCE, entry.sentence)
