"""What is wrong with widgets as they are laid out: texts that are cut, parts that overlap or stand out of place."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLayout,
    QLineEdit,
    QListWidget,
    QMenuBar,
    QScrollArea,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QTableWidget,
    QToolBar,
    QToolButton,
    QWidget,
)

from tests.ui.painted import painted_on
from ui.chart.canvas import Canvas
from ui.start.picture_button import WRAPPED, PictureButton
from ui.style.broken_words import BREAK
from ui.style.elided_label import ElidedLabel

SHORTENED = {"statusLine", "findingSummary", "sectionSummary", "timelineMessage"}
"""Labels that end with dots by intent where there is no room: what they begin to say stands whole elsewhere."""
ROUNDING = 1
EDGES = 6
"""Pixels of a field beside its text, at least."""


def crowded(top: QWidget) -> list[str]:
    """In words, all that can be seen below a widget; plots have their own look."""
    found = []
    for widget in (top, *top.findChildren(QWidget)):
        if widget.isVisibleTo(top) and not _of_a_canvas(widget) and not widget.size().isEmpty():
            what = f"{type(widget).__name__} {widget.objectName() or widget.accessibleName()}"
            found += [f"{what}: {fault}" for fault in (*_cut(widget), *_overlapping(widget), *_written(widget))]
    return found


def _of_a_canvas(widget: QWidget) -> bool:
    around: QWidget | None = widget
    while around is not None and not isinstance(around, Canvas):
        around = around.parentWidget()
    return around is not None


def _cut(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel):
        yield from _cut_label(widget)
    elif isinstance(widget, PictureButton):
        yield from _cut_picture(widget)
    elif isinstance(widget, QAbstractButton):
        yield from _cut_button(widget)
    elif isinstance(widget, QTabBar):
        yield from _cut_tabs(widget)
    elif isinstance(widget, QComboBox):
        yield from _cut_choice(widget)
    elif isinstance(widget, QLineEdit):
        yield from _cut_line(widget)
    elif isinstance(widget, QHeaderView):
        yield from _cut_heads(widget)
    elif isinstance(widget, QTableWidget):
        yield from _cut_cells(widget)
    elif isinstance(widget, QMenuBar | QToolBar):
        yield from _cut_actions(widget)


def _advance(widget: QWidget, text: str) -> int:
    return widget.fontMetrics().size(int(Qt.TextFlag.TextShowMnemonic), text).width()


def _cut_label(label: QLabel) -> Iterator[str]:
    if not label.text() or label.objectName() in SHORTENED:
        return
    needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
    if needed > label.height() + ROUNDING:
        yield f"“{label.text()}” is {needed} pixels high and has {label.height()}"
    wide = _advance(label, label.text()) if isinstance(label, ElidedLabel) else label.sizeHint().width()
    if not label.wordWrap() and wide > label.contentsRect().width() + 2 * label.margin() + ROUNDING:
        yield f"“{label.text()}” is {wide} pixels wide and has {label.width()}"


def _cut_picture(button: PictureButton) -> Iterator[str]:
    room = button.title_room
    needed = button.bold_metrics.boundingRect(room, WRAPPED, button.title)
    if needed.height() > room.height() + ROUNDING or needed.width() > room.width() + ROUNDING:
        yield f"“{button.title}” needs {needed.size()} and has {room.size()}"


def _cut_button(button: QAbstractButton) -> Iterator[str]:
    icon_only = isinstance(button, QToolButton) and button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
    if not button.text() or (icon_only and not button.icon().isNull()):
        return
    needed = _advance(button, button.text())
    if not button.icon().isNull() and not icon_only:
        needed += button.iconSize().width() + 4
    if needed > button.width() - 2 or button.fontMetrics().height() > button.height() + ROUNDING:
        yield f"“{button.text()}” needs {needed} pixels and has {button.size()}"


def _cut_tabs(tabs: QTabBar) -> Iterator[str]:
    for place in range(tabs.count()):
        if _advance(tabs, tabs.tabText(place)) > tabs.tabRect(place).width():
            yield f"“{tabs.tabText(place)}” is cut"
    if tabs.sizeHint().width() > tabs.width() + ROUNDING and not tabs.usesScrollButtons():
        yield f"its tabs need {tabs.sizeHint().width()} pixels and have {tabs.width()}"


def _cut_choice(choice: QComboBox) -> Iterator[str]:
    option = QStyleOptionComboBox()
    choice.initStyleOption(option)
    controls = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
    room = choice.style().subControlRect(controls[0], option, controls[1], choice)
    needed = _advance(choice, choice.currentText().replace("&", "&&"))
    if needed > room.width() + ROUNDING or choice.fontMetrics().height() > choice.height():
        yield f"“{choice.currentText()}” needs {needed} pixels and has {room.size()}"


def _cut_line(line: QLineEdit) -> Iterator[str]:
    text, margins = line.displayText() or line.placeholderText(), line.textMargins()
    spin = isinstance(line.parentWidget(), QAbstractSpinBox)
    room = line.width() - margins.left() - margins.right() - (0 if spin else EDGES)
    if line.fontMetrics().horizontalAdvance(text) > room or line.fontMetrics().height() > line.height() + ROUNDING:
        yield f"“{text}” needs {line.fontMetrics().horizontalAdvance(text)} pixels and has {room}"


def _cut_heads(heads: QHeaderView) -> Iterator[str]:
    across = heads.orientation() == Qt.Orientation.Horizontal
    shown = [place for place in range(heads.count() if heads.model() is not None else 0) if heads.sectionSize(place)]
    for place in shown:
        text, room = heads.model().headerData(place, heads.orientation()), heads.sectionSize(place) - EDGES
        if _advance(heads, str(text)) > (room if across else heads.width() - 2 * EDGES):
            yield f"“{text}” is cut at {heads.sectionSize(place) if across else heads.width()} pixels"


def _cut_cells(table: QTableWidget) -> Iterator[str]:
    for row, column in itertools.product(range(table.rowCount()), range(table.columnCount())):
        item, width = table.item(row, column), table.columnWidth(column) - EDGES
        if item is None or table.isColumnHidden(column):
            continue
        text = item.text()
        words = text.replace(BREAK, " ").split(" ") if table.wordWrap() else [text]
        if max(_advance(table, word) for word in words) > width:
            yield f"“{text}” is cut at {table.columnWidth(column)} pixels"
        needed = table.fontMetrics().boundingRect(0, 0, width, 10_000, Qt.TextFlag.TextWordWrap, text).height()
        if table.wordWrap() and needed > table.rowHeight(row):
            yield f"“{text}” is {needed} pixels high and has {table.rowHeight(row)}"


def _cut_actions(bar: QMenuBar | QToolBar) -> Iterator[str]:
    for action in bar.actions():
        if action.isVisible() and not bar.rect().contains(bar.actionGeometry(action)):
            yield f"“{action.text()}” stands out of it"


def _overlapping(around: QWidget) -> Iterator[str]:
    """Of what a layout holds: nothing stands upon another or out of what it is in."""
    held = [each for each in _held(around) if each.isVisibleTo(around)]
    for one, other in itertools.combinations(held, 2):
        common = _place(one, around).intersected(_place(other, around))
        if common.width() > ROUNDING and common.height() > ROUNDING:
            yield f"{_name(one)} and {_name(other)} overlap by {common.size()}"
    room = around.rect().adjusted(-ROUNDING, -ROUNDING, ROUNDING, ROUNDING)
    for each in held:
        if not isinstance(around, QScrollArea) and not room.contains(_place(each, around)):
            yield f"{_name(each)} at {_place(each, around)} stands out of {around.size()}"


def _held(around: QWidget) -> list[QWidget]:
    """What its layout and those within it hold. Items are not asked: Python's hold on one may outlive it."""
    layouts = [layout for layout in around.findChildren(QLayout) if layout.parentWidget() is around]
    children = around.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return [child for child in children if any(layout.indexOf(child) >= 0 for layout in layouts)]


def _place(widget: QWidget, around: QWidget) -> QRect:
    return QRect(widget.mapTo(around, QPoint(0, 0)), widget.size())


def _name(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName() or widget.accessibleName()}".strip()


def _written(widget: QWidget) -> Iterator[str]:
    """What a widget of ours paints by itself: whole, within it, and no text upon another."""
    ours = "paintEvent" in vars(type(widget)) and type(widget).__module__.startswith("ui.")
    painter = isinstance(widget, QListWidget) and type(widget).__module__.startswith("ui.")
    if not (ours or painter) or isinstance(widget, ElidedLabel):
        return
    texts = painted_on(widget)
    for text in texts:
        if text.text.endswith("…"):
            yield f"“{text.text}” is cut"
        if ours and not widget.rect().toRectF().adjusted(-2, -2, 2, 2).contains(text.box):
            yield f"“{text.text}” stands out of it"
    for one, other in itertools.combinations(texts, 2):
        common = one.letters.intersected(other.letters)
        if common.width() > 0 and common.height() > 0:
            yield f"“{one.text}” and “{other.text}” stand upon each other"
