"""What a person can do, once: buttons, menus and shortcuts all hold the same actions."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from ui.settings.shortcuts import command_keys
from ui.style.icons import set_icon

Keys = str | QKeySequence.StandardKey | None


def action(
    owner: QWidget,
    text: str,
    slot: Callable[[], object],
    *,
    keys: Keys = None,
    icon: str = "",
    tip: str = "",
    focused: bool = False,
) -> QAction:
    """An action of the whole application (it works in floating docks too); ``tip`` is one sentence.

    The keys of a ``focused`` one work only where its owner has the focus.
    """
    context = Qt.ShortcutContext
    made = QAction(text, owner)
    made.triggered.connect(lambda _checked=False: slot())
    if keys is not None:
        made.setShortcut(QKeySequence(keys))
        made.setShortcutContext(context.WidgetShortcut if focused else context.ApplicationShortcut)
    if icon:
        set_icon(made, icon)
    if tip:
        hint = command_keys(made)
        made.setToolTip(f"{tip} ({hint})" if hint else tip)
    owner.addAction(made)
    return made
