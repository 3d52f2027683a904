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


def stack_action(stack: QWidget, text: str, keys: str, help: str, act: Callable[[], object]) -> QAction:
    """An action of a stack whose keys work where that has the focus."""
    action = QAction(text, stack)
    action.setShortcut(QKeySequence(keys))
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    action.setToolTip(f"{help} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})")
    action.triggered.connect(lambda: act())
    stack.addAction(action)
    return action


class StackTools:
    """The actions of a stack, which is where their keys work."""

    def __init__(self, stack: QWidget, act: Act, added: StackEdit) -> None:
        self.actions: dict[str, QAction] = {}
        self._stack, self._act = stack, act
        make = self._make
        make("add", "Add layer", "Ins", "Add a copy of the chosen layer behind it.", added)
        make("inside", "Add inside", "Shift+Ins", "Add a layer inside the chosen one.", edits.added_inside)
        make("duplicate", "Duplicate", "Ctrl+D", "Copy the chosen layers.", edits.duplicated)
        make("delete", "Delete", "Del", "Take the chosen layers out.", edits.deleted)
        make("up", "Move up", "Alt+Up", "Towards the input.", lambda p, c: edits.nudged(p, c, -1))
        make("down", "Move down", "Alt+Down", "Towards the output.", lambda p, c: edits.nudged(p, c, 1))

    def _make(self, name: str, text: str, keys: str, help: str, change: StackEdit) -> None:
        action = self.actions[name] = stack_action(self._stack, text, keys, help, lambda: self._act(text, change))
        action.setToolTip(f"{action.toolTip()}\n{STARTS_OVER}")

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
