"""The menu of all kinds of layer: behind the chosen layer, or inside it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu, QWidget

from simulator.layers import Layer
from simulator.schema.parameter import kinds, summary_of, title_of

Take = Callable[[str], None]
"""What is done with the kind that was chosen."""


def kinds_menu(behind: Take, inside: Take, parent: QWidget | None = None) -> tuple[QMenu, QMenu]:
    """The menu, and its submenu for what goes inside the chosen layer."""
    menu = _menu("Add a layer behind the chosen one", behind, parent)
    menu.addSeparator()
    inner = _menu("Inside the chosen layer", inside, menu)
    menu.addMenu(inner)
    return menu, inner


def _menu(title: str, take: Take, parent: QWidget | None) -> QMenu:
    menu = QMenu(title, parent)
    menu.setToolTipsVisible(True)
    for kind, part in kinds(Layer).items():
        action = menu.addAction(title_of(part))
        action.setToolTip(summary_of(part))
        action.setData(kind)
        action.triggered.connect(lambda _on, kind=kind: take(kind))
    return menu
