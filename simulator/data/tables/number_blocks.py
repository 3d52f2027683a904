"""Lines of plain numbers, with or without a word at an end, many at once: no string is made of a number."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats

SEPARATORS = frozenset(",;\t|")
BLOCK_CHARACTERS = 2**18
"""Of the lines that are read at once: what is made of them stays in the cache."""
MOST_DIGITS = 15
"""Of a number that is an exact quotient of two float64, and so rounded once, as reading it digit by digit is."""
SHORT_DIGITS = 9
"""Of whole numbers of 32 bits."""
FEW_DIGITS = 4
"""Of whole numbers of 16 bits."""
TRIES = 4
"""Blocks in a row that hold anything else, after which no more is tried."""
WORDED = frozenset("\"'#\r\0\x1a\ue000")
"""Characters of a word by which its line may mean something else than its cells."""
Side = Literal["", "last", "first"]
"""Which cell of a line is a word."""
TENS = np.array([float(10**power) for power in range(MOST_DIGITS + 1)])
DOT, MINUS, ZERO, NEWLINE = b".-0\n"


class NumberBlock(Struct, frozen=True):
    """Rows of numbers that follow each other, a line each."""

    first_line: int
    values: Floats
    """(rows, columns of numbers)"""
    characters: int
    """Of its lines."""
    side: Side = ""
    words: Sequence[str] = ()
    """(rows,): the cells of the one column that is not among ``values``."""


class Lines(Iterator[str]):
    """The lines of a file, one by one or, where they are plain numbers, in blocks."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._ahead: deque[str] = deque()
        self._failed = 0
        self._side: Side = ""
        self.count = 0
        """How many have been taken."""

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._lines)
        self.count += 1
        return line

    def blocks(self, delimiter: str, names: Sequence[str]) -> Iterator[NumberBlock]:
        """What of the next lines fits columns of these names; the first that are not are left to be taken."""
        while not self._ahead and self._failed < TRIES and (lines := self._next_lines()):
            block = self._block(lines, delimiter, names)
            if block is None:
                self._ahead.extend(lines)
                self._failed += 1
                return
            self._failed, self._side = 0, block.side
            self.count += len(lines)
            yield block

    def _block(self, lines: list[str], delimiter: str, names: Sequence[str]) -> NumberBlock | None:
        """The lines as numbers, and words where there are any; None where they are anything else."""
        sides: tuple[Side, ...] = ("", "last", "first")
        # What the lines before were, these will be.
        for side in sorted(sides, key=lambda each: each != self._side):
            parts = _parted(lines, delimiter, side, names)
            if parts is not None:
                text, words = parts
                values = numbers_in(text, delimiter, len(names) - bool(side))
                if values is not None and len(values) == len(lines):
                    return NumberBlock(self.count + 1, values, sum(map(len, lines)), side, words)
        return None

    def _next_lines(self) -> list[str]:
        first = next(self._lines, "")
        return [first, *islice(self._lines, BLOCK_CHARACTERS // len(first))] if first else []


def _parted(lines: list[str], delimiter: str, side: Side, names: Sequence[str]) -> tuple[str, Sequence[str]] | None:
    """The text of all cells but one, and those; None where they may be more than words, or are the column's name."""
    if not side:
        return "".join(lines), ()
    if len(names) < 2:
        return None
    if side == "last":
        parts = [line.rpartition(delimiter) for line in lines]
        words, name = [word.strip() for _, _, word in parts], names[-1]
        text = "\n".join([numbers for numbers, _, _ in parts])
    else:
        parts = [line.partition(delimiter) for line in lines]
        words, name = [word.strip() for word, _, _ in parts], names[0]
        text = "".join([numbers for _, _, numbers in parts])
    return None if name in words or not WORDED.isdisjoint("".join(words)) else (text, words)


def numbers_in(text: str, delimiter: str, width: int) -> Floats | None:
    """(rows, ``width``) of the numbers in whole lines, to the digit as ``float`` reads them; None of any other text.

    >>> numbers_in("1,-2.5\\n30,0.125", ",", 2)
    array([[ 1.   , -2.5  ],
           [30.   ,  0.125]])
    """
    plain = text if text.endswith("\n") else text + "\n"
    if not plain.isascii():
        return None
    content = plain.encode("ascii")
    # Looking for one letter takes a tenth of the time that it takes for two.
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
    if content.translate(None, b"0123456789.-\n" + delimiter.encode("ascii")):
        return None
    marks = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero((marks == ord(delimiter)) | (marks == NEWLINE))
    rows = content.count(b"\n")
    if len(ends) != rows * width or not (marks[ends[width - 1 :: width]] == NEWLINE).all():
        return None
    values = _few_digits(marks, ends)
    return _values(marks, ends, width) if values is None else values.reshape(-1, width)


def _few_digits(marks: NDArray[np.uint8], ends: NDArray[np.intp]) -> Floats | None:
    """Whole numbers of a few digits without a sign; None of any others.

    At every mark of the text stands what the digits up to it are as a number: no digit is looked up by its place.
    """
    lengths = np.diff(ends, prepend=-1) - 1
    most = int(lengths.max())
    if lengths.min() < 1 or most > FEW_DIGITS:
        return None
    figures = marks - np.uint8(ZERO)
    is_figure = (figures < 10).view(np.uint8)
    if np.count_nonzero(is_figure) + len(ends) != len(marks):
        return None
    figures *= is_figure
    whole = figures.astype(np.uint16)
    joined = np.ones_like(figures)
    for place in range(1, most):
        tens = (figures[:-place] * joined[:-place]).astype(np.uint16)
        tens *= np.uint16(10**place)
        whole[place:] += tens
        joined[:-place] &= is_figure[place:]
    return whole[ends - 1].astype(np.float64)


def _values(marks: NDArray[np.uint8], ends: NDArray[np.intp], width: int) -> Floats | None:
    """The numbers that end before ``ends``; None where one is written in another way or is too long."""
    begins = np.concatenate(([0], ends[:-1] + 1))
    negative = marks[begins] == MINUS
    if np.count_nonzero(marks == MINUS) != np.count_nonzero(negative):
        return None
    fraction, dotted = np.zeros(len(ends), np.intp), np.zeros(len(ends), np.intp)
    dots = np.flatnonzero(marks == DOT)
    of_dots = np.searchsorted(ends, dots)
    fraction[of_dots], dotted[of_dots] = ends[of_dots] - dots - 1, 1
    digits = ends - begins - negative - dotted
    if digits.min() < 1 or digits.max() > MOST_DIGITS or np.count_nonzero(dotted) < len(dots):
        return None
    values = _whole(marks, ends - 1, digits, fraction, dotted).astype(np.float64)
    if len(dots):
        values /= TENS[fraction]
    np.negative(values, out=values, where=negative)
    return values.reshape(-1, width)


def _whole(
    marks: NDArray[np.uint8], last: NDArray[np.intp], digits: NDArray[np.intp], fraction: NDArray[np.intp],
    dotted: NDArray[np.intp],
) -> NDArray[np.integer[Any]]:  # fmt: skip
    """The digits of each number as one whole number, from the last one on."""
    most = int(digits.max())
    kind: type[np.integer[Any]] = np.int32 if most <= SHORT_DIGITS else np.int64
    whole: NDArray[np.integer[Any]] = marks[last - (dotted & (fraction == 0))].astype(kind) - kind(ZERO)
    for place in range(1, most):
        # Those before the point stand one place farther from the end.
        at = last - place - (dotted & (fraction <= place)) if dotted.any() else last - place
        digit = marks[at].astype(kind) - kind(ZERO)
        digit *= place < digits
        digit *= kind(10**place)
        whole += digit
    return whole
