"""What a person can do, once: toolbar, menus and shortcuts all hold the same actions."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

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
) -> QAction:
    """An action of the whole application (it works in floating docks too); ``tip`` is one sentence."""
    made = QAction(text, owner)
    made.triggered.connect(lambda _checked=False: slot())
    if keys is not None:
        made.setShortcut(QKeySequence(keys))
        made.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
    if icon:
        set_icon(made, icon)
    hint = made.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    if tip:
        made.setToolTip(f"{tip} ({hint})" if hint else tip)
    owner.addAction(made)
    return made
