"""Preferences: each acts at once and is kept at once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QTabWidget,
    QWidget,
)

from ui.bench.run_memory import MemoryUse
from ui.dialogs import without_icons
from ui.dialogs.memory import MemoryPage
from ui.settings.preferences import PREFERENCES, Preference, prefer, preference_changed, preferred, restore_preferences
from ui.settings.shortcuts import NATIVE, Shortcuts
from ui.style.boxes import in_column, in_dialog, in_row
from ui.style.numbers import percent
from ui.style.tables import read_by_rows, write_cell
from ui.style.text_size import scaled
from ui.style.widgets import choice_of, whole_number

CARD_SIZES = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5)
LARGEST_SEED = 2**31 - 1


class PreferencesDialog(QDialog):
    """A form of all preferences, and a table of all keys."""

    def __init__(
        self, shortcuts: Shortcuts, card_size: float, set_card_size: Callable[[float], object],
        memory: Callable[[], MemoryUse], parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.fields: dict[str, QComboBox | QSpinBox] = {}
        self._set_card_size = set_card_size
        self.keys = KeysPage(shortcuts, self)
        self.tabs = QTabWidget(self)
        self.tabs.addTab(self._general(card_size), "General")
        self.tabs.addTab(self.keys, "Keyboard")
        self.tabs.addTab(MemoryPage(memory, self), "Memory")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self.restore = buttons.addButton("Restore defaults", QDialogButtonBox.ButtonRole.ResetRole)
        without_icons(buttons)
        buttons.rejected.connect(self.close)
        self.restore.clicked.connect(self._restore)
        in_dialog(self, (self.tabs, 1), buttons)
        preference_changed.connect(self._show)

    def _general(self, card_size: float) -> QWidget:
        page = QWidget(self)
        form = QFormLayout(page, verticalSpacing=8)
        for preference in PREFERENCES:
            field = self._choice(preference) if preference.choices else self._number(preference)
            self.fields[preference.key] = field
            form.addRow(preference.label, field)
        self.card_size = self._card_sizes(card_size)  # Keys go through fields in the order in which they are made.
        form.addRow("Size of cards", self.card_size)
        return page

    def _choice(self, preference: Preference) -> QComboBox:
        choices = ((words, value) for value, words in preference.choices)
        field = choice_of(preference.label, choices, preference.help, self)
        field.setCurrentIndex(field.findData(preferred(preference)))
        field.activated.connect(lambda _index: prefer(preference, field.currentData()))
        return field

    def _number(self, preference: Preference) -> QSpinBox:
        field = whole_number(preference.label, 0, LARGEST_SEED, int(preferred(preference)), self)
        field.setToolTip(preference.help)
        field.valueChanged.connect(lambda value: prefer(preference, str(value)))
        return field

    def _card_sizes(self, present: float) -> QComboBox:
        tip = "How wide a card is at least, as the slider above the board and Ctrl + and − set it."
        sizes = ((percent(factor), factor) for factor in sorted({*CARD_SIZES, present}))
        field = choice_of("Size of cards", sizes, tip, self)
        field.setCurrentIndex(field.findData(present))
        field.activated.connect(lambda _index: self._set_card_size(field.currentData()))
        return field

    def _show(self, key: str) -> None:
        """What has been changed elsewhere, in a menu."""
        preference = next(each for each in PREFERENCES if each.key == key)
        field = self.fields[key]
        if isinstance(field, QComboBox):
            field.setCurrentIndex(field.findData(preferred(preference)))
        else:
            field.setValue(int(preferred(preference)))

    def _restore(self) -> None:
        """Of the page that is shown."""
        if self.tabs.currentWidget() is self.keys:
            self.keys.restore()
            return
        restore_preferences()
        self.card_size.setCurrentIndex(self.card_size.findData(1.0))
        self._set_card_size(1.0)


class KeysPage(QWidget):
    """All commands with their keys; those of the chosen one can be changed."""

    def __init__(self, shortcuts: Shortcuts, parent: QWidget) -> None:
        super().__init__(parent)
        self._shortcuts = shortcuts
        self.table = QTableWidget(len(shortcuts.names), 2, self)
        self.edit = QKeySequenceEdit(self)
        self.set_button = QPushButton("Set", self)
        self.reset_button = QPushButton("Reset", self)
        self.message = QLabel(self)
        self._fill()
        row = in_row(QLabel("Keys", self), (self.edit, 1), self.set_button, self.reset_button)
        in_column((self.table, 1), row, self.message, on=self)
        self._show_all()
        self.table.selectRow(0)

    def _fill(self) -> None:
        read_by_rows(self.table, "Commands and their keys", one=True)
        self.table.setHorizontalHeaderLabels(["Command", "Keys"])
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.table.setMinimumSize(scaled(420), scaled(240))
        self.edit.setMaximumSequenceLength(1)
        self.edit.setAccessibleName("Keys of the chosen command")
        self.message.setProperty("role", "warning")
        self.message.setWordWrap(True)
        self.table.itemSelectionChanged.connect(self._show_chosen)
        self.set_button.clicked.connect(lambda: self._say(self._shortcuts.change(self.chosen, self.edit.keySequence())))
        self.reset_button.clicked.connect(lambda: self._say(self._shortcuts.reset(self.chosen)))

    @property
    def chosen(self) -> str:
        """The name of the chosen command."""
        return self._shortcuts.names[max(self.table.currentRow(), 0)]

    def choose(self, name: str) -> None:
        """Choose a command."""
        self.table.selectRow(self._shortcuts.names.index(name))

    def restore(self) -> None:
        """All keys as the program brings them."""
        self._shortcuts.reset_all()
        self._say("")

    def _show_all(self) -> None:
        for row, name in enumerate(self._shortcuts.names):
            mark = " (changed)" if self._shortcuts.changed(name) else ""
            write_cell(self.table, row, 0, name)
            write_cell(self.table, row, 1, f"{self._shortcuts.keys(name)}{mark}")

    def _show_chosen(self) -> None:
        self.edit.setKeySequence(QKeySequence(self._shortcuts.keys(self.chosen), NATIVE))
        self.message.clear()

    def _say(self, refusal: str) -> None:
        self.message.setText(refusal)
        if not refusal:
            self._show_all()
            self.edit.setKeySequence(QKeySequence(self._shortcuts.keys(self.chosen), NATIVE))
