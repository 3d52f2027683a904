"""One column of a table: its numbers, its words, and where a value is missing."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from simulator.arrays.numeric import Floats
from simulator.data.tables.dates import days_of
from simulator.data.tables.numbers import MISSING, Decimal, number_in, plain, stands_for_nothing, with_unit

Codes = NDArray[np.int32]

NUMBER, ABSENT, LOST = -1, -2, -3
"""What stands in a cell that is no word of the column's vocabulary: a number, nothing, or one of too many words."""
MAX_WORDS = 50_000
"""Different words that are kept of a column."""

SOON_REPEATED = 256
"""Rows within which most columns of numbers repeat one."""

OWN_PAGES_BYTES = 2**20
"""Bytes from which on an array has pages of its own, which go back to the system when it does."""

LARGE_PAGES_BYTES = 2**22
"""Bytes from which on larger pages are asked for: to be given one takes as long as to fill it."""


def matrix(columns: int, rows: int) -> Floats:
    """(columns, rows), one column after the other; what is not written yet takes no memory."""
    return _memory(columns * rows, np.dtype(np.float64)).reshape(columns, rows)


def in_one_matrix(columns: Sequence[Floats]) -> Floats | None:
    """(rows, columns) in the very memory of columns of one :func:`matrix`, in its order; None of any others."""
    starts = np.array([column.__array_interface__["data"][0] for column in columns])
    apart, first = np.diff(starts), columns[0]
    together = all(column.base is first.base is not None and len(column) == len(first) for column in columns)
    if not together or not apart.size or apart[0] < first.nbytes or np.any(apart != apart[0]):
        return None
    return np.lib.stride_tricks.as_strided(first, (len(first), len(columns)), (first.itemsize, int(apart[0])))


def _memory(count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    size = count * dtype.itemsize
    if size < OWN_PAGES_BYTES:
        return np.empty(count, dtype)
    pages = _pages(size)
    if size >= LARGE_PAGES_BYTES and hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # Where the system has none.
            pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, dtype, count)


def _pages(size: int) -> mmap.mmap:
    """MemoryError where there are none."""
    try:
        return mmap.mmap(-1, size)
    except OSError as error:
        raise MemoryError(str(error)) from error


class Growing:
    """An array that grows at its end, to twice its size: pages in which nothing stands take no memory."""

    def __init__(self, dtype: DTypeLike) -> None:
        self._array = np.empty(0, dtype)
        self.size = 0

    def move_into(self, memory: NDArray[Any]) -> None:
        """Go on in this memory, as far as it reaches."""
        if len(memory) > self.size:
            memory[: self.size] = self._array[: self.size]
            self._array = memory

    def extend(self, values: NDArray[Any]) -> None:
        end = self.size + len(values)
        if end > len(self._array):
            grown = _memory(max(end, len(self._array) * 2), self._array.dtype)
            grown[: self.size] = self._array[: self.size]
            self._array = grown
        self._array[self.size : end] = values
        self.size = end

    def whole(self) -> NDArray[Any]:
        """What has come in; nothing more may."""
        return self._array[: self.size]


