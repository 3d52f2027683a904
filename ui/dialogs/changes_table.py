"""The table of changes by hand: a line for each, whose step, setting and value are typed."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QTableWidgetSelectionRange, QWidget

from simulator.experiment.labels import told_layers
from simulator.schema.numbers import exact
from simulator.training.ledger import LedgerEntry
from simulator.training.surgery import Reinitialise, ScaleWeights, Transplant
from ui.style.numbers import integer
from ui.style.text_size import scaled, with_text

STEP, WORDS, SETTING, VALUE = range(4)
HEADS = ("Step", "Change", "Setting", "Value")
VALUE_WIDTH = 130


class ChangesTable(QTableWidget):
    """Whole lines are chosen; words follow from the rest."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(0, len(HEADS), parent)
        self.setHorizontalHeaderLabels(HEADS)
        self.setAccessibleName("Changes by hand")
        self.verticalHeader().hide()
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.setWordWrap(False)
        head = self.horizontalHeader()
        with_text(self, lambda table: table.setColumnWidth(VALUE, scaled(VALUE_WIDTH)))
        for place in (STEP, SETTING):
            head.setSectionResizeMode(place, QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(WORDS, QHeaderView.ResizeMode.Stretch)

    @property
    def is_edited(self) -> bool:
        """Whether a hand is typing."""
        return self.state() == QTableWidget.State.EditingState

    def fill_row(self, row: int, entry: LedgerEntry, words: str) -> None:
        """Show a change; what sets several fields, or another stack, is no one value to be typed."""
        setting, value = _cells(entry)
        editable = entry.set is not None and len(entry.set) == 1 and entry.stack is None
        for place, text in enumerate((str(entry.step), words, setting, value)):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            if place == WORDS or (place != STEP and not editable):
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            if place == STEP:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.setItem(row, place, item)

    def choose_step(self, step: int, entries: Sequence[LedgerEntry]) -> None:
        """Choose the changes of a step, or else the last before it, and bring them into sight."""
        steps = [entry.step for entry in entries[: self.rowCount()]]
        nearest = max((each for each in steps if each <= step), default=None)
        self.clearSelection()
        if nearest is not None:
            first, last = bisect_left(steps, nearest), bisect_right(steps, nearest) - 1
            self.setCurrentCell(first, STEP)
            self.setRangeSelected(QTableWidgetSelectionRange(first, STEP, last, VALUE), True)
            self.setFocus()


def _part(part: Mapping[str, Any]) -> str:
    """``keep 0 × 9``, where nine of an entry's layers stay, or the kind of a new layer."""
    if "keep" not in part:
        return str(part["kind"])
    return f"keep {part['keep']}" + (f" × {integer(part['repeat'])}" if "repeat" in part else "")


def _cells(entry: LedgerEntry) -> tuple[str, str]:
    """What an entry sets, and to what, as they can be typed."""
    if entry.stack is not None:
        return ", ".join(["stack", *(entry.set or {})]), ", ".join(_part(each) for each in entry.stack)
    if entry.set is not None:
        return ", ".join(entry.set), ", ".join(json.dumps(value, ensure_ascii=False) for value in entry.set.values())
    if entry.change.layer:
        units = ", ".join(integer(unit + 1) for unit in entry.change.units)
        return f"units of layer {entry.change.layer}", f"{units} drawn anew"
    match entry.change.surgery:
        case Reinitialise(labels):
            return f"weights of {told_layers(labels)}", "drawn anew"
        case ScaleWeights(labels, factor):
            return f"weights of {told_layers(labels)}", f"times {exact(factor)}"
        case Transplant():
            return "network", "weights and state handed on"
    return "threads", integer(entry.change.threads)


def edited_entry(entry: LedgerEntry, column: int, text: str) -> LedgerEntry:
    """The entry with another step, path or value; ValueError says what is wrong with it."""
    if column == STEP:
        if not text.isdecimal() or not text.isascii() or len(text) > 15:
            raise ValueError(f"A step is a whole number from 0 on, not “{text[:40]}”.")
        return entry.at(int(text))
    assert entry.set is not None
    ((path, value),) = entry.set.items()
    if column == SETTING:
        return replace(entry, set={text: value})
    try:
        return replace(entry, set={path: json.loads(text)})
    except (ValueError, RecursionError):
        return replace(entry, set={path: text})
