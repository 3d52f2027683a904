"""Who races: one row each with what is read off where it stands; the chosen row is the one whose knobs are shown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTableWidget

from simulator.landscape.readings import Curvature, no_limit, steps_to, turning_share
from simulator.schema.parameter import title_of
from ui.chart.pens import pen_of
from ui.chart.shapes import draw_shape
from ui.landscape.state import COLOURS, SHAPES, LandscapeState
from ui.style.broken_words import BREAK, breakable
from ui.style.numbers import integer, number, percent, tabular
from ui.style.tables import LEFT, RIGHT, head_columns, read_by_rows, write_cell
from ui.style.text_size import scaled
from ui.style.theme import Theme, current_theme, theme_changed

COLUMNS = (
    ("Name", "What its path is called."),
    ("Optimiser", "By whose rule it goes."),
    ("η", "Its learning rate in the coming step, as the schedule has it."),
    ("f", "Where it stands at the step that is shown."),
    ("η·λ_max", "Learning rate times the largest eigenvalue of the Hessian where it stands: against its limit."),
    ("limit", "Beyond it, steps on a bowl of that curvature grow; what rescales gradients has none."),
    ("κ", "Condition number there: largest by smallest eigenvalue; none where not both are positive."),
    ("turns", "Share of its last 20 steps that go back against the one before: oscillation."),
    ("close at", "First step at which f is no more than ε above the lowest minimum, or the gradient no longer than ε."),
)
SIDES = (*(LEFT for _ in COLUMNS[:2]), *(RIGHT for _ in COLUMNS[2:]))
ROOM = 8
"""Pixels of a row beside its text."""
LEAST_NAME = 14
"""Letters that a name has room for in any case; it takes several lines where it is longer."""
BESIDE_NAME = 12
"""Pixels of a name's cell beside its text and its picture."""
NONE = "–"


class EntriesTable(QTableWidget):
    """As high as its rows."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(0, len(COLUMNS))
        read_by_rows(self, "Optimisers that race", one=True)
        self.setShowGrid(False)
        self.setFont(tabular(self.font()))
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head_columns(self, COLUMNS, SIDES)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self.horizontalScrollBar().rangeChanged.connect(self._fit)
        self.currentCellChanged.connect(lambda row, *_others: self.chosen.emit(row))
        theme_changed.connect(self._dress)

    def show_state(self, state: LandscapeState, curvatures: Sequence[Curvature | None], chosen: int) -> None:
        """What is read at the step that is shown."""
        with QSignalBlocker(self):
            if self.rowCount() != len(state.paths):
                self.setRowCount(len(state.paths))
            for row, curved in enumerate(curvatures):
                for place, (text, side) in enumerate(zip(cells(state, row, curved), SIDES, strict=True)):
                    write_cell(self, row, place, text, side=side)
            self.setCurrentCell(chosen, max(self.currentColumn(), 0))
        self._dress()
        self._fit()

    def _dress(self, *_theme: object) -> None:
        """Each name beside its colour and shape."""
        theme, side = current_theme(), scaled(14)
        for row in range(self.rowCount()):
            item = self.item(row, 0)
            name = f"{theme.name} {row} {side}"
            if item is not None and item.data(Qt.ItemDataRole.UserRole) != name:
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setIcon(swatch(theme, row, side, self.devicePixelRatioF()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """Names take what the read-outs leave; the optimisers, which the knobs say too, give way first."""
        least, room = LEAST_NAME * self.fontMetrics().averageCharWidth() + self._beside_name, self.viewport().width()
        widths = [self.sizeHintForColumn(place) for place in range(1, len(COLUMNS))]
        heads = [self._head_width(place) for place in range(1, len(COLUMNS))]
        needed = [max(pair) for pair in zip(widths, heads, strict=True)]
        self.setColumnHidden(1, sum(needed) + least > room)
        taken = sum(needed[1:] if self.isColumnHidden(1) else needed)
        self.setColumnWidth(0, max(room - taken, least))
        self._break_names()

    def _head_width(self, place: int) -> int:
        """Also of a column that is hidden, of which Qt says that it needs nothing."""
        header = self.horizontalHeader()
        first, its = (header.fontMetrics().horizontalAdvance(COLUMNS[each][0]) for each in (0, place))
        return header.sectionSizeHint(place) or header.sectionSizeHint(0) - first + its

    @property
    def _beside_name(self) -> int:
        return scaled(14) + BESIDE_NAME

    def _break_names(self) -> None:
        """Into lines that have room."""
        width = self.columnWidth(0) - self._beside_name
        for row in range(self.rowCount()):
            item = self.item(row, 0)
            if item is not None:
                name = breakable(item.text().replace(BREAK, ""), width, self.fontMetrics().horizontalAdvance)
                write_cell(self, row, 0, name)

    def _row_height(self, row: int) -> int:
        width, item = self.columnWidth(0) - self._beside_name, self.item(row, 0)
        room = QRect(0, 0, width, 10_000)
        wrapped = self.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, "" if item is None else item.text())
        return max(wrapped.height(), self.fontMetrics().height()) + scaled(ROOM)

    def _fit(self, *_range: int) -> None:
        self._share()
        heights = [self._row_height(row) for row in range(max(self.rowCount(), 1))]
        for row in range(self.rowCount()):
            self.setRowHeight(row, heights[row])
        bar = self.horizontalScrollBar()
        heads, scroll = self.horizontalHeader().sizeHint().height(), bar.sizeHint().height() if bar.maximum() else 0
        self.setFixedHeight(heads + sum(heights) + 2 * self.frameWidth() + scroll)


def cells(state: LandscapeState, row: int, curved: Curvature | None) -> list[str]:
    """The texts of one row."""
    path = state.paths[row]
    at, rule = state.at(path), path.entry.optimizer
    rate, turns = path.entry.rate(at), turning_share(path, at)
    gauge = "…" if curved is None else number(rate * curved.largest)
    condition = "…" if curved is None else NONE if math.isnan(curved.condition) else number(curved.condition)
    close = steps_to(path, state.relief.base if state.relief.known else None, state.epsilon)
    return [
        path.entry.name, title_of(type(rule)), number(rate), number(float(path.values[at])), gauge,
        NONE if no_limit(rule) else number(rule.stability_limit()), condition,
        NONE if math.isnan(turns) else percent(turns), NONE if close is None else integer(close),
    ]  # fmt: skip


def swatch(theme: Theme, row: int, side: int, ratio: float) -> QIcon:
    """Colour and shape of the ``row``-th path."""
    picture = QPixmap(round(side * ratio), round(side * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    colour = str(getattr(theme, COLOURS[row]))
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen_of(theme.panel, 0.8))
        painter.setBrush(QColor(colour))
        draw_shape(painter, SHAPES[row], QPointF(side / 2, side / 2), side * 0.36)
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)
    return icon
