"""What is kept in memory for going back, beside what it may take: a page of the preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QTableWidget,
    QWidget,
)

from ui.style.boxes import in_column
from ui.style.numbers import count, integer, size_text
from ui.style.tables import LEFT, RIGHT, read_by_rows, write_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ui.bench.run_memory import MemoryUse

REFRESH_MS = 500
WORDS = {
    "start": "Where this run began",
    "change": "Before changes by hand",
    "not finite": "Before NaN or ∞ came in",
    "spike": "Before spikes of loss or gradient",
    "finding": "Before what the doctor has found",
    "recent": "Among the last 1000 steps",
    "earlier": "Among the steps before them",
}
"""Why checkpoints are kept."""


class MemoryPage(QWidget):
    """A line that says how much is taken, and a table of what takes it."""

    def __init__(self, use: Callable[[], MemoryUse], parent: QWidget) -> None:
        super().__init__(parent)
        self._use = use
        self._shown: MemoryUse | None = None
        self.total = QLabel(self, wordWrap=True)
        self.table = QTableWidget(0, 3, self)
        self._dress_table()
        in_column(self.total, (self.table, 1), on=self)
        self._refresh = QTimer(self, interval=REFRESH_MS)
        self._refresh.timeout.connect(self.show_use)
        self._refresh.start()
        self.show_use()

    def _dress_table(self) -> None:
        read_by_rows(self.table, "What is kept in memory for going back")
        self.table.setHorizontalHeaderLabels(["Kept", "How many", "Memory"])
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_use(self) -> None:
        """As it is now."""
        use = self._use()
        if use == self._shown:
            return
        self._shown = use
        self.total.setText(f"{use.text} How much it may take is chosen on the page General.")
        rows = list(rows_of(use))
        self.table.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                write_cell(self.table, row, column, text, side=RIGHT if column else LEFT)


def rows_of(use: MemoryUse) -> Iterator[tuple[str, str, str]]:
    """What is kept, how many, and how much memory that takes."""
    for reason, amount, nbytes in use.checkpoints.reasons:
        yield WORDS[reason], integer(amount), size_text(nbytes)
    if use.last:
        yield "Where it goes on if its worker dies", "1", size_text(use.last)
    if use.checkpoints.aside:
        yield "On the ways of the runs that were put aside", "", size_text(use.checkpoints.aside)
    if use.seeds:
        yield "The networks from several seeds", "", size_text(use.seeds)
    for run in use.runs:
        steps = count(run.kept.checkpoint.step, "step")
        yield f"For undo: the run of {steps} until “{run.ended_by}”", "1", size_text(run.nbytes)
    for shelved in use.shelved:
        yield f"On the shelf: {shelved.name}", "1", size_text(shelved.nbytes)
    if use.frames:
        yield "Earlier steps that were computed again", "", size_text(use.frames)
