"""Rows and columns of widgets, said in one call: what stands in them, in order."""

from __future__ import annotations

from typing import Final, Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

STRETCH: Final = "stretch"
"""Room that takes all that is left."""
BoxItem = (
    QWidget
    | QLayout
    | int
    | Literal["stretch"]
    | tuple[QWidget | QLayout, int]
    | tuple[QWidget | QLayout, int, Qt.AlignmentFlag]
)
"""What stands in a box, with its stretch and its alignment where it has them; a number is so many pixels of room."""
Margins = tuple[int, int, int, int]


def in_row(
    *items: BoxItem, on: QWidget | None = None, spacing: int | None = None, margins: Margins | None = None
) -> QHBoxLayout:
    """Beside one another, as the layout of ``on`` where it is given; margins are left, top, right, bottom."""
    box = QHBoxLayout() if on is None else QHBoxLayout(on)
    _fill(box, items, spacing, margins)
    return box


def in_column(
    *items: BoxItem, on: QWidget | None = None, spacing: int | None = None, margins: Margins | None = None
) -> QVBoxLayout:
    """Below one another, as the layout of ``on`` where it is given; margins are left, top, right, bottom."""
    box = QVBoxLayout() if on is None else QVBoxLayout(on)
    _fill(box, items, spacing, margins)
    return box


def in_dialog(dialog: QWidget, *items: BoxItem) -> QVBoxLayout:
    """All of a dialog, below one another, with its usual margins."""
    return in_column(*items, on=dialog, spacing=12, margins=(16, 16, 16, 16))


def _fill(box: QBoxLayout, items: tuple[BoxItem, ...], spacing: int | None, margins: Margins | None) -> None:
    if margins is not None:
        box.setContentsMargins(*margins)
    if spacing is not None:
        box.setSpacing(spacing)
    for item in items:
        if item == STRETCH:
            box.addStretch(1)
        elif isinstance(item, int):
            box.addSpacing(item)
        else:
            _add(box, *(item if isinstance(item, tuple) else (item, 0)))


def _add(box: QBoxLayout, part: QWidget | QLayout, stretch: int, side: Qt.AlignmentFlag | None = None) -> None:
    if isinstance(part, QLayout):
        box.addLayout(part, stretch)
    elif side is None:
        box.addWidget(part, stretch)
    else:
        box.addWidget(part, stretch, side)
