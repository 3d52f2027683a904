"""A row for each network: how it stands, what the doctor sees in it, and how soon it came to a loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from simulator.doctor.base import Finding
from simulator.running.standing import Standing, Steps
from ui.style.numbers import integer, number, percent, tabular
from ui.style.text_size import scaled

UNKNOWN = "—"
NOT_EXAMINED = "…"
NOTHING = "none"
EXTRA = 6
"""Pixels that a row is higher than its text."""


@dataclass(frozen=True)
class Row:
    """What is told of one network: how it stands, or why it does not; its findings once it has been examined."""

    name: str
    standing: Standing | None
    findings: Sequence[Finding] | None = None
    reason: str = ""


@dataclass(frozen=True)
class Column:
    """What it is called, what that means, and its cell of a network with what that says in full."""

    title: str
    tip: str
    text: Callable[[Standing], str]
    whole: Callable[[Standing], str] = lambda _: ""


def _known(value: float | None, write: Callable[[float], str] = number) -> str:
    return UNKNOWN if value is None else write(value)


def steps_text(steps: Steps | None) -> str:
    """``128``, ``128 … 131`` where only that is known, or that it was never so."""
    if steps is None:
        return "not yet"
    first, last = steps
    return integer(first) if first == last else f"{integer(first)} … {integer(last)}"


def _validation(standing: Standing) -> str:
    parts = [standing.validation_loss, standing.validation_accuracy]
    writers: tuple[Callable[[float], str], ...] = (number, percent)
    known = [write(part) for part, write in zip(parts, writers, strict=True) if part is not None]
    return "  ".join(known) or UNKNOWN


def _scored_at(standing: Standing) -> str:
    return "" if standing.scored_step is None else f"at step {integer(standing.scored_step)}"


COLUMNS = (
    Column("Loss", "Mean loss of the present step's batch.", lambda s: number(s.loss)),
    Column("Accuracy", "Share of that batch that is classified right.", lambda s: _known(s.accuracy, percent)),
    Column("Validation", "Loss and accuracy on data held out, when they were made last.", _validation, _scored_at),
    Column(
        "∂W first/last",
        "Norm of the weight gradient of the first layer by that of the last, the output left out where there are "
        "others: far below 1 it vanishes on its way to the input, far above it explodes.",
        lambda s: _known(s.gradient_ratio),
    ),
    Column(
        "Steps",
        "The step at which the loss of a batch came to the target for the first time; of a long run a few steps of "
        "which it is one.",
        lambda s: steps_text(s.reached),
    ),
    Column(
        "Seconds",
        "What these steps take here: their number by the mean time of one of this network's own, without what is "
        "shown of it.",
        lambda s: _known(s.seconds, lambda value: number(value, 2)),
    ),
)
LAST = "Findings", "What the doctor sees in each network by its rules alone; only its own panel tries mends on copies."


class VerdictTable(QTableWidget):
    """Cells to read, as high as its rows."""

    def __init__(self) -> None:
        super().__init__(0, len(COLUMNS) + 1)
        self.setObjectName("verdict")
        self.setAccessibleName("Verdict")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFont(tabular(self.font()))
        for place, (title, tip) in enumerate((*((column.title, column.tip) for column in COLUMNS), LAST)):
            head = QTableWidgetItem(title)
            head.setToolTip(tip)
            last = place == len(COLUMNS)
            head.setTextAlignment(Qt.AlignmentFlag.AlignVCenter | _side(last))
            self.setHorizontalHeaderItem(place, head)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().setHighlightSections(False)
        self.setCornerButtonEnabled(False)
        self.horizontalScrollBar().rangeChanged.connect(self._fit)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def say(self, rows: Sequence[Row]) -> None:
        """Show these networks and no others."""
        if self.rowCount() != len(rows):
            self.setRowCount(len(rows))
        self.setVerticalHeaderLabels([row.name for row in rows])
        for place, row in enumerate(rows):
            for at, column in enumerate(COLUMNS):
                self._write(place, at, *_cell(column, row))
            self._write(place, len(COLUMNS), *findings_text(row))
        self._fit()

    def _write(self, row: int, column: int, text: str, tip: str) -> None:
        item = self.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            item.setTextAlignment(Qt.AlignmentFlag.AlignVCenter | _side(column == len(COLUMNS)))
            self.setItem(row, column, item)
        if (item.text(), item.toolTip()) != (text, tip):
            item.setText(text)
            item.setToolTip(tip)

    def _fit(self, *_range: int) -> None:
        """As high as what it holds."""
        height = self.fontMetrics().height() + scaled(EXTRA)
        self.verticalHeader().setDefaultSectionSize(height)
        bar = self.horizontalScrollBar()
        heads, scroll = self.horizontalHeader().sizeHint().height(), bar.sizeHint().height() if bar.maximum() else 0
        self.setFixedHeight(heads + self.rowCount() * height + 2 * self.frameWidth() + scroll)

    def texts(self) -> Mapping[str, list[str]]:
        """Network → its cells."""
        model, columns = self.model(), range(self.columnCount())
        return {
            str(model.headerData(row, Qt.Orientation.Vertical)): [
                str(model.index(row, column).data()) for column in columns
            ]
            for row in range(self.rowCount())
        }


def _side(last: bool) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignLeft if last else Qt.AlignmentFlag.AlignRight


def _cell(column: Column, row: Row) -> tuple[str, str]:
    """Its text, and what it says in full."""
    if row.standing is None:
        return UNKNOWN, row.reason
    return column.text(row.standing), column.whole(row.standing)


def findings_text(row: Row) -> tuple[str, str]:
    """``vanishing, dead; suspected: initial weights``, and the sentences."""
    if row.standing is None:
        return row.reason, row.reason
    if row.findings is None:
        return NOT_EXAMINED, "Not examined yet."
    certain = [finding.rule for finding in row.findings if finding.cause is None]
    suspected = [finding.rule for finding in row.findings if finding.cause is not None]
    parts = [", ".join(dict.fromkeys(certain))]
    if suspected:
        parts.append(f"suspected: {', '.join(dict.fromkeys(suspected))}")
    text = "; ".join(part for part in parts if part)
    return text or NOTHING, "\n".join(finding.sentence for finding in row.findings)
