"""Widgets as most windows have them, each said in one call."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QSpinBox, QWidget


def push_button(text: str, tip: str, act: Callable[[], object], parent: QWidget | None = None) -> QPushButton:
    """A button with its sentence; Enter presses it only where it has the focus."""
    button = QPushButton(text, parent, autoDefault=False)
    button.setToolTip(tip)
    button.clicked.connect(lambda _on: act())
    return button


def whole_number(name: str, least: int, most: int, value: int, parent: QWidget | None = None) -> QSpinBox:
    """A field for a number between two others."""
    box = QSpinBox(parent)
    box.setRange(least, most)
    box.setValue(value)
    box.setAccessibleName(name)
    return box


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