class Gathering:
    """A column in the making: blocks of cells come in, compact arrays are kept."""

    def __init__(self, decimal: Decimal) -> None:
        self.decimal: Decimal = decimal
        self._known: dict[str, tuple[float, int]] = {}
        self._words: list[str] = []
        self._values = Growing(np.float64)
        self._codes: Growing | None = None
        """None while all have been numbers."""

    def add(self, cells: Sequence[str]) -> None:
        """The next cells of the column."""
        values = self._all_numbers(cells)
        if values is not None:
            self.add_numbers(values)
            return
        pairs = [self._known.get(cell) or self._meaning(cell) for cell in cells]
        if self._codes is None:
            self._codes = Growing(np.int32)
            self._codes.extend(np.full(self._values.size, NUMBER, np.int32))
        self._values.extend(np.array([value for value, _ in pairs]))
        self._codes.extend(np.array([code for _, code in pairs], np.int32))

    def add_numbers(self, values: Floats) -> None:
        """The next cells of the column, where they are finite numbers."""
        if self._codes is not None:
            self._codes.extend(np.full(len(values), NUMBER, np.int32))
        self._values.extend(values)

    def gather_in(self, memory: Floats) -> None:
        """Go on in this memory, as far as it reaches."""
        self._values.move_into(memory)

    def _all_numbers(self, cells: Sequence[str]) -> Floats | None:
        """The cells where all are plain finite numbers, fast."""
        joined = "".join(cells)
        if not joined.isascii() or "_" in joined or (self.decimal == "," and "." in joined):
            return None
        if self.decimal == ",":
            cells = [cell.replace(",", ".") for cell in cells]
        try:
            values = np.array(cells, np.float64)
        except ValueError:
            return None
        return values if np.isfinite(values).all() else None

    def _meaning(self, cell: str) -> tuple[float, int]:
        number = number_in(cell, self.decimal)
        if number is not None:
            return number, NUMBER  # numbers may all differ: they are not remembered
        if cell.lower() in MISSING and cell != "-":
            meaning = np.nan, ABSENT
        elif len(self._words) < MAX_WORDS:
            meaning = np.nan, len(self._words)
            self._words.append(cell)
        else:
            return np.nan, LOST
        self._known[cell] = meaning
        return meaning

    def column(self, name: str) -> Column:
        """What has been gathered."""
        codes = None if self._codes is None else self._codes.whole()
        return _settled(Column(name, self._values.whole(), codes, tuple(self._words)), self.decimal)


@dataclass(frozen=True, eq=False)
class Column:
    """All cells of a column."""

    name: str
    values: Floats
    """(rows,): the numbers; NaN where a cell holds none."""
    codes: Codes | None
    """(rows,): place of a cell's word in ``words``, or NUMBER, ABSENT, LOST; None where all are numbers."""
    words: tuple[str, ...]

    @cached_property
    def absent(self) -> NDArray[np.bool_]:
        """(rows,): where the value is missing."""
        if self.codes is None:
            return np.broadcast_to(np.False_, len(self.values))
        absent: NDArray[np.bool_] = self.codes == ABSENT
        return absent

    @cached_property
    def missing(self) -> int:
        """How many values are missing."""
        return int(np.count_nonzero(self.absent))

    @property
    def present(self) -> int:
        return len(self.values) - self.missing

    @property
    def numeric(self) -> bool:
        """Whether all that is there are numbers."""
        return not self.words

    @cached_property
    def numbers(self) -> Floats:
        """(present,): those of a numeric column."""
        return self.values if self.codes is None else self.values[self.codes == NUMBER]

    @cached_property
    def whole(self) -> bool:
        """Whether all are whole numbers."""
        return self.numeric and bool(np.all(self.numbers == np.floor(self.numbers)))

    @cached_property
    def crowded(self) -> bool:
        """Whether it has more different words than are kept."""
        return self.codes is not None and bool(np.any(self.codes == LOST))

    @cached_property
    def categories(self) -> tuple[tuple[str, ...], Codes]:
        """Different values as words, in order, and each row's place among them; −1 where it is missing.

        Numbers among words are words too; where all are numbers they are in order of size.
        """
        codes = np.full(len(self.values), -1, np.int32)
        numbers = np.unique(self.numbers)
        names = [plain(float(value)) for value in numbers]
        is_number = np.ones(len(codes), np.bool_) if self.codes is None else self.codes == NUMBER
        places = {name: at for at, name in enumerate(dict.fromkeys(names))}
        of_number = np.array([places[name] for name in names], np.int32)
        if len(numbers):
            codes[is_number] = of_number[np.searchsorted(numbers, self.values[is_number])]
        if self.codes is not None and self.words:
            for word in self.words:
                places.setdefault(word, len(places))
            of_word = np.array([places[word] for word in self.words], np.int32)
            worded = self.codes >= 0
            codes[worded] = of_word[self.codes[worded]]
        return _in_order(tuple(places), codes, self.numeric)

    @cached_property
    def different(self) -> int:
        """How many different values there are."""
        if self.crowded:
            return MAX_WORDS
        return _different(self.numbers) if self.numeric else len(self.categories[0])

    @cached_property
    def varied(self) -> bool:
        """Whether two values differ, which is told sooner than how many do."""
        if not self.numeric:
            return self.different > 1
        return self.numbers.size > 0 and bool(self.numbers.min() != self.numbers.max())

    @cached_property
    def unrepeated(self) -> bool:
        """Whether every row has a value that no other has."""
        if self.missing or self.crowded:
            return False
        first = self.values[:SOON_REPEATED].tolist() if self.numeric else []
        return len(set(first)) == len(first) and self.different == len(self.values)

    @cached_property
    def days(self) -> Floats | None:
        """(rows,): days where every word is a date or a time; else None."""
        if self.numeric or self.crowded or self.codes is None or np.any(self.codes == NUMBER):
            return None
        days_of_words = days_of(self.words)
        if days_of_words is None:
            return None
        days = np.full(len(self.values), np.nan)
        days[self.codes >= 0] = days_of_words[self.codes[self.codes >= 0]]
        return days


