"""What can be done with the chosen layers, as actions with keys and as the line of buttons under the stack."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from ui.builder import edits
from ui.builder.edits import StackEdit
from ui.forms.typed import STARTS_OVER

Act = Callable[[str, StackEdit], None]
"""Does what a text says by a change of the stack."""
OF_CHOSEN = ("duplicate", "delete", "up", "down")
"""Actions that need chosen layers."""


class StackTools:
    """The actions of a stack, which is where their keys work."""

    def __init__(self, stack: QWidget, act: Act, added: StackEdit) -> None:
        self.actions: dict[str, QAction] = {}
        self._stack, self._act = stack, act
        up, down = QKeySequence("Alt+Up"), QKeySequence("Alt+Down")
        make = self._make
        add, inside = QKeySequence("Ins"), QKeySequence("Shift+Ins")
        make("add", "Add layer", add, "Add a copy of the chosen layer behind it.", added)
        make("inside", "Add inside", inside, "Add a layer inside the chosen one.", edits.added_inside)
        make("duplicate", "Duplicate", QKeySequence("Ctrl+D"), "Copy the chosen layers.", edits.duplicated)
        make("delete", "Delete", QKeySequence("Del"), "Take the chosen layers out.", edits.deleted)
        make("up", "Move up", up, "Towards the input.", lambda p, c: edits.nudged(p, c, -1))
        make("down", "Move down", down, "Towards the output.", lambda p, c: edits.nudged(p, c, 1))

    def _make(self, name: str, text: str, keys: QKeySequence, help: str, change: StackEdit) -> None:
        action = QAction(text, self._stack)
        action.setShortcut(keys)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setToolTip(f"{help} ({keys.toString(QKeySequence.SequenceFormat.NativeText)})\n{STARTS_OVER}")
        action.triggered.connect(lambda: self._act(text, change))
        self._stack.addAction(action)
        self.actions[name] = action

    def buttons(self, kinds: Callable[[QToolButton], QMenu]) -> QHBoxLayout:
        """The line of buttons; ``kinds`` makes the menu of what can be added."""
        line = QHBoxLayout()
        line.setSpacing(0)
        for name, text in (("add", "+ Layer"), ("duplicate", "Duplicate"), ("delete", "Delete")):
            button = self._button(name, text)
            if name == "add":
                button.setMenu(kinds(button))
                button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
            line.addWidget(button)
        line.addStretch(1)
        line.addWidget(self._button("up", "▲"))
        line.addWidget(self._button("down", "▼"))
        return line

    def _button(self, name: str, text: str) -> QToolButton:
        action, button = self.actions[name], QToolButton()
        button.setText(text)
        button.setToolTip(action.toolTip())
        button.setAccessibleName(action.text())
        button.setMinimumWidth(24)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(action.trigger)
        action.changed.connect(lambda: button.setEnabled(action.isEnabled()))
        return button

    def enable(self, chosen: bool, composite: bool) -> None:
        """Whether layers are chosen, and whether one of them has layers inside."""
        for name in OF_CHOSEN:
            self.actions[name].setEnabled(chosen)
        self.actions["inside"].setEnabled(composite)
