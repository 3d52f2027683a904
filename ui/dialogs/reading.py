"""Windows to read: what this is, and the keys. They hold nothing up."""

from __future__ import annotations

import platform
from collections.abc import Sequence

import numpy
import pyqtgraph
from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ui.dialogs import without_icons
from ui.settings.shortcuts import command_keys, command_name
from ui.style.boxes import in_column
from ui.style.icons import app_icon
from ui.style.widgets import scroll_down

OF_WINDOW = 0.7
"""Share of the window's height that a long list takes at most."""
ABOUT = (
    "Assemble a deep network, press Play, and watch what flows forward and back through every layer "
    "while it trains. Forward quantities are green, backward ones purple; a layer keeps one colour, "
    "by its depth, in every plot."
)


def _reading(parent: QWidget, title: str) -> tuple[QDialog, QVBoxLayout]:
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    return dialog, in_column(on=dialog, spacing=16, margins=(24, 24, 24, 16))


def _end(dialog: QDialog, column: QVBoxLayout) -> QDialog:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    without_icons(buttons)
    buttons.rejected.connect(dialog.close)
    column.addWidget(buttons)
    dialog.show()
    return dialog


def show_about(parent: QWidget) -> QDialog:
    """What this program is and what it runs on."""
    dialog, column = _reading(parent, "About Nablascope")
    head = QLabel(pixmap=app_icon().pixmap(64, 64))
    column.addWidget(head)
    name = QLabel("<b style='font-size:large'>Nablascope</b><br>An oscilloscope for gradients")
    column.addWidget(name)
    words = QLabel(ABOUT, wordWrap=True)
    words.setMinimumWidth(380)
    column.addWidget(words)
    built = QLabel(
        f"Python {platform.python_version()} · Qt {qVersion()} · numpy {numpy.__version__} · "
        f"pyqtgraph {pyqtgraph.__version__}"
    )
    built.setProperty("role", "muted")
    column.addWidget(built)
    return _end(dialog, column)


def show_shortcuts(parent: QWidget, actions: Sequence[QAction]) -> QDialog:
    """Every key there is, read from the actions themselves."""
    dialog, column = _reading(parent, "Keyboard shortcuts")
    page = QWidget()
    grid = QGridLayout(page)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(32)
    grid.setVerticalSpacing(6)
    for row, (keys, text) in enumerate(shortcut_rows(actions)):
        key = QLabel(keys)
        key.setProperty("role", "muted")
        grid.addWidget(QLabel(text), row, 0)
        grid.addWidget(key, row, 1)
    column.addWidget(_scrolled(page, parent))
    return _end(dialog, column)


def _scrolled(page: QWidget, parent: QWidget) -> QScrollArea:
    """All of a page in sight where the window has room for it, else with a bar."""
    area = QScrollArea()
    scroll_down(area)
    area.setWidget(page)
    size = page.sizeHint()
    area.setMinimumWidth(size.width() + area.verticalScrollBar().sizeHint().width())
    area.setMinimumHeight(min(size.height(), round(OF_WINDOW * parent.window().height())))
    return area


def shortcut_rows(actions: Sequence[QAction]) -> list[tuple[str, str]]:
    """(keys, what they do) for all actions that have keys."""
    return [
        (command_keys(action), command_name(action.text())) for action in actions if not action.shortcut().isEmpty()
    ]
