"""The menu of all kinds of layer, behind the chosen one or inside it; what cannot stand there is grey and says why."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from simulator.layers import Layer
from simulator.schema.parameter import kinds, summary_of, title_of

Take = Callable[[str], None]
"""What is done with the kind that was chosen."""
Obstacle = Callable[[str], str]
"""Why a kind cannot stand there; empty where it can."""


def kinds_menu(
    behind: Take, inside: Take, not_behind: Obstacle, not_inside: Obstacle, parent: QWidget | None = None
) -> tuple[QMenu, QMenu]:
    """The menu, and its submenu for what goes inside the chosen layer."""
    menu = _menu("Add a layer behind the chosen one", behind, not_behind, parent)
    menu.addSeparator()
    inner = _menu("Inside the chosen layer", inside, not_inside, menu)
    menu.addMenu(inner)
    return menu, inner


def _menu(title: str, take: Take, obstacle: Obstacle, parent: QWidget | None) -> QMenu:
    menu = QMenu(title, parent, toolTipsVisible=True)
    entries = {kind: _entry(menu, kind, take) for kind in kinds(Layer)}
    menu.aboutToShow.connect(lambda: _grey_out(entries, obstacle))
    return menu


def _entry(menu: QMenu, kind: str, take: Take) -> QAction:
    action = menu.addAction(title_of(kinds(Layer)[kind]))
    action.setData(kind)
    action.triggered.connect(lambda _on: take(kind))
    return action


def _grey_out(entries: dict[str, QAction], obstacle: Obstacle) -> None:
    """The stack may have changed since the menu was open last."""
    for kind, action in entries.items():
        reason = obstacle(kind)
        action.setEnabled(not reason)
        action.setToolTip(reason or summary_of(kinds(Layer)[kind]))
