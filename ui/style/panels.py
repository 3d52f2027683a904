"""The side panels: docks with a slim head that fold away, and the switches that bring them back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDockWidget, QLabel, QToolButton, QWidget

from ui.style.boxes import in_row
from ui.style.text_size import embolden, with_text
from ui.style.widgets import icon_button

WIDEST = {"Doctor": "Doctor · 99"}
"""Switches that say how many there are of what they show: their places stay."""
KEYS = {"Network": "F9", "Training": "F10", "Doctor": "F8"}


class PanelDock(QDockWidget):
    """A panel at one side of the window."""

    def __init__(self, title: str, content: QWidget, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.given_way = False
        """Whether it is folded only for as long as another panel needs its room, which is not to be remembered."""
        self.setObjectName(f"panel.{title}")
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        self.setTitleBarWidget(self._head(title))
        self.setWidget(content)
        toggle = self.toggleViewAction()
        toggle.setText(f"{title} panel")
        toggle.setIconText(title)
        toggle.setToolTip(f"Show or fold away the {title.lower()} panel.")

    def _head(self, title: str) -> QWidget:
        head = QWidget(self)
        name = QLabel(title, head)
        embolden(name)
        tip = "Fold this panel away; the View menu brings it back."
        fold = icon_button("close", f"Fold away {title}", tip, self.hide, head, flat=True)
        in_row((name, 1), fold, on=head, margins=(12, 4, 4, 4))
        return head


def panel_toggles(toggles: Sequence[QAction], parent: QWidget) -> QWidget:
    """A switch per panel, called as the panel is."""
    box = QWidget(parent)
    row = in_row(on=box, spacing=4, margins=(0, 0, 8, 0))
    for toggle in toggles:
        name = toggle.iconText()
        toggle.setShortcut(QKeySequence(KEYS[name]))
        parent.addAction(toggle)
        button = QToolButton(box)
        button.setDefaultAction(toggle)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(f"{name} panel")
        with_text(button, partial(_fit_switch, WIDEST.get(name, "")))
        row.addWidget(button)
    return box


def _fit_switch(widest: str, button: QToolButton) -> None:
    button.setMinimumWidth(button.fontMetrics().horizontalAdvance(widest) + 16)
