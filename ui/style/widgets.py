"""Widgets as most windows have them, each said in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QWidget,
)

from ui.style.icons import set_icon
from ui.style.text_size import scaled, with_text

ROUND_A_NUMBER = 34
"""Pixels of the field for a step around its digits."""


class NarrowableWidget(QWidget):
    """It may be as narrow as it is made, whatever is in it."""

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())


def push_button(text: str, tip: str, act: Callable[[], object], parent: QWidget | None = None) -> QPushButton:
    """A button with its sentence; Enter presses it only where it has the focus."""
    button = QPushButton(text, parent, autoDefault=False)
    button.setToolTip(tip)
    button.clicked.connect(lambda _on: act())
    return button


def tool_button(
    text: str, tip: str, act: Callable[[], object] | None = None, parent: QWidget | None = None, *, flat: bool = False
) -> QToolButton:
    """A slim button with its sentence, which Tab leads to; a ``flat`` one has no frame until it is pointed at."""
    button = QToolButton(parent)
    button.setText(text)
    button.setToolTip(tip)
    button.setAutoRaise(flat)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if act is not None:
        button.clicked.connect(lambda _on: act())
    return button


def icon_button(
    icon: str, name: str, tip: str, act: Callable[[], object] | None = None, parent: QWidget | None = None,
    *, flat: bool = False,
) -> QToolButton:  # fmt: skip
    """The same with a picture in place of words; ``name`` is what it is called where nobody sees it."""
    button = tool_button("", tip, act, parent, flat=flat)
    set_icon(button, icon)
    button.setAccessibleName(name)
    return button


def progress_bar(name: str, parts: int, parent: QWidget | None = None) -> QProgressBar:
    """How far something is, in so many ``parts``; of none it moves to and fro, as long as nobody knows."""
    bar = QProgressBar(parent, maximum=parts, textVisible=False)
    bar.setAccessibleName(name)
    return bar


def whole_number(name: str, least: int, most: int, value: int, parent: QWidget | None = None) -> QSpinBox:
    """A field for a number between two others."""
    box = QSpinBox(parent)
    box.setRange(least, most)
    box.setValue(value)
    box.setAccessibleName(name)
    return box


def choice_of(
    name: str, items: Iterable[tuple[str, object]] = (), tip: str = "", parent: QWidget | None = None
) -> QComboBox:
    """One of several, each by its words and what it stands for."""
    box = QComboBox(parent)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    for words, stands_for in items:
        box.addItem(words, stands_for)
    return box


def step_field(chosen: Callable[[int], object]) -> QSpinBox:
    """A field for the step that is shown, which is ``chosen`` once it has been typed.

    Its size is fixed: it takes another range without the whole window being laid out anew.
    """
    box = QSpinBox()
    box.setKeyboardTracking(False)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    box.setAccessibleName("Step that is shown")
    box.setToolTip("The step that is shown.")
    box.valueChanged.connect(chosen)
    with_text(box, _fit_step)
    return box


def _fit_step(box: QSpinBox) -> None:
    width = box.fontMetrics().horizontalAdvance("1000000") + scaled(ROUND_A_NUMBER)
    box.setFixedSize(width, box.sizeHint().height())


def muted(text: str = "") -> QLabel:
    """A sentence in the quieter colour, broken into lines."""
    label = QLabel(text, wordWrap=True)
    label.setProperty("role", "muted")
    return label


def scroll_down(area: QScrollArea) -> None:
    """Show a page as wide as there is room, without a frame, and scroll it up and down alone."""
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


def set_style_property(widget: QWidget, name: str, value: object) -> None:
    """Give a widget a property by which the style sheet tells it from others, and dress it anew."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
