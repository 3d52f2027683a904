"""What can be done with the chosen layers, as actions with keys and as the line of buttons under the stack."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from ui.builder import edits
from ui.builder.edits import StackCommand
from ui.forms.typed import STARTS_OVER
from ui.style.actions import action
from ui.style.boxes import STRETCH, in_row
from ui.style.widgets import tool_button

Act = Callable[[str, StackCommand], None]
"""Does what a text says by a change of the stack."""
OF_CHOSEN = ("duplicate", "delete", "up", "down")
"""Actions that need chosen layers."""


class StackTools:
    """The actions of a stack, which is where their keys work."""

    def __init__(self, stack: QWidget, act: Act, added: StackCommand) -> None:
        self.actions: dict[str, QAction] = {}
        self._stack, self._act = stack, act
        make = self._make
        make("add", "Add layer", "Ins", "Add a copy of the chosen layer behind it.", added)
        make("inside", "Add inside", "Shift+Ins", "Add a layer inside the chosen one.", edits.added_inside)
        make("duplicate", "Duplicate", "Ctrl+D", "Copy the chosen layers.", edits.duplicated)
        make("delete", "Delete", "Del", "Take the chosen layers out.", edits.deleted)
        make("up", "Move up", "Alt+Up", "Towards the input.", lambda p, c: edits.nudged(p, c, -1))
        make("down", "Move down", "Alt+Down", "Towards the output.", lambda p, c: edits.nudged(p, c, 1))

    def _make(self, name: str, text: str, keys: str, help: str, change: StackCommand) -> None:
        made = action(self._stack, text, lambda: self._act(text, change), keys=keys, tip=help, focused=True)
        made.setToolTip(f"{made.toolTip()}\n{STARTS_OVER}")
        self.actions[name] = made

    def buttons(self, kinds: Callable[[QToolButton], QMenu]) -> QHBoxLayout:
        """The line of buttons; ``kinds`` makes the menu of what can be added."""
        add = self._button("add", "+ Layer")
        add.setMenu(kinds(add))
        add.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        return in_row(
            add, self._button("duplicate", "Duplicate"), self._button("delete", "Delete"), STRETCH,
            self._button("up", "▲"), self._button("down", "▼"), spacing=0,
        )  # fmt: skip

    def _button(self, name: str, text: str) -> QToolButton:
        pressed = self.actions[name]
        button = tool_button(text, pressed.toolTip(), pressed.trigger)
        button.setAccessibleName(pressed.text())
        button.setMinimumWidth(24)
        pressed.changed.connect(lambda: button.setEnabled(pressed.isEnabled()))
        return button

    def enable(self, chosen: bool, composite: bool) -> None:
        """Whether layers are chosen, and whether one of them has layers inside."""
        for name in OF_CHOSEN:
            self.actions[name].setEnabled(chosen)
        self.actions["inside"].setEnabled(composite)
