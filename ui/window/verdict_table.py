"""A row, or a column, for each network: how it stands, what the doctor sees in it, and how soon it came to a loss."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget

from simulator.doctor.base import Finding
from simulator.running.headless.verdict import QUARTILES, quantile
from simulator.running.standing import Standing, Steps
from ui.style.broken_words import breakable
from ui.style.numbers import integer, number, percent, tabular
from ui.style.tables import LEFT, RIGHT, head_columns, write_cell
from ui.style.text_size import scaled

UNKNOWN = "—"
NOT_KNOWN_YET = "…"
COMPUTING = "What no record has of this step is being computed again."
NOTHING = "none"
LEAST_COLUMN = 30
"""Pixels of a column at least, however many there are."""
INDENT = "\N{NO-BREAK SPACE}" * 3
"""Before words that follow numbers, which stand at the right."""
NOT_YET = "not yet"
EXTRA = 6
"""Pixels that a row is higher than its text."""
BESIDE = 20
"""Pixels of a cell beside its text."""
BESIDE_TURNED = 12
"""The same of the narrow one."""


class NetworkRow(Struct, frozen=True):
    """What is told of one network: how it stands, or why it does not; its findings once it has been examined.

    With ``seeds`` it stands so from each of them, and has these findings.
    """

    name: str
    standing: Standing | None
    findings: Sequence[Finding] | None = None
    reason: str = ""
    seeds: Mapping[int, Standing] = field(default_factory=dict)
    findings_by_seed: Sequence[Sequence[Finding]] | None = ()
    """None where they have not been examined at this step."""


def steps_text(steps: Steps | None) -> str:
    """``128``, ``128 … 131`` where only that is known, or that it was never so."""
    if steps is None:
        return NOT_YET
    first, last = steps
    return integer(first) if first == last else f"{integer(first)} … {integer(last)}"


def _count_text(value: float) -> str:
    return integer(round(value)) if math.isfinite(value) else NOT_YET


def _seconds_text(value: float) -> str:
    return number(value, 2) if math.isfinite(value) else NOT_YET


class VerdictQuantity(Struct, frozen=True):
    """A number of a network, where it is known, and how it is written."""

    value: Callable[[Standing], float | None]
    write: Callable[[float], str] = number

    def text(self, standing: Standing) -> str:
        value = self.value(standing)
        return "" if value is None else self.write(value)

    def over(self, standings: Sequence[Standing]) -> str:
        """``0.31 [0.25, 0.36]``: the median over seeds and the quartiles."""
        values = [value for each in standings if (value := self.value(each)) is not None]
        if len(values) < len(standings):
            return ""
        median, low, high = (self.write(quantile(values, share)) for share in QUARTILES)
        return f"{median} [{low}, {high}]"


class VerdictColumn(Struct, frozen=True):
    """What it is called, what that means, and what its cell of a network says, with what that is in full."""

    title: str
    tip: str
    quantities: tuple[VerdictQuantity, ...]
    whole: Callable[[Standing], str] = lambda _: ""
    text: Callable[[Standing], str] | None = None
    """Of one network, where it says more than its quantities."""
    over: tuple[VerdictQuantity, ...] = ()
    """Of several seeds, where these are others."""
    of_past: bool = False
    """Whether it is of the steps before: what is not known of these is not being computed."""

    def of(self, row: NetworkRow) -> tuple[str, str]:
        """Its text, and what it says in full."""
        if row.seeds:
            quantities, standings = self.over or self.quantities, [*row.seeds.values()]
            said = (each.over(standings) for each in quantities)
            apart = (f"seed {seed}: {self._one(each)}" for seed, each in row.seeds.items())
            return "  ".join(filter(None, said)) or UNKNOWN, "\n".join(apart)
        if row.standing is None:
            return UNKNOWN, row.reason
        return self._one(row.standing), self.whole(row.standing) if row.standing.whole else COMPUTING

    def _one(self, standing: Standing) -> str:
        if self.text is not None:
            return self.text(standing)
        told = "  ".join(filter(None, (each.text(standing) for each in self.quantities)))
        return told or (UNKNOWN if standing.whole or self.of_past else NOT_KNOWN_YET)


def _scored_at(standing: Standing) -> str:
    return "" if standing.scored_step is None else f"at step {integer(standing.scored_step)}"


COLUMNS = (
    VerdictColumn("Loss", "Mean loss of the present step's batch.", (VerdictQuantity(lambda s: s.loss),)),
    VerdictColumn(
        "Accuracy", "Share of that batch that is classified right.", (VerdictQuantity(lambda s: s.accuracy, percent),)
    ),
    VerdictColumn(
        "Validation",
        "Loss and accuracy on data held out, when they were made last.",
        (VerdictQuantity(lambda s: s.validation_loss), VerdictQuantity(lambda s: s.validation_accuracy, percent)),
        _scored_at,
    ),
    VerdictColumn(
        "∂W first/last",
        "Norm of the weight gradient of the first layer by that of the last, the output left out where there are "
        "others: far below 1 it vanishes on its way to the input, far above it explodes.",
        (VerdictQuantity(lambda s: s.gradient_ratio),),
    ),
    VerdictColumn(
        "Steps",
        "The step at which the loss of a batch came to the target for the first time; of a long run a few steps of "
        "which it is one.",
        (VerdictQuantity(lambda s: math.inf if s.reached is None else s.reached[1], _count_text),),
        text=lambda s: steps_text(s.reached),
    ),
    VerdictColumn(
        "Seconds",
        "What these steps take here: their number by the mean time of one of this network's own, without what is "
        "shown of it.",
        (VerdictQuantity(lambda s: s.seconds, _seconds_text),),
        over=(VerdictQuantity(lambda s: math.inf if s.reached is None else s.seconds, _seconds_text),),
        of_past=True,
    ),
)
LAST = "Findings", "What the doctor sees in each network by its rules alone; only its own panel tries mends on copies."
HEADS = (*((column.title, column.tip) for column in COLUMNS), LAST)
SIDES = (*(RIGHT for _ in COLUMNS), LEFT)


class VerdictTable(QTableWidget):
    """Cells to read, as high as its rows; where it is narrow, a column for each network instead of a row."""

    def __init__(self) -> None:
        super().__init__(0, 0)
        self.setObjectName("verdict")
        self.setAccessibleName("Verdict")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setFont(tabular(self.font()))
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().setHighlightSections(False)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setMinimumSectionSize(1)
        self.setCornerButtonEnabled(False)
        self._rows: Sequence[NetworkRow] = ()
        self.turned = False
        """Whether each network has a column."""
        self._fit()

    def say(self, rows: Sequence[NetworkRow]) -> None:
        """Show these networks and no others."""
        self._rows, before = rows, self._grid()
        self._turn()
        if self.turned:
            self._say_turned()
        else:
            self._say_upright()
        self._fit()
        if self._grid() != before:
            # Qt moves cells that say the same a turn later than those whose text is new: one would see both.
            self.viewport().update()

    def _grid(self) -> Sequence[int]:
        """How wide and high cells are."""
        return [
            head.sectionSize(at)
            for head in (self.horizontalHeader(), self.verticalHeader())
            for at in range(head.count())
        ]

    def _turn(self) -> None:
        """Which way round there is room for."""
        before, self.turned = self.turned, False
        turned, self.turned = self._upright_width() > self.width(), before
        if turned != self.turned or not self.columnCount():
            self.clear()
            self.setRowCount(0)
            self.turned = turned
            self.horizontalHeader().setVisible(not turned)
            self.setWordWrap(turned)

    def _upright_width(self) -> int:
        """Pixels that it takes with a row for each network."""
        return sum(self._widths([["", *(title for title, _ in HEADS)], *self._lines()])) + 2 * self.frameWidth()

    def _lines(self) -> Sequence[Sequence[str]]:
        """Each network's name and cells."""
        return [[row.name, *(text for text, _ in cells(row))] for row in self._rows]

    def _widths(self, lines: Sequence[Sequence[str]]) -> Sequence[int]:
        """Of each column, whose texts stand in ``lines``."""
        return [self._widest(column) for column in zip(*lines, strict=True)]

    def _widest(self, texts: Sequence[str]) -> int:
        return max(map(self.fontMetrics().horizontalAdvance, texts)) + scaled(BESIDE_TURNED if self.turned else BESIDE)

    def _spread(self, heads: int, widths: Sequence[int]) -> None:
        """Give columns these widths, and each its part of what is left."""
        spare = max(self.width() - 2 * self.frameWidth() - heads - sum(widths), 0) // max(len(widths), 1)
        self.verticalHeader().setFixedWidth(heads)
        for place, width in enumerate(widths):
            self.setColumnWidth(place, width + spare)

    def _say_upright(self) -> None:
        self._hold(len(self._rows), len(COLUMNS) + 1)
        head_columns(self, HEADS, SIDES)
        self.setVerticalHeaderLabels([row.name for row in self._rows])
        first, *others = self._widths([["", *(title for title, _ in HEADS)], *self._lines()])
        self._spread(first, others)
        for place, row in enumerate(self._rows):
            for at, ((text, tip), side) in enumerate(zip(cells(row), SIDES, strict=True)):
                write_cell(self, place, at, INDENT + text if side == LEFT else text, tip, side)

    def _say_turned(self) -> None:
        self._hold(len(COLUMNS) + 2, len(self._rows))
        self.setVerticalHeaderLabels(["", *(title for title, _ in HEADS)])
        for place, (_, tip) in enumerate(HEADS, 1):
            self.verticalHeaderItem(place).setToolTip(tip)
        heads = self._widest([title for title, _ in HEADS]) + scaled(BESIDE - BESIDE_TURNED)
        words = [[word for text in line for word in text.split(" ")] for line in self._lines()]
        widths = within([self._widest(each) for each in words], self.width() - 2 * self.frameWidth() - heads)
        self._spread(heads, widths)
        for place, row in enumerate(self._rows):
            for at, (text, tip) in enumerate([(row.name, ""), *cells(row)]):
                fitted = breakable(text, widths[place], lambda word: self._widest([word]))
                write_cell(self, at, place, fitted, tip)

    def _hold(self, rows: int, columns: int) -> None:
        if (self.rowCount(), self.columnCount()) != (rows, columns):
            self.setRowCount(rows)
            self.setColumnCount(columns)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.say(self._rows)

    def _fit(self) -> None:
        """As high as what it holds."""
        height = self.fontMetrics().height() + scaled(EXTRA)
        self.verticalHeader().setDefaultSectionSize(height)
        heads = 0 if self.turned else self.horizontalHeader().sizeHint().height()
        for row in range(self.rowCount() if self.turned else 0):
            self.setRowHeight(row, max(height, self.sizeHintForRow(row)))
        bar = self.horizontalScrollBar()
        scroll = bar.sizeHint().height() if self.horizontalHeader().length() > self.viewport().width() else 0
        self.setFixedHeight(heads + self.verticalHeader().length() + 2 * self.frameWidth() + scroll)

    def texts(self) -> Mapping[str, list[str]]:
        """Network → its cells."""
        return {row.name: [text for text, _ in cells(row)] for row in self._rows}


