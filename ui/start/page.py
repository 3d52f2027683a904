"""The start page: recent experiments, presets as pictures in groups, data sets, and a way past it.

It imports nothing that the window has not imported already: it costs a start no more than making its widgets.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QBoxLayout,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from simulator.data import Data
from simulator.experiment.files import RUN_ENDING, Preset, preset_groups
from simulator.schema.parameter import concrete, grouped, kind_of, summary_of, title_of
from simulator.system.text import capitalized
from ui.settings.preferences import START, prefer, preferred
from ui.settings.settings import Settings
from ui.start.groups import PictureGroups, heading
from ui.start.picture_button import PictureButton
from ui.start.pictures import file_picture, preset_picture
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.icons import app_icon
from ui.style.keys import asks_for
from ui.style.text_size import resize_text, with_text
from ui.style.widgets import push_button

PURPOSE = "An oscilloscope for gradients: see what flows through a deep network, and why it does or does not learn."
MARGIN = 24
LEAST_LETTERS = 40
"""Of the purpose in a line, beside the buttons."""


class StartPage(QFrame):
    """Covers the bench until something is chosen, or it is closed."""

    preset_chosen = Signal(Preset)
    file_chosen = Signal(Path)
    data_chosen = Signal(str)
    """Kind of data set for a new experiment, or of data of the person's own that is to be opened."""
    new_chosen = Signal()
    open_chosen = Signal()
    tour_chosen = Signal()
    lessons_wanted = Signal(object)
    """The button below which they are to be listed."""
    closed = Signal()
    """By a hand; nothing was chosen."""

    def __init__(self, present: str, parent: QWidget) -> None:
        """``present`` names the experiment that stands behind it."""
        super().__init__(parent)
        self.setObjectName("startPage")
        self.setAccessibleName("Start page")
        self.setAutoFillBackground(True)
        self.presets = PictureGroups(self)
        self.recent = PictureGroups(self)
        self.at_start = QCheckBox("Show this page at the start")
        self._scroll = QScrollArea()
        parts = self._make_head(present), (self._make_body(), 1), self._make_foot()
        in_column(*parts, on=self, spacing=0, margins=(0, 0, 0, 0))

    # -- parts ---------------------------------------------------------------------------------------------------

    def _make_head(self, present: str) -> QBoxLayout:
        """The program's name and purpose; beside them, or below where there is no room, what to do."""
        icon, name, purpose = QLabel(), QLabel("Nablascope"), QLabel(PURPOSE)
        icon.setPixmap(app_icon().pixmap(36, 36))
        resize_text(name, 1.6, bold=True)
        purpose.setProperty("role", "muted")
        purpose.setWordWrap(True)
        words = in_column(name, purpose, spacing=0)
        title = in_row(icon, (words, 1), spacing=12)
        self._head = head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        head.setContentsMargins(MARGIN, 14, MARGIN, 12)
        head.setSpacing(8)
        head.addLayout(title, 1)
        head.addLayout(self._make_ways(present))
        return head

    def _make_ways(self, present: str) -> QHBoxLayout:
        """The buttons of the head."""
        self.tour = push_button("Take the &tour", "Six steps on the real controls.", self.tour_chosen.emit, self)
        self.tour.setDefault(True)
        self.tour.setVisible(Settings().offers_tour())
        tip = "Predict, run, and see: claims about deep networks as lessons."
        self.lessons = push_button("Le&ssons", tip, lambda: self.lessons_wanted.emit(self.lessons), self)
        tip = "A small network on handwritten digits to build on."
        self.new = push_button("&New", tip, self.new_chosen.emit, self)
        tip = "An experiment that was saved, or a table."
        self.open = push_button("&Open…", tip, self.open_chosen.emit, self)
        tip = "A table of your own, in almost any format."
        self.data = push_button("Open &data…", tip, lambda: self.data_chosen.emit("csv"), self)
        tip = f"{present} is open behind this page (Esc)."
        self.past = push_button("Go to the &bench", tip, self.closed.emit, self)
        buttons = (self.tour, self.lessons, self.new, self.open, self.data, self.past)
        self._ways = in_row(*((button, 0, Qt.AlignmentFlag.AlignVCenter) for button in buttons), spacing=6)
        return self._ways

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self._ways.sizeHint().width() + self.fontMetrics().averageCharWidth() * LEAST_LETTERS
        ways = QBoxLayout.Direction
        self._head.setDirection(ways.LeftToRight if beside <= self.width() else ways.TopToBottom)

    def _make_body(self) -> QScrollArea:
        body = QWidget()
        files = Settings().recent_files()
        self.recent.setHidden(not files)
        if files:
            self.recent.add("Recent", [self._file(path) for path in files])
        for group in preset_groups():
            self.presets.add(group.title, [self._preset(preset) for preset in group.presets])
        in_column(
            self.recent, self.presets, heading("Data for a new experiment", body), self._make_data(), STRETCH,
            on=body, spacing=0, margins=(MARGIN, 4, MARGIN, MARGIN),
        )  # fmt: skip
        self._scroll.setWidget(body)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return self._scroll

    def _preset(self, preset: Preset) -> PictureButton:
        button = PictureButton(
            preset.question, preset.title, preset.effect, lambda theme: preset_picture(preset.id, theme), self.presets
        )
        button.clicked.connect(lambda: self.preset_chosen.emit(preset))
        return button

    def _file(self, path: Path) -> PictureButton:
        below = f"run · {path.parent.name}" if path.suffix.lower() == RUN_ENDING else path.parent.name
        button = PictureButton(path.stem, below, str(path), lambda theme: file_picture(path, theme), self.recent)
        button.clicked.connect(lambda: self.file_chosen.emit(path))
        return button

    def _make_data(self) -> QVBoxLayout:
        """A line for each group of data sets."""
        lines: list[QHBoxLayout] = []
        for title, kinds in grouped(concrete(Data)).items():
            name = QLabel(title)
            name.setProperty("role", "muted")
            with_text(name, _fit_group_name)
            lines.append(in_row(name, *map(self._data, kinds), STRETCH, spacing=8))
        return in_column(*lines, spacing=6)

    def _data(self, kind: type[Data]) -> QPushButton:
        choose = partial(self.data_chosen.emit, kind_of(kind))
        button = push_button(capitalized(title_of(kind)), summary_of(kind), choose, self)
        button.setObjectName(f"data.{kind_of(kind)}")
        return button

    def _make_foot(self) -> QHBoxLayout:
        self.at_start.setChecked(preferred(START) == "on")
        self.at_start.setToolTip("The Help menu opens it at any time.")
        self.at_start.toggled.connect(lambda on: prefer(START, "on" if on else "off"))
        return in_row(self.at_start, STRETCH, margins=(MARGIN, 6, MARGIN, 8))

    # -- keyboard ------------------------------------------------------------------------------------------------

    def take_focus(self) -> None:
        """Let the keyboard begin at the first picture."""
        (self.recent.pictures or self.presets.pictures)[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        # Space and Escape are the page's while it is open, not the bench's behind it.
        if asks_for(event, Qt.Key.Key_Space, Qt.Key.Key_Escape):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Cancel):
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Round within the page: what it covers is out of reach."""
        reachable = list(self._reachable())
        focused = QApplication.focusWidget()
        at = reachable.index(focused) if focused in reachable else -1
        reachable[(at + (1 if forward else -1)) % len(reachable)].setFocus(
            Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        )
        return True

    def _reachable(self) -> Iterable[QWidget]:
        for button in self.findChildren(QAbstractButton):
            if button.isVisibleTo(self) and button.isEnabled() and button.focusPolicy() & Qt.FocusPolicy.TabFocus:
                yield button


def _fit_group_name(name: QLabel) -> None:
    """The names of groups of data sets are a column."""
    name.setFixedWidth(name.fontMetrics().horizontalAdvance("Drawn on the spot") + 16)
