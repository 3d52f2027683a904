"""What the dialog about a table is made of: choices, sentences, and views of its columns and rows."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHeaderView, QLabel, QSizePolicy, QTableView

from ui.dialogs.table_models import HEADS, ColumnsModel, HeadModel
from ui.style.tables import read_by_rows
from ui.style.widgets import choice_of

WIDEST = 320
"""Pixels of a column at first."""
NARROW = 400
"""Columns beyond which widths are not fitted to what all of them hold."""


def fit_columns(view: QTableView) -> None:
    """Columns as wide as what they hold, within bounds: one long name must not push the others out of view."""
    columns = view.model().columnCount()
    if columns > NARROW:
        return
    view.resizeColumnsToContents()
    for at in range(columns):
        view.setColumnWidth(at, min(view.columnWidth(at), WIDEST))


def wide_choice(name: str, items: tuple[tuple[str, str], ...]) -> QComboBox:
    """One that takes the room there is."""
    combo = choice_of(name, items)
    combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    if not items:
        # What a file calls its columns and sheets may be of any length.
        combo.setMinimumContentsLength(12)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return combo


def sentence_label(role: str) -> QLabel:
    label = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
    if role:
        label.setProperty("role", role)
    return label


def table_view(name: str, model: ColumnsModel | HeadModel) -> QTableView:
    view = QTableView()
    view.setModel(model)
    read_by_rows(view, name)
    view.setAlternatingRowColors(False)
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.verticalHeader().setDefaultSectionSize(view.fontMetrics().height() + 8)
    view.horizontalHeader().setStretchLastSection(isinstance(model, ColumnsModel))
    view.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    if isinstance(model, ColumnsModel):
        # The last one, which takes what is left, is not fitted to its name.
        view.horizontalHeader().setMinimumSectionSize(view.fontMetrics().horizontalAdvance(HEADS[-1]) + 24)
    view.setWordWrap(False)
    return view