def within(widths: Sequence[int], room: int) -> Sequence[int]:
    """The same where they have room together; else the widest give way."""
    given = list(widths)
    while sum(given) > room and max(given, default=0) > LEAST_COLUMN:
        given[given.index(max(given))] -= 1
    return given


def cells(row: NetworkRow) -> Sequence[tuple[str, str]]:
    """Of one network, as ``HEADS`` calls them: each text, and what it says in full."""
    return [*(column.of(row) for column in COLUMNS), findings_text(row)]


def findings_text(row: NetworkRow) -> tuple[str, str]:
    """``vanishing, dead; suspected: initial weights``, and the sentences."""
    if row.seeds:
        if row.findings_by_seed is None:
            return UNKNOWN, "The rules have looked at each seed's last step alone."
        counts = Counter(
            rule for each in row.findings_by_seed for rule in dict.fromkeys(finding.rule for finding in each)
        )
        summary = ", ".join(f"{rule} {times} of {len(row.seeds)}" for rule, times in counts.most_common())
        return summary or NOTHING, "What the rules say of each seed's last step."
    if row.standing is None:
        return row.reason, row.reason
    if row.findings is None:
        return NOT_KNOWN_YET, "Not examined yet." if row.standing.whole else COMPUTING
    certain = [finding.rule for finding in row.findings if finding.cause is None]
    suspected = [finding.rule for finding in row.findings if finding.cause is not None]
    parts = [", ".join(dict.fromkeys(certain))]
    if suspected:
        parts.append(f"suspected: {', '.join(dict.fromkeys(suspected))}")
    text = "; ".join(part for part in parts if part)
    return text or NOTHING, "\n".join(finding.sentence for finding in row.findings)
