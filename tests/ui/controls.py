"""Every control that can be seen, and what is missing for whoever uses neither mouse nor eyes."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QTextEdit,
    QWidget,
)

from ui.plots import Plot

DRIVEN = {"What is found"}
"""Lists that the arrow keys move in while one types into the field above them."""
CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit,
    QTabBar, QTextEdit, Plot,
)  # fmt: skip
ROLELESS = {QAccessible.Role.NoRole, QAccessible.Role.Client, QAccessible.Role.Pane}


def controls(top: QWidget) -> Iterator[QWidget]:
    """What a person can work: parts of a control, scroll bars and what is greyed are none of their own."""
    for widget in top.findChildren(QWidget):
        control = isinstance(widget, CONTROLS) and not isinstance(widget, QScrollBar | QHeaderView)
        if control and widget.isVisibleTo(top) and widget.isEnabled() and not _is_part(widget):
            yield widget


def _is_part(widget: QWidget) -> bool:
    """The field of a spin box, the arrows of a row of tabs …"""
    parent = widget.parentWidget()
    return (isinstance(parent, CONTROLS) and not isinstance(parent, Plot)) or widget.objectName().startswith("qt_")


def in_tab_order(top: QWidget) -> set[QWidget]:
    """What Tab comes to, once round."""
    found: set[QWidget] = set()
    widget = top.nextInFocusChain()
    while widget is not None and widget not in found:
        found.add(widget)
        widget = widget.nextInFocusChain()
    return {each for each in found if each.focusPolicy() & Qt.FocusPolicy.TabFocus}


def lacks(top: QWidget) -> list[str]:
    """In words, what each control of a window lacks."""
    reached = in_tab_order(top)
    found = []
    for control in controls(top):
        interface = QAccessible.queryAccessibleInterface(control)
        what = f"{type(control).__name__} {control.objectName()!r} in {type(control.parentWidget()).__name__}"
        name = interface.text(QAccessible.Text.Name) if interface is not None else ""
        if not name.strip():
            found.append(f"{what} has no name ({control.toolTip()!r})")
        elif interface.role() in ROLELESS:
            found.append(f"{name!r}, {what}, has no role")
        proxy = control.focusProxy() or control
        if proxy not in reached and name not in DRIVEN:
            found.append(f"{name!r}, {what}, is not reached by Tab")
    return found


def without_visible_focus(top: QWidget) -> list[str]:
    """Controls that look the same with the focus and without; a plot's is seen at the frame of its card."""
    found = []
    for control in controls(top):
        control.clearFocus()
        shown = _around(control)
        before = shown.grab().toImage()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        if control.hasFocus() and shown.grab().toImage() == before:
            found.append(
                f"{type(control).__name__} {control.objectName()!r} in {type(control.parentWidget()).__name__}"
            )
    return list(dict.fromkeys(found))


def _around(control: QWidget) -> QWidget:
    around: QWidget | None = control
    while isinstance(control, Plot) and around is not None and around.objectName() != "plotCard":
        around = around.parentWidget()
    return around or control
