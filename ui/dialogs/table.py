"""Opening a CSV file as data: which columns, which target, what kind of answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from simulator.data import columns_of, preview
from simulator.data.delimited import is_number
from ui.dialogs import plain
from ui.forms.box import BoxItems
from ui.forms.typed import STARTS_OVER

PREVIEW_ROWS = 6
FEW = 3
"""Whole numbers with at most so many digits are taken for class names at first."""


class TableDialog(QDialog):
    """Asks what the columns of a CSV file mean. ValueError, one sentence, if the file cannot be read."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        self._names = columns_of(path)
        self._rows = preview(path, PREVIEW_ROWS)
        super().__init__(parent)
        self.path = path
        self.setWindowTitle(f"Data from {path.name}")
        self.target = QComboBox(self)
        self.target.addItems(list(self._names))
        self.target.setCurrentIndex(len(self._names) - 1)
        self.target.setAccessibleName("Target column")
        self.task = QComboBox(self)
        self.task.addItem("a class (classification)", "classification")
        self.task.addItem("a quantity (regression)", "regression")
        self.task.setAccessibleName("What the target is")
        self.inputs = QListWidget(self)
        self.inputs.setAccessibleName("Input columns")
        self.inputs.setMaximumHeight(150)
        self.inputs.setItemDelegate(BoxItems(self.inputs))
        self._fill_inputs()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self
        )
        use = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        use.setText("Use as data")
        use.setToolTip(STARTS_OVER)
        plain(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.target.currentIndexChanged.connect(lambda _i: self._target_changed())
        self.inputs.itemChanged.connect(lambda _item: self._check())
        self._target_changed()
        self.resize(640, 480)

    def _fill_inputs(self) -> None:
        for column, name in enumerate(self._names):
            item = QListWidgetItem(name, self.inputs)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            numeric = all(is_number(row[column].strip()) for row in self._rows)
            item.setCheckState(Qt.CheckState.Checked if numeric else Qt.CheckState.Unchecked)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Target column", self.target)
        form.addRow("It is", self.task)
        form.addRow("Inputs", self.inputs)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(QLabel("First rows of the file", self))
        column.addWidget(self._table(), 1)
        column.addWidget(self.buttons)

    def _table(self) -> QTableWidget:
        table = QTableWidget(len(self._rows), len(self._names), self)
        table.setHorizontalHeaderLabels(list(self._names))
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.setAccessibleName("First rows of the file")
        for i, row in enumerate(self._rows):
            for j, text in enumerate(row):
                table.setItem(i, j, QTableWidgetItem(text))
        return table

    def _target_changed(self) -> None:
        at = self.target.currentIndex()
        for i in range(self.inputs.count()):
            item = self.inputs.item(i)
            flag = Qt.ItemFlag.ItemIsEnabled
            item.setFlags(item.flags() & ~flag if i == at else item.flags() | flag)
        self.task.setCurrentIndex(1 if guess_task([row[at] for row in self._rows]) == "regression" else 0)
        self._check()

    def _check(self) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(bool(self.chosen_inputs()))

    def chosen_inputs(self) -> list[str]:
        at = self.target.currentIndex()
        items = [self.inputs.item(i) for i in range(self.inputs.count()) if i != at]
        return [item.text() for item in items if item.checkState() == Qt.CheckState.Checked]

    def data(self) -> dict[str, Any]:
        """The builtins of the ``csv`` part; no columns are named where all but the target are inputs."""
        chosen = self.chosen_inputs()
        return {
            "kind": "csv",
            "path": str(self.path),
            "target": self.target.currentText(),
            "task": self.task.currentData(),
            "columns": [] if len(chosen) == len(self._names) - 1 else chosen,
        }


def guess_task(cells: list[str]) -> Literal["classification", "regression"]:
    """Regression where the cells are numbers that do not look like class indices."""
    texts = [cell.strip() for cell in cells]
    if not texts or not all(is_number(text) for text in texts):
        return "classification"
    return "classification" if all(t.isdecimal() and len(t) < FEW for t in texts) else "regression"
