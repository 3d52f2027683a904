"""Groups of pictures that flow: as many columns as fit, a group kept together where the row has room for it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.start.picture_button import PictureButton
from ui.style.text_size import embolden

NARROWEST, GAP, BELOW = 186, 12, 18
"""Pixels: a picture's least width, between pictures, below a row."""
LEAST_LETTERS = 24
"""In a line of a title."""
MOST_COLUMNS = 8
"""On larger screens pictures become larger."""


def rows_of(sizes: Sequence[int], columns: int) -> list[list[tuple[int, int]]]:
    """Rows of (group, pictures of it): a group begins a row where the rest of the present one is too short for it."""
    rows: list[list[tuple[int, int]]] = []
    room = 0
    for group, size in enumerate(sizes):
        if not rows or size > room:
            rows.append([])
            room = columns
        while size > columns:
            rows[-1].append((group, columns))
            rows.append([])
            size -= columns
        rows[-1].append((group, size))
        room = columns - sum(taken for _, taken in rows[-1])
    return rows


class PictureGroups(QWidget):
    """Headings with their pictures, packed into rows; as high as that takes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._groups: list[tuple[QLabel, list[PictureButton]]] = []
        self._height = 0
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)

    def add(self, title: str, pictures: list[PictureButton]) -> None:
        """A further group; its pictures are children of this widget."""
        self._groups.append((heading(title, self), pictures))

    @property
    def pictures(self) -> list[PictureButton]:
        """All pictures, in reading order."""
        return [picture for _, pictures in self._groups for picture in pictures]

    def sizeHint(self) -> QSize:
        return QSize(NARROWEST, self._height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        narrowest = max(NARROWEST, LEAST_LETTERS * self.fontMetrics().averageCharWidth())
        columns = min(MOST_COLUMNS, max(1, (self.width() + GAP) // (narrowest + GAP)))
        width = (self.width() - (columns - 1) * GAP) // columns
        waiting = [list(pictures) for _, pictures in self._groups]
        y = 0
        for row in rows_of([len(pictures) for pictures in waiting], columns):
            y = self._place_row(row, waiting, y, width)
        if y != self._height:
            self._height = y
            self.setFixedHeight(y)

    def _place_row(self, row: list[tuple[int, int]], waiting: list[list[PictureButton]], y: int, width: int) -> int:
        """Where the next row begins; the pictures of this one are taken from those that wait."""
        begins = [group for group, _ in row if len(waiting[group]) == len(self._groups[group][1])]
        top = y + (max(self._groups[group][0].sizeHint().height() for group in begins) if begins else 0)
        taken = [(group, waiting[group].pop(0)) for group, count in row for _ in range(count)]
        height = max(picture.heightForWidth(width) for _, picture in taken)
        for place, (_, picture) in enumerate(taken):
            picture.setGeometry(place * (width + GAP), top, width, height)
        for group in begins:
            places = [place for place, (its, _) in enumerate(taken) if its == group]
            label = self._groups[group][0]
            label.setGeometry(
                places[0] * (width + GAP), y, len(places) * (width + GAP) - GAP, label.sizeHint().height()
            )
        return top + height + (BELOW if begins else GAP)


def heading(text: str, parent: QWidget) -> QLabel:
    """The title of a group."""
    label = QLabel(text, parent)
    embolden(label)
    label.setContentsMargins(0, 0, 0, 6)
    return label
