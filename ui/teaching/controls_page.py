"""Second page: every control of what is run, and whether a pupil may turn it, sees it locked, or does not see it."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QHeaderView,
    QRadioButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)  # fmt: skip

from simulator.experiment.experiment import ExperimentError
from simulator.experiment.locks import FieldLocks, LockState
from simulator.lessons.controls import Control, controls, with_state
from simulator.schema.settings import keys_of
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.text_size import scaled, with_text
from ui.style.widgets import muted
from ui.teaching.fields import LineField, form, labelled
from ui.teaching.model import LessonInMaking

COLUMNS = ("Control", "Value", "Pupil", "Called")
STATES: tuple[tuple[LockState, str, str], ...] = (
    ("free", "&Free", "It can be turned before the run."),
    ("locked", "&Locked", "It is shown and cannot be turned until the run has answered."),
    ("hidden", "&Hidden", "It is not shown until the run has answered."),
)
ALL = Control("", "Everything")
EXPLAINED = (
    "Choose a control and say what a pupil may do with it before the run has answered; what holds for a group holds "
    "for all that is in it. Keys: F, L, H."
)


class ControlsPage(QWidget):
    """A tree of controls, and what holds for the chosen one."""

    def __init__(self, making: LessonInMaking) -> None:
        super().__init__()
        self.setAccessibleName("Controls")
        self.making = making
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Controls of the experiment")
        self.tree.setHeaderLabels(COLUMNS)
        self.tree.setAlternatingRowColors(True)
        self.tree.currentItemChanged.connect(lambda _now, _before: self._show_chosen())
        self.buttons = QButtonGroup(self)
        self.states: dict[LockState, QRadioButton] = {}
        for state, text, tip in STATES:
            self.states[state] = made = QRadioButton(text)
            made.setToolTip(tip)
            made.clicked.connect(lambda _on=False, state=state: self.set_state(state))
            self.buttons.addButton(made)
            key = QShortcut(QKeySequence(state[0].upper()), self.tree, context=Qt.ShortcutContext.WidgetShortcut)
            key.activated.connect(lambda state=state: self.set_state(state))
        self.called = LineField("Called in texts and formulas", self._name, "e.g. rate, then {{rate}} in a text")
        self.because = LineField("Why what is locked is locked", self._set_because, "the lesson is about it")
        self._lay_out()
        making.exchanged.connect(self.show_draft)
        self.show_draft()

    def _lay_out(self) -> None:
        row = in_row(*self.states.values(), STRETCH)
        fields = form()
        labelled(fields, "&Called in texts and formulas", self.called)
        labelled(fields, "&Why locked: since …", self.because)
        in_column(muted(EXPLAINED), (self.tree, 1), row, fields, on=self, spacing=8, margins=(12, 10, 12, 10))
        header = self.tree.header()
        for column in (0, 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        header.setStretchLastSection(False)
        with_text(self.tree, _fit)

    # -- showing ---------------------------------------------------------------------------------------------------

    def show_draft(self) -> None:
        """The controls of what the lesson runs."""
        chosen = self.path
        with QSignalBlocker(self.tree):
            self.tree.clear()
            root = self._item(ALL)
            self.tree.addTopLevelItem(root)
            root.setExpanded(True)
            try:
                for control in controls(self.making.draft.subject):
                    self._add(root, control)
            except ExperimentError:
                pass  # The first page says why.
        self.because.show_text(self.making.draft.knobs.because)
        self._write()
        self.choose(chosen)

    def _add(self, parent: QTreeWidgetItem, control: Control) -> None:
        item = self._item(control)
        parent.addChild(item)
        for each in control.inside:
            self._add(item, each)
        item.setExpanded(True)

    def _item(self, control: Control) -> QTreeWidgetItem:
        item = QTreeWidgetItem([control.label, control.value])
        item.setData(0, Qt.ItemDataRole.UserRole, control)
        item.setToolTip(0, control.path)
        item.setToolTip(1, control.value)
        return item

    def items(self) -> dict[str, QTreeWidgetItem]:
        """Path → its line."""
        every = self.tree.findItems("*", Qt.MatchFlag.MatchWildcard | Qt.MatchFlag.MatchRecursive)
        return {self._control(item).path: item for item in every}

    @staticmethod
    def _control(item: QTreeWidgetItem) -> Control:
        control = item.data(0, Qt.ItemDataRole.UserRole)
        assert isinstance(control, Control)
        return control

    def _write(self) -> None:
        """States and names, line by line."""
        knobs, names = self.making.draft.knobs, self.making.draft.number_names()
        for path, item in self.items().items():
            item.setText(2, state_of(knobs, path))
            item.setText(3, names.get(path, ""))
        self._show_chosen()

    @property
    def path(self) -> str:
        """Of the chosen control."""
        item = self.tree.currentItem()
        return "" if item is None else self._control(item).path

    def choose(self, path: str) -> None:
        """Bring a control into sight."""
        items = self.items()
        self.tree.setCurrentItem(items.get(path, items[""]))

    def _show_chosen(self) -> None:
        item = self.tree.currentItem()
        control = ALL if item is None else self._control(item)
        lockable = not control.path or control.lockable
        for state, each in self.states.items():
            each.setEnabled(lockable)
            each.setChecked(state == state_of(self.making.draft.knobs, control.path))
        self.called.setEnabled(control.number is not None)
        self.called.show_text(self.making.draft.number_names().get(control.path, ""))

    # -- changing --------------------------------------------------------------------------------------------------

    def set_state(self, state: LockState) -> None:
        """Of the chosen control and all that is in it."""
        item = self.tree.currentItem()
        if item is None or (self.path and not self._control(item).lockable):
            return
        draft = self.making.draft
        draft.set_knobs(with_state(draft.knobs, self.path, state))
        self.making.touch()
        self._write()

    def _name(self, text: str) -> None:
        self.making.draft.name_number(self.path, text.strip())
        self.making.touch()
        item = self.tree.currentItem()
        if item is not None:
            item.setText(3, text.strip())

    def _set_because(self, text: str) -> None:
        knobs = {**self.making.draft.plain.get("knobs", {})}
        knobs.pop("because", None)
        self.making.set("knobs", {**knobs, "because": text} if text.strip() else knobs)


def state_of(knobs: FieldLocks, path: str) -> LockState:
    """Of the control at ``path``; the empty path is of all that nothing else is said of."""
    return knobs.state(keys_of(path)) if path else knobs.otherwise


def _fit(tree: QTreeWidget) -> None:
    for column in (2, 3):
        tree.setColumnWidth(column, scaled(60))
