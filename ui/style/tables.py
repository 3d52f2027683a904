"""Tables that are read, not written in."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QTableView, QTableWidget, QTableWidgetItem

ModelIndex = QModelIndex | QPersistentModelIndex
LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


def read_by_rows(table: QTableView, name: str, *, one: bool = False) -> None:
    """Whole rows are chosen, ``one`` at a time or several; nothing is edited, and Tab goes on behind the table."""
    table.setAccessibleName(name)
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    if one:
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setTabKeyNavigation(False)


def head_columns(table: QTableWidget, heads: Iterable[tuple[str, str]], sides: Iterable[Qt.AlignmentFlag]) -> None:
    """What columns are called and what that means, each over its text."""
    for place, ((title, tip), side) in enumerate(zip(heads, sides, strict=True)):
        head = QTableWidgetItem(title)
        head.setToolTip(tip)
        head.setTextAlignment(side)
        table.setHorizontalHeaderItem(place, head)


def write_cell(
    table: QTableWidget, row: int, column: int, text: str, tip: str = "", side: Qt.AlignmentFlag = LEFT
) -> None:
    """Let a cell say this; one that says it already is left alone."""
    item = table.item(row, column)
    if item is None:
        item = QTableWidgetItem()
        item.setTextAlignment(side)
        table.setItem(row, column, item)
    if (item.text(), item.toolTip()) != (text, tip):
        item.setText(text)
        item.setToolTip(tip)
