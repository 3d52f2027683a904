"""Tables that are read, not written in."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractItemView, QTableView


def read_by_rows(table: QTableView, name: str, *, one: bool = False) -> None:
    """Whole rows are chosen, ``one`` at a time or several; nothing is edited, and Tab goes on behind the table."""
    table.setAccessibleName(name)
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    if one:
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setTabKeyNavigation(False)