def _different(numbers: Floats) -> int:
    """How many different ones there are; whole ones within a narrow range are counted without sorting them."""
    with np.errstate(over="ignore"):
        narrow = numbers.size > 0 and np.ptp(numbers) < len(numbers)
    if narrow and np.all(numbers == np.floor(numbers)):
        return int(np.count_nonzero(np.bincount((numbers - numbers.min()).astype(np.intp))))
    return len(np.unique(numbers))


def _in_order(names: tuple[str, ...], codes: Codes, numeric: bool) -> tuple[tuple[str, ...], Codes]:
    if numeric:
        return names, codes
    order = sorted(range(len(names)), key=lambda at: names[at])
    rank = np.empty(len(names) + 1, np.int32)
    rank[order] = np.arange(len(names))
    rank[-1] = -1
    return tuple(names[at] for at in order), rank[codes]


def _settled(column: Column, decimal: Decimal) -> Column:
    """Words that stand for a missing value, or are numbers with a unit, are told by the company they keep."""
    if column.codes is None or not column.words:
        return column
    numbers = np.count_nonzero(column.codes == NUMBER)
    meant = _numbers_of(column.words, bool(numbers), decimal)
    if meant is not None:
        return _with_numbers(column, meant)
    lower = [word.lower() for word in column.words]
    if "-" in lower and "+" not in lower and len(lower) > 1:
        return _without(column, lower.index("-"))
    return column


FLAG_LETTERS = 2
"""Letters of a remark behind a number, which need not be behind all of them."""


def _numbers_of(words: Sequence[str], among_numbers: bool, decimal: Decimal) -> Floats | None:
    """(words,): the number that each means, NaN where it is missing; None where they are no numbers.

    Numbers may all have one unit; among numbers without, some may be flagged by a letter or two.
    """
    pairs = [(np.nan, "") if among_numbers and stands_for_nothing(word) else with_unit(word, decimal) for word in words]
    if any(each is None for each in pairs):
        return None
    units = {each[1] for each in pairs if each is not None} - {""}
    alike = len(units) <= 1 and (among_numbers or len(words) > 1)
    flags = among_numbers and all(len(unit) <= FLAG_LETTERS and unit.islower() for unit in units)
    return np.array([each[0] for each in pairs if each is not None]) if alike or flags else None


def _with_numbers(column: Column, meant: Floats) -> Column:
    """The column with a number for each of its words, or none."""
    assert column.codes is not None
    worded = column.codes >= 0
    values, codes = column.values.copy(), column.codes.copy()
    values[worded] = meant[column.codes[worded]]
    codes[worded] = np.where(np.isnan(values[worded]), ABSENT, NUMBER)
    return Column(column.name, values, codes, ())


def _without(column: Column, absent: int) -> Column:
    """The column with one of its words taken for a missing value."""
    assert column.codes is not None
    codes = np.where(column.codes == absent, ABSENT, column.codes - (column.codes > absent)).astype(np.int32)
    return Column(column.name, column.values, codes, tuple(np.delete(np.array(column.words, object), absent)))
