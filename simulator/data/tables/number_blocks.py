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
from simulator.system.abreast import ahead

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


Found = tuple[Floats, int, Side, Sequence[str]]
"""Values, characters, side and words of a block."""


class Lines(Iterator[str]):
    """The lines of a file, one by one or, where they are plain numbers, in blocks."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._ahead: deque[str] = deque()
        self._read: deque[list[str]] = deque()
        """Behind those, lines for blocks to come."""
        self._fault: Exception | None = None
        """Behind those, why no more can be read."""
        self._failed = 0
        self._side: Side = ""
        self.count = 0
        """How many have been taken."""

    def __next__(self) -> str:
        if not self._ahead and self._read:
            self._ahead.extend(self._read.popleft())
        if not self._ahead and self._fault is not None:
            raise self._fault
        line = self._ahead.popleft() if self._ahead else next(self._lines)
        self.count += 1
        return line

    def blocks(self, delimiter: str, names: Sequence[str]) -> Iterator[NumberBlock]:
        """What of the next lines fits columns of these names; the first that are not are left to be taken."""
        if self._ahead or self._failed >= TRIES:
            return
        left = []
        for lines, found in ahead(lambda lines: self._found(lines, delimiter, names), self._next_blocks()):
            if self._ahead:
                left.append(lines)
            elif found is None:
                self._ahead.extend(lines)
                self._failed += 1
            else:
                self._failed, first = 0, self.count + 1
                self.count += len(lines)
                yield NumberBlock(first, *found)
        self._read.extendleft(reversed(left))
        if self._fault is not None and not self._ahead:
            raise self._fault

    def _found(self, lines: list[str], delimiter: str, names: Sequence[str]) -> Found | None:
        """The lines as numbers, and words where there are any; None where they are anything else."""
        sides: tuple[Side, ...] = ("", "last", "first")
        # What the lines before were, these will be.
        for side in sorted(sides, key=lambda each: each != self._side):
            parts = _parted(lines, delimiter, side, names)
            if parts is not None:
                text, words = parts
                values = numbers_in(text, delimiter, len(names) - bool(side))
                if values is not None and len(values) == len(lines):
                    self._side = side
                    return values, sum(map(len, lines)), side, words
        return None

    def _next_blocks(self) -> Iterator[list[str]]:
        """The lines of each until one is found to be none."""
        while not self._ahead and (lines := self._next_lines()):
            yield lines

    def _next_lines(self) -> list[str]:
        if self._read:
            return self._read.popleft()
        try:
            first = "" if self._fault is not None else next(self._lines, "")
            return [first, *islice(self._lines, BLOCK_CHARACTERS // len(first))] if first else []
        except Exception as error:  # Told when its turn comes.
            self._fault = error
            return []


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
    marks = np.frombuffer(content, np.uint8)
    is_newline = marks == NEWLINE
    ends = np.flatnonzero((marks == ord(delimiter)) | is_newline)
    if len(ends) != np.count_nonzero(is_newline) * width or not is_newline[ends[width - 1 :: width]].all():
        return None
    whole = _few_digits(marks, ends)
    if whole is None and content.translate(None, b"0123456789.-\n" + delimiter.encode("ascii")):
        return None
    values = _values(marks, ends) if whole is None else whole
    # The numbers of a column lie together from here on.
    return None if values is None else values.reshape(-1, width).T.astype(np.float64, order="C").T


def _few_digits(marks: NDArray[np.uint8], ends: NDArray[np.intp]) -> NDArray[np.uint16] | None:
    """Whole numbers of a few digits without a sign; None of any others.

    At every mark of the text stands what the digits up to it are as a number: no digit is looked up by its place.
    """
    figures = marks - np.uint8(ZERO)
    is_figure = figures < 10
    between = ~is_figure
    if np.count_nonzero(is_figure) + len(ends) != len(marks) or between[0] or (between[1:] & between[:-1]).any():
        return None
    behind = np.empty(len(marks) + 1, np.uint16)
    """At every mark, the number before it."""
    whole = behind[1:]
    whole[...] = figures
    # Where as many more digits follow.
    followed = is_figure
    for place in range(1, FEW_DIGITS + 1):
        followed = followed[:-1] & is_figure[place:]
        if not followed.any():
            return behind.take(ends)
        if place < FEW_DIGITS:
            tens = (figures[:-place] * followed).astype(np.uint16)
            tens *= np.uint16(10**place)
            whole[place:] += tens
    return None


def _values(marks: NDArray[np.uint8], ends: NDArray[np.intp]) -> Floats | None:
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
    return values


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
