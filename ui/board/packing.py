"""How cards flow into rows: as many columns as fit, none smaller than it can be read, the window filled if it can be.

Cards keep their order. A row is as high as the highest of its cards wants to be. Where all rows fit, they share the
height that is left; where they would fit if they gave way, they do, down to the least heights; else the board scrolls.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

GAP = 6
"""Pixels between two cards, and around them."""
WIDEST_STRETCH = 2.0
"""How far the cards of a row that is not full are widened to fill it."""


class Wanted(Struct, frozen=True):
    """What one card asks for, in pixels."""

    width: int
    height: int
    """The least it can be read at."""
    ratio: float
    """Height for each pixel of a column's width."""
    columns: int = 1


class CardBox(Struct, frozen=True):
    """Where a card stands, in pixels from the board's corner."""

    x: int
    y: int
    width: int
    height: int


class Packed(Struct, frozen=True):
    """All cards in their places."""

    boxes: tuple[CardBox, ...]
    columns: int
    width: int
    height: int
    """Of all together; higher than the window where it scrolls."""


def pack(cards: Sequence[Wanted], width: int, height: int, target: int, size: float = 1.0) -> Packed:
    """Places of ``cards`` in a window of ``width`` × ``height`` pixels.

    A column is at least ``target`` · ``size`` wide, unless the window is narrower. Of the numbers of columns with which
    nothing scrolls the one is taken that gives cards the shapes they ask for; where all scroll, the greatest.
    """
    width = max([width, *(card.width + 2 * GAP for card in cards)])
    most = max(1, min((width - GAP) // (round(target * size) + GAP), sum(card.columns for card in cards)))
    tried = [_Packing(cards, width, height, columns, size) for columns in range(1, most + 1)]
    still = [packing for packing in tried if not packing.scrolls]
    return min(still, key=lambda packing: packing.distortion).packed if still else tried[-1].packed


class _Packing:
    """One number of columns tried."""

    def __init__(self, cards: Sequence[Wanted], width: int, height: int, columns: int, size: float) -> None:
        self.cards, self.width, self.columns = cards, width, columns
        self.column_width = (width - GAP * (columns + 1)) // columns
        self.rows = self._rows()
        self.scrolls = False
        self.heights = self._heights(height - GAP * (len(self.rows) + 1), max(1.0, size))
        self.packed = Packed(self._boxes(), columns, width, sum(self.heights) + GAP * (len(self.rows) + 1))

    def span(self, card: Wanted) -> int:
        """How many columns a card takes: what it asks for, and what it cannot do without."""
        least = math.ceil((card.width + GAP) / (self.column_width + GAP))
        return min(self.columns, max(card.columns, least))

    def _rows(self) -> list[list[Wanted]]:
        """As few rows as can be, the last ones as full as the first."""
        rows: list[list[Wanted]] = []
        fewest, left = self._fewest_rows(), sum(self.span(card) for card in self.cards)
        room = 0
        for card in self.cards:
            if self.span(card) > room:
                even = math.ceil(left / max(1, fewest - len(rows)))
                room = min(self.columns, max(even, self.span(card)))
                rows.append([])
            rows[-1].append(card)
            room -= self.span(card)
            left -= self.span(card)
        return rows

    def _fewest_rows(self) -> int:
        rows = room = 0
        for card in self.cards:
            if self.span(card) > room:
                rows, room = rows + 1, self.columns
            room -= self.span(card)
        return rows

    def _heights(self, room: int, size: float) -> list[int]:
        least = [round(max(card.height for card in row) * size) for row in self.rows]
        wanted = [
            max(low, round(max(card.ratio for card in row) * self.column_width))
            for low, row in zip(least, self.rows, strict=True)
        ]
        if sum(wanted) <= room:
            return _shared(wanted, room)
        if sum(least) <= room:
            share = (room - sum(least)) / (sum(wanted) - sum(least))
            return [low + int((high - low) * share) for low, high in zip(least, wanted, strict=True)]
        self.scrolls = True
        return wanted

    def _boxes(self) -> tuple[CardBox, ...]:
        boxes: list[CardBox] = []
        y = GAP
        for row, height in zip(self.rows, self.heights, strict=True):
            used = sum(self.span(card) for card in row)
            columns = max(used, math.ceil(self.columns / WIDEST_STRETCH))
            start = 0
            for card in row:
                end = start + self.span(card)
                left, right = (GAP + (self.width - GAP) * at // columns for at in (start, end))
                boxes.append(CardBox(left, y, right - left - GAP, height))
                start = end
            y += height + GAP
        return tuple(boxes)

    @property
    def distortion(self) -> float:
        """How far cards are from the shapes they ask for, as the mean |ln| of the ratio of both."""
        pairs = zip((card for row in self.rows for card in row), self.packed.boxes, strict=True)
        off = [abs(math.log(box.height / (box.width / self.span(card)) / card.ratio)) for card, box in pairs]
        return sum(off) / len(off) if off else 0.0


def _shared(heights: Sequence[int], room: int) -> list[int]:
    """All of ``room``, in proportion; the last row takes what rounding leaves."""
    if not heights:
        return []
    shared = [height * room // sum(heights) for height in heights]
    shared[-1] += room - sum(shared)
    return shared
