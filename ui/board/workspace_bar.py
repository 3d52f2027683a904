"""Above the board: a tab for each workspace, what can be done with it, and the size of cards."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QInputDialog,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QSlider,
    QTabBar,
    QToolButton,
    QWidget,
)

from ui.board.workspaces import SIZES, Workspaces
from ui.style.boxes import in_row
from ui.style.numbers import percent
from ui.style.spoken_slider import Spoken, speak
from ui.style.widgets import choice_of, icon_button

STEPS_PER_UNIT = 20
"""Of the slider: 5 % each."""
STEP = 2
"""Of Ctrl + and −."""
SLIDER_WIDTH = 72
BESIDE = 30
"""Pixels of margins and gaps."""


class WorkspaceBar(QWidget):
    """Chooses, names and deletes workspaces."""

    size_changed = Signal(float)
    plots_wanted = Signal(QPoint)
    """Where on the screen the list of plots shall open."""

    def __init__(self, workspaces: Workspaces) -> None:
        super().__init__()
        self.setObjectName("workspaceBar")
        self.workspaces = workspaces
        self.tabs = self._make_tabs()
        self.choice = self._make_choice()
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.workspace_button = icon_button(
            "menu", "Workspace", "Save the arrangement under a name, rename it, reset it.",
            lambda: self.menu.popup(_below(self.workspace_button)), self,
        )  # fmt: skip
        self.add_button = icon_button(
            "plus", "Plots", "Put a plot on the board, or take one off.",
            lambda: self.plots_wanted.emit(_below(self.add_button)), self,
        )  # fmt: skip
        self.slider = self._make_slider()
        self._lay_out()
        workspaces.listed.connect(self._list)
        workspaces.selected.connect(self._show_current)
        self._list()

    def _lay_out(self) -> None:
        row = in_row((self.tabs, 1), self.choice, on=self, spacing=2, margins=(6, 0, 8, 0))
        row.addStretch()
        for widget in (self.slider, self.add_button, self.workspace_button):
            row.addWidget(widget)

    def _make_tabs(self) -> QTabBar:
        tabs = QTabBar()
        tabs.setObjectName("workspaceTabs")
        tabs.setAccessibleName("Workspaces")
        tabs.setDrawBase(False)
        tabs.setExpanding(False)
        tabs.setElideMode(Qt.TextElideMode.ElideNone)
        tabs.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        tabs.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tabs.customContextMenuRequested.connect(self._open_menu_of_tab)
        tabs.currentChanged.connect(self._choose)
        return tabs

    def _make_choice(self) -> QComboBox:
        choice = choice_of("Workspace", tip="Which plots are on the board.")
        choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        choice.activated.connect(self.choose)
        choice.hide()
        return choice

    def _make_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setRange(round(SIZES[0] * STEPS_PER_UNIT), round(SIZES[1] * STEPS_PER_UNIT))
        slider.setValue(round(self.workspaces.size_factor * STEPS_PER_UNIT))
        slider.setPageStep(STEP)
        slider.setFixedWidth(SLIDER_WIDTH)
        slider.setAccessibleName("Size of cards")
        slider.setToolTip("How wide a card is at least; Ctrl + and Ctrl − change it, Ctrl 0 puts it back.")
        slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        slider.setAccessibleDescription(slider.toolTip())
        speak(slider, SPOKEN)
        slider.valueChanged.connect(lambda value: self.size_changed.emit(value / STEPS_PER_UNIT))
        return slider

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()  # as the style sheet has it

    def _fit(self) -> None:
        """Tabs where there is room for all, else a list to choose from: none is cut."""
        self.tabs.setMinimumHeight(self.tabs.sizeHint().height())
        self.setFixedHeight(max(self.tabs.sizeHint().height(), self.choice.sizeHint().height()))
        others = (self.slider, self.add_button, self.workspace_button)
        room = self.width() - sum(widget.sizeHint().width() for widget in others) - BESIDE
        self.slider.setVisible(self.choice.sizeHint().width() <= room)
        fits = self.tabs.sizeHint().width() <= room
        self.tabs.setVisible(fits)
        self.choice.setVisible(not fits)

    # -- size ----------------------------------------------------------------------------------------------------

    def enlarge(self) -> None:
        self.slider.setValue(self.slider.value() + STEP)

    def reduce(self) -> None:
        self.slider.setValue(self.slider.value() - STEP)

    def show_size(self, factor: float) -> None:
        self.slider.setValue(round(factor * STEPS_PER_UNIT))

    def usual_size(self) -> None:
        self.slider.setValue(STEPS_PER_UNIT)

    # -- workspaces ----------------------------------------------------------------------------------------------

    def _list(self) -> None:
        self.tabs.blockSignals(True)
        while self.tabs.count():
            self.tabs.removeTab(0)
        self.choice.clear()
        for number, workspace in enumerate(self.workspaces.all, 1):
            index = self.tabs.addTab(workspace.title.replace("&", "&&"))
            keys = f" (Ctrl+{number})" if number < 10 else ""
            self.tabs.setTabToolTip(index, f"{workspace.explain}{keys}")
            self.tabs.setAccessibleTabName(index, workspace.title)
            self.choice.addItem(workspace.title)
        self.tabs.blockSignals(False)
        self._show_current()
        self._fit()

    def _show_current(self) -> None:
        self.tabs.blockSignals(True)
        index = [each.id for each in self.workspaces.all].index(self.workspaces.current)
        self.tabs.setCurrentIndex(index)
        self.choice.setCurrentIndex(index)
        self.tabs.blockSignals(False)

    def choose(self, index: int) -> None:
        """Put the workspace of one tab on the board, if there are so many."""
        if 0 <= index < self.tabs.count():
            self.tabs.setCurrentIndex(index)

    def _choose(self, index: int) -> None:
        if index >= 0:
            self.workspaces.select(self.workspaces.all[index].id)

    def _open_menu_of_tab(self, at: QPoint) -> None:
        self.choose(self.tabs.tabAt(at))
        self.menu.popup(self.tabs.mapToGlobal(at))

    def _fill_menu(self) -> None:
        self.menu.clear()
        own = self.workspaces.present.own
        self.menu.addAction("Save as…", self.ask_save_as)
        self.menu.addAction("Rename…", self.ask_rename).setEnabled(own)
        self.menu.addAction("Delete", self.workspaces.delete).setEnabled(own)
        self.menu.addSeparator()
        self.menu.addAction("Reset arrangement", self.workspaces.reset).setEnabled(not own)

    def ask_save_as(self) -> None:
        """Ask under which name the present arrangement shall be kept."""
        title = self._ask_title("Save workspace as", "")
        if title:
            self.workspaces.save_as(title)

    def ask_rename(self) -> None:
        title = self._ask_title("Rename workspace", self.workspaces.present.title)
        if title:
            self.workspaces.rename(title)

    def _ask_title(self, what: str, before: str) -> str:
        text, accepted = QInputDialog.getText(self, what, "Name:", QLineEdit.EchoMode.Normal, before)
        return " ".join(text.split()) if accepted else ""


def _below(button: QToolButton) -> QPoint:
    return button.mapToGlobal(QPoint(0, button.height()))


SPOKEN: Spoken[QSlider] = Spoken(
    value=lambda slider: slider.value() / STEPS_PER_UNIT,
    ends=lambda _slider: SIZES,
    step=lambda _slider: STEP / STEPS_PER_UNIT,
    take=lambda slider, size: slider.setValue(round(size * STEPS_PER_UNIT)),
    text=lambda slider: percent(slider.value() / STEPS_PER_UNIT),
)
"""The size of cards as a share of the usual one."""
