"""Where a quantity on a grid is 0: the pieces of its contour, by marching squares."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.arrays.numeric import Floats

_CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))


def contour(grid: Floats) -> Floats:
    """(pieces, 2, 2): the ends of each piece as places on both axes of ``grid``; straight between neighbours.

    A square with a corner that is NaN has no piece; where two pieces cross a square, the mean decides how they lie.
    """
    above = _above(grid)
    pieces = [
        piece
        for first in range(above.shape[0] - 1)
        for second in range(above.shape[1] - 1)
        for piece in _pieces(above, first, second)
    ]
    return np.array(pieces, float).reshape(-1, 2, 2)


def chained(pieces: Floats) -> list[Floats]:
    """The pieces of a contour as few lines as there are: (points, 2) each."""
    rest = [[tuple(end) for end in piece] for piece in np.round(pieces, 12).tolist()]
    lines: list[Floats] = []
    while rest:
        line = rest.pop()
        grown = True
        while grown:
            grown = False
            for piece in rest:
                if piece[0] in (line[0], line[-1]) or piece[1] in (line[0], line[-1]):
                    line = _joined(line, piece)
                    rest.remove(piece)
                    grown = True
                    break
        lines.append(np.array(line, float))
    return lines


def _joined(line: list[tuple[float, ...]], piece: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """A line that is longer by a piece at one of its ends."""
    first, second = piece
    if first == line[-1]:
        return [*line, second]
    if second == line[-1]:
        return [*line, first]
    return [second, *line] if first == line[0] else [first, *line]


def crossings(values: Floats) -> Floats:
    """(crossings,): the places on one axis at which a quantity is 0."""
    above = _above(values)
    before = np.flatnonzero(above[:-1] * above[1:] < 0)
    return before + above[before] / (above[before] - above[before + 1])


def _above(values: Floats) -> Floats:
    """What is 0 itself belongs to what is above."""
    return np.where(np.asarray(values) == 0, np.finfo(float).tiny, values)


def _pieces(above: Floats, first: int, second: int) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    corners = [above[first + a, second + b] for a, b in _CORNERS]
    if not np.isfinite(corners).all():
        return
    points = []
    for side, (a, b) in enumerate(_CORNERS):
        c, d = _CORNERS[(side + 1) % 4]
        start, end = corners[side], corners[(side + 1) % 4]
        if (start < 0) != (end < 0):
            share = start / (start - end)
            points.append((first + a + share * (c - a), second + b + share * (d - b)))
    if len(points) == 4 and (corners[0] < 0) != (sum(corners) < 0):
        points = [*points[1:], points[0]]
    for place in range(0, len(points), 2):
        yield points[place], points[place + 1]
