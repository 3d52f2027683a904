"""What the table dialog lists: a row for each column of the file, and the file's first rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal

from simulator.data.tables.judgement import Judged, Judgement
from simulator.data.tables.reading import ReadTable
from ui.style.numbers import count, integer
from ui.style.tables import ModelIndex

NOWHERE = QModelIndex()
HEADS = ("Input", "What it holds", "Missing", "First values", "Why it is left out")
FIRST_VALUES = HEADS.index("First values")
"""These may be long: they stand last, so that the reason does not leave the view."""
EXAMPLES = 3


def kind_text(each: Judged, *, target: bool = False) -> str:
    """``numbers``, ``2 values, an input each`` (of the target: a class each), ``dates or times, as days``."""
    values = count(each.column.different, "value")
    if target:
        return f"{values}, a class each"
    if each.kind == "number":
        return "numbers"
    if each.kind == "date":
        return "dates or times, as days"
    return f"{values}, an input each" if each.kind == "category" else f"text, {values}"


class ColumnsModel(QAbstractTableModel):
    """Columns of a file with a tick for each that is an input."""

    ticked = Signal(str, bool)
    """name, whether it is to be an input"""

    def __init__(self) -> None:
        super().__init__()
        self._judgement: Judgement | None = None
        self._inputs: frozenset[str] = frozenset()

    def show(self, judgement: Judgement) -> None:
        self.beginResetModel()
        self._judgement, self._inputs = judgement, frozenset(judgement.inputs)
        self.endResetModel()

    def rowCount(self, parent: ModelIndex = NOWHERE) -> int:
        return 0 if parent.isValid() or self._judgement is None else len(self._judgement.columns)

    def columnCount(self, parent: ModelIndex = NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return HEADS[section]
        return None

    def flags(self, index: ModelIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == 0 and not self._is_target(index.row()):
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def _is_target(self, row: int) -> bool:
        return self._judgement is not None and self._judgement.columns[row].name in self._judgement.targets

    def data(self, index: ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._judgement is None:
            return None
        each = self._judgement.columns[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(each, index.column())
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == 0 and not self._is_target(index.row()):
            return Qt.CheckState.Checked if each.name in self._inputs else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 2:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def _text(self, each: Judged, column: int) -> str:
        assert self._judgement is not None
        if column == 0:
            return each.name
        if column == 1:
            classified = self._judgement.task == "classification"
            return kind_text(each, target=classified and each.name in self._judgement.targets)
        if column == 2:
            return integer(each.column.missing) if each.column.missing else ""
        if column == 3:
            at = self._judgement.table.names.index(each.name)
            return ", ".join(row[at] for row in self._judgement.table.head[:EXAMPLES] if at < len(row))
        if each.name in self._judgement.targets:
            return "it is a target" if self._judgement.further else "it is the target"
        return "" if each.name in self._inputs else each.reason or "not chosen"

    def setData(self, index: ModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or self._judgement is None:
            return False
        self.ticked.emit(self._judgement.columns[index.row()].name, Qt.CheckState(value) == Qt.CheckState.Checked)
        return True


class HeadModel(QAbstractTableModel):
    """The first rows of a file, as they stand in it."""

    def __init__(self) -> None:
        super().__init__()
        self._names: Sequence[str] = ()
        self._rows: Sequence[Sequence[str]] = ()

    def show(self, table: ReadTable) -> None:
        self.beginResetModel()
        self._names, self._rows = table.names, table.head
        self.endResetModel()

    def rowCount(self, parent: ModelIndex = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: ModelIndex = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._names)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._names[section]
        return None

    def data(self, index: ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        row = self._rows[index.row()]
        return row[index.column()] if index.column() < len(row) else ""
