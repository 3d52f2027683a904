"""The shelf: runs that are over, with a picture of their loss, what differs in them, and how they ended."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeySequence, QPainter, QPalette, QPen, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from simulator.arrays.numeric import Floats
from ui.bench.shelf import ShelvedRun
from ui.style.boxes import STRETCH, in_dialog, in_row
from ui.style.curves import path_through
from ui.style.help import set_page
from ui.style.tables import read_by_rows, write_cell
from ui.style.text_size import scaled, with_text
from ui.style.widgets import push_button

HEADS = ("Loss", "Run", "Differs from the present one", "How it ended")
PICTURE = QSize(96, 36)
SIZE = (900, 420)
EMPTY = (
    "No run is on the shelf yet. A run that an edit, a new seed, a restart or another experiment ends stands here, as "
    "long as there is memory for it; so does one that is pinned, and every run that is kept as a file."
)


class ShelfDialog(QDialog):
    """A line for each run; the chosen one becomes a ghost in all plots, or a lane."""

    ghost_wanted = Signal(object)
    """The chosen :class:`ShelvedRun`."""
    lane_wanted = Signal(object)
    keep_wanted = Signal()
    """The present run is to stand in a file."""
    pin_wanted = Signal()
    """The present run is to stand here, and to go on."""
    off_wanted = Signal(object)
    """The chosen run is to be here no longer."""

    def __init__(
        self, runs: Callable[[], Sequence[ShelvedRun]], differs: Callable[[ShelvedRun], str], lost: Callable[[], str],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        """``differs`` says what a run has apart from the present one.

        ``lost`` says what is no longer kept for want of memory.
        """
        super().__init__(parent)
        self.setWindowTitle("Shelf")
        set_page(self, "guide/shelf")
        self._runs, self._differs, self._lost = runs, differs, lost
        self.runs: tuple[ShelvedRun, ...] = ()
        """Those that are shown, in the order of the lines."""
        self.summary, self.lost = QLabel(self), QLabel(self)
        self.table = QTableWidget(0, len(HEADS), self)
        self._make_buttons()
        self._lay_out()
        self._prepare_table()
        with_text(self, lambda dialog: dialog.resize(*map(scaled, SIZE)))
        self.refresh()

    def _make_buttons(self) -> None:
        tip = "Draw the end of this run behind the present one, in every plot that is made."
        self.ghost = push_button("Ghost in all plots", tip, lambda: self._tell(self.ghost_wanted.emit), self)
        tip = "Train this network beside the present one, with the changes that were made in it by hand."
        self.lane = push_button("As a lane", tip, lambda: self._tell(self.lane_wanted.emit), self)
        tip = "Keep it in memory as it stands now; it goes on."
        self.pin = push_button("Pin the present run", tip, self.pin_wanted.emit, self)
        tip = "Keep the chosen run in memory no longer. (Del)"
        self.off = push_button("Take off", tip, lambda: self._tell(self.off_wanted.emit), self)
        tip = "As a run file, which stays on the shelf while it is among the recent files."
        self.keep = push_button("Keep the present run…", tip, self.keep_wanted.emit, self)

    def _lay_out(self) -> None:
        for label in (self.summary, self.lost):
            label.setWordWrap(True)
        self.lost.setProperty("role", "muted")
        line = in_row(self.pin, self.keep, self.off, STRETCH, self.ghost, self.lane)
        in_dialog(self, self.summary, (self.table, 1), self.lost, line)

    def _prepare_table(self) -> None:
        table, mode = self.table, QHeaderView.ResizeMode
        table.setHorizontalHeaderLabels(HEADS)
        read_by_rows(table, "Runs on the shelf", one=True)
        for place, fit in enumerate((mode.ResizeToContents, mode.ResizeToContents, mode.Stretch, mode.Stretch)):
            table.horizontalHeader().setSectionResizeMode(place, fit)
        # Text breaks elsewhere in wider columns, and all of them have to be as wide as they will be.
        resized = table.horizontalHeader().sectionResized
        resized.connect(table.resizeRowsToContents, Qt.ConnectionType.QueuedConnection)
        table.itemSelectionChanged.connect(self._enable)
        table.itemActivated.connect(lambda _item: self._tell(self.ghost_wanted.emit))
        take_off = QShortcut(QKeySequence.StandardKey.Delete, table, context=Qt.ShortcutContext.WidgetShortcut)
        take_off.activated.connect(self.off.click)
        with_text(table, lambda shown: shown.setIconSize(QSize(scaled(PICTURE.width()), scaled(PICTURE.height()))))

    @property
    def chosen(self) -> ShelvedRun | None:
        """The run whose line is chosen."""
        row = self.table.currentRow()
        return self.runs[row] if self.table.selectedItems() and 0 <= row < len(self.runs) else None

    def _tell(self, tell: Callable[[ShelvedRun], object]) -> None:
        if (run := self.chosen) is not None:
            tell(run)

    def refresh(self) -> None:
        """Show what is there now."""
        self.runs = tuple(self._runs())
        self.summary.setText("" if self.runs else EMPTY)
        self.summary.setVisible(not self.runs)
        lost = self._lost()
        self.lost.setText(lost)
        self.lost.setVisible(bool(lost))
        self.table.setRowCount(len(self.runs))
        for row, run in enumerate(self.runs):
            self._fill(row, run)
        self.table.resizeRowsToContents()
        if self.runs and self.chosen is None:
            self.table.selectRow(0)
        self._enable()

    def _fill(self, row: int, run: ShelvedRun) -> None:
        picture = QTableWidgetItem()
        pixmap = picture_of(run, self.palette(), self.table.iconSize(), self.devicePixelRatioF())
        icon = QIcon(pixmap)
        icon.addPixmap(pixmap, QIcon.Mode.Selected)
        picture.setIcon(icon)
        picture.setData(Qt.ItemDataRole.AccessibleTextRole, f"loss of {run.name}")
        self.table.setItem(row, 0, picture)
        for place, text in enumerate((f"{run.name}\n{run.place}", self._differs(run), run.end), 1):
            write_cell(self.table, row, place, text, tip=text)

    def _enable(self) -> None:
        for button in (self.ghost, self.lane):
            button.setEnabled(self.chosen is not None)
        self.off.setEnabled(self.chosen is not None and self.chosen.can_go)


def picture_of(run: ShelvedRun, palette: QPalette, size: QSize, ratio: float) -> QPixmap:
    """The loss over the run's steps, on a logarithmic scale where all of it is above 0."""
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(palette.color(QPalette.ColorRole.Base))
    losses = np.asarray(run.record.history.series("loss").last, np.float64)
    with np.errstate(all="ignore"):
        heights = np.log(losses) if losses.size and np.nanmin(losses, initial=math.inf) > 0 else losses
    finite = np.isfinite(heights)
    if finite.any():
        low, high = float(heights[finite].min()), float(heights[finite].max())
        area = QRectF(3, 3, size.width() - 6, size.height() - 6)
        with QPainter(pixmap) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 1.5))
            painter.drawPath(path_through(_points(heights, low, high - low or 1.0, area)))
    return pixmap


def _points(heights: Floats, low: float, span: float, area: QRectF) -> Iterator[QPointF | None]:
    """Where each height stands; None where it is not finite."""
    for place, height in enumerate(heights.tolist()):
        x = area.left() + area.width() * place / max(1, len(heights) - 1)
        yield QPointF(x, area.bottom() - area.height() * (height - low) / span) if math.isfinite(height) else None
