"""A whole table out of a file: every cell of every column, as numbers and words."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.data.base import DataError
from simulator.data.phrases import name_of, shown
from simulator.data.tables.column import Column, Gathering, matrix
from simulator.data.tables.dialect import SAMPLE_LINES, Dialect, Row, dialect_of, first_lines, rows_of
from simulator.data.tables.layout import Header, Layout, layout_of
from simulator.data.tables.number_blocks import SEPARATORS, Lines, NumberBlock
from simulator.data.tables.numbers import MISSING, Decimal, decimal_of, number_in
from simulator.data.tables.source import Progress, Source, encoding_of, nothing, status, suffix, unpacked_size
from simulator.data.tables.spreadsheet import arff_rows, sheet_rows, sheets_of
from simulator.data.tables.workbook import is_spreadsheet
from simulator.schema.numbers import count
from simulator.schema.numbers import decimal as in_words
from simulator.system.machine import GIB, shortage

MAX_ROWS = 5_000_000
MAX_COLUMNS = 100_000
MAX_CELLS = 200_000_000
CELL_COPIES = 3
"""Bytes of memory for each byte of a table, while it is read."""
BLOCK_ROWS = 4096
"""Rows that become columns at a time."""
BLOCKS = 8
"""Blocks of numbers that do."""
ROOM = 1.1
"""Times as many rows as a file would have if all were as long as its first."""


@dataclass(frozen=True)
class TableReading:
    """How a file is to be read; ``auto`` leaves it to the file."""

    header: Header = "auto"
    delimiter: str = "auto"
    decimal: str = "auto"
    encoding: str = "auto"
    sheet: str = ""


@dataclass(frozen=True, eq=False)
class ReadTable:
    """A file that has been read."""

    path: str
    columns: tuple[Column, ...]
    lines: NDArray[np.int32]
    """(rows,): the line of the file on which each row ends."""
    taken: TableReading
    """How it was read, nothing left to the file."""
    layout: Layout
    sheets: tuple[str, ...] = ()
    head: tuple[tuple[str, ...], ...] = ()
    """The first rows as they stand in the file."""
    below: int = 0
    """Lines below the table that are none of its rows: sources, notes, counts."""

    @property
    def rows(self) -> int:
        return len(self.lines)

    @property
    def names(self) -> tuple[str, ...]:
        return self.layout.names


@dataclass
class _Opened:
    """A file before its columns are known."""

    taken: TableReading
    sample: list[Row]
    rows: Callable[[tuple[str, ...]], Iterable[Row | NumberBlock]]
    """All of them; those of plain numbers may come in blocks where the columns' names are given."""
    sheets: tuple[str, ...] = ()


NOTE_LINES = 50
"""Lines that a note below a table has at most."""
HEAD_ROWS = 50
"""Rows kept as they stand, to be shown."""


def read_table(path: str, reading: TableReading | None = None, progress: Progress = nothing) -> ReadTable:
    """Read all of a file. Raises :class:`DataError` in one sentence, with the line where there is one."""
    _check_memory(path)
    opened = _open(path, reading or TableReading(), progress)
    layout, decimal = _layout(path, opened)
    gathered = _Gathered(path, layout, decimal)
    gathered.take(opened.rows(_plain_names(layout, decimal)))
    if not gathered.head:
        raise DataError(f"{name_of(path)}: no rows below the names of the columns")
    taken = TableReading(
        "yes" if layout.header else "no", opened.taken.delimiter, decimal, opened.taken.encoding, opened.taken.sheet
    )
    return ReadTable(
        path, gathered.columns(), gathered.lines(), taken, layout, opened.sheets, tuple(gathered.head), gathered.below
    )


def _check_memory(path: str) -> None:
    """DataError where the cells of a file find no room."""
    size = unpacked_size(path)
    if lack := shortage(CELL_COPIES * size):
        need = in_words(CELL_COPIES * size / GIB, 1)
        raise DataError(f"{name_of(path)}: {in_words(size / GIB, 1)} GiB of table need {need} GiB of memory; {lack}")


def column_names(path: str, reading: TableReading | None = None) -> tuple[str, ...]:
    """What the columns of a file are called, from its first rows. Raises :class:`DataError`."""
    opened = _open(path, reading or TableReading(), nothing)
    return _layout(path, opened)[0].names


def sheet_names(path: str) -> tuple[str, ...]:
    """Those of a spreadsheet; none of another file. Raises :class:`DataError`."""
    return sheets_of(path) if is_spreadsheet(path) else ()


def _layout(path: str, opened: _Opened) -> tuple[Layout, Decimal]:
    if not opened.sample:
        raise DataError(f"{name_of(path)}: the file is empty")
    width = max(len(row) for _, row in opened.sample)
    if width > MAX_COLUMNS:
        raise DataError(f"{name_of(path)}: {width} columns, at most {MAX_COLUMNS} can be read")
    cells = [cell for _, row in opened.sample for cell in row]
    wish = opened.taken.decimal
    decimal: Decimal = decimal_of(cells, opened.taken.delimiter) if wish == "auto" else "," if wish == "," else "."
    return layout_of(opened.sample, opened.taken.header, decimal), decimal


def _plain_names(layout: Layout, decimal: Decimal) -> tuple[str, ...]:
    """Of the columns, where rows of plain numbers can mean nothing else."""
    names_are_numbers = layout.header and all(number_in(name) is not None for name in layout.names)
    return () if decimal == "," or names_are_numbers else layout.names


def _open(path: str, wish: TableReading, progress: Progress) -> _Opened:
    status(path)
    if is_spreadsheet(path):
        sheets = sheets_of(path)
        sheet, rows = sheet_rows(path, wish.sheet)
        taken = TableReading(wish.header, "", ".", "", sheet)
        return _Opened(taken, rows[:SAMPLE_LINES], lambda _names: rows, sheets)
    source = Source(path, encoding_of(path) if wish.encoding in ("auto", "") else wish.encoding)
    if suffix(path) == ".arff":
        taken = TableReading("yes", ",", ".", source.encoding)
        return _Opened(taken, list(itertools.islice(arff_rows(source), SAMPLE_LINES)), lambda _names: arff_rows(source))
    lines = first_lines(source)
    dialect = dialect_of(lines, wish.delimiter)
    sample = list(rows_of(lines, dialect, path, whole=False))
    taken = TableReading(wish.header, dialect.delimiter, wish.decimal, source.encoding)
    return _Opened(taken, sample, lambda names: _rows(source, dialect, progress, names))


def _rows(source: Source, dialect: Dialect, progress: Progress, names: tuple[str, ...]) -> Iterator[Row | NumberBlock]:
    with source.lines(progress) as read:
        lines = Lines(read)
        for row in rows_of(lines, dialect, source.path):
            yield row
            # The first rows say what all are; a row has ended here, so what comes begins another.
            if names and dialect.delimiter in SEPARATORS and lines.count >= SAMPLE_LINES:
                yield from lines.blocks(dialect.delimiter, names)


@dataclass
class _Gathered:
    """Columns in the making."""

    path: str
    layout: Layout
    decimal: Decimal
    head: list[tuple[str, ...]] = field(default_factory=list)
    below: int = 0
    _lines: list[NDArray[np.int32]] = field(default_factory=list)
    _count: int = 0
    _roomy: bool = False

    def __post_init__(self) -> None:
        self._columns = [Gathering(self.decimal) for _ in range(self.layout.width)]

    def take(self, rows: Iterable[Row | NumberBlock]) -> None:
        table = self._checked(itertools.islice(rows, self.layout.skip, None))
        for side, parts in itertools.groupby(table, lambda part: part.side if isinstance(part, NumberBlock) else None):
            while block := list(itertools.islice(parts, BLOCK_ROWS if side is None else BLOCKS)):
                self._take_numbers([part for part in block if isinstance(part, NumberBlock)])
                self._take_rows([part for part in block if not isinstance(part, NumberBlock)])

    def _take_rows(self, block: Sequence[Row]) -> None:
        if not block:
            return
        if not self.head:
            self.head = [tuple(row) for _, row in block[:HEAD_ROWS]]
        self._count_rows(np.array([line for line, _ in block], np.int32))
        for column, cells in zip(self._columns, zip(*(row for _, row in block), strict=True), strict=True):
            column.add(cells)

    def _take_numbers(self, blocks: Sequence[NumberBlock]) -> None:
        for block in blocks:
            self._count_rows(block.first_line + np.arange(len(block.values), dtype=np.int32))
        if blocks:
            self._make_room(blocks[0])
            numeric, side = [*self._columns], blocks[0].side
            if side:
                worded = numeric.pop(-1 if side == "last" else 0)
                worded.add([word for block in blocks for word in block.words])
            columns = np.concatenate([block.values.T for block in blocks], axis=1)
            for column, numbers in zip(numeric, columns, strict=True):
                column.add_numbers(numbers)

    def _make_room(self, block: NumberBlock) -> None:
        """One matrix for as many rows as the file may have; the samples can lie in it as they are."""
        if not self._roomy:
            self._roomy = True
            left = unpacked_size(self.path) * len(block.values) // block.characters
            rows = min(int(ROOM * left) + self._count, MAX_ROWS, MAX_CELLS // self.layout.width)
            try:
                whole = matrix(self.layout.width, rows)
            except MemoryError:
                return  # They may still find room one by one.
            for column, memory in zip(self._columns, whole, strict=True):
                column.gather_in(memory)

    def _count_rows(self, lines: NDArray[np.int32]) -> None:
        self._lines.append(lines)
        self._count += len(lines)
        if self._count > MAX_ROWS or self._count * self.layout.width > MAX_CELLS:
            size = f"{count(self._count, 'row')} of {count(self.layout.width, 'column')}"
            raise DataError(f"{name_of(self.path)}: {size} do not fit in memory")

    def _checked(self, rows: Iterable[Row | NumberBlock]) -> Iterator[Row | NumberBlock]:
        """Every row as long as the table is wide; comments and repeated headers are passed over."""
        width, layout = self.layout.width, self.layout
        held: list[Row] = []
        for part in rows:
            if isinstance(part, NumberBlock):
                yield from self._followed(held)
                yield part
                continue
            line, row = part
            if (layout.comments and row[0][:1] == "#") or (layout.header and tuple(row) == layout.names):
                continue
            if self._may_be_note(row) and len(held) < NOTE_LINES:
                held.append((line, row))
                continue
            yield from self._followed(held)
            yield line, row if len(row) == width else self._fitted(line, row)
        # A note is known by that nothing follows.
        self.below = len(held)

    def _followed(self, held: list[Row]) -> Iterator[Row]:
        """What was taken for a note and is none, since more follows."""
        for line, row in held:
            yield line, self._fitted(line, row)
        held.clear()

    def _may_be_note(self, row: list[str]) -> bool:
        """Whether only the first cell holds anything, a word, where a row has three or lacks its separators."""
        width = self.layout.width
        if width < 2 or not row[0] or (len(row) == width and (width == 2 or row[1] or row[2])):
            return False
        return not any(row[1:]) and number_in(row[0], self.decimal) is None and row[0].lower() not in MISSING

    def _fitted(self, line: int, row: list[str]) -> list[str]:
        width = self.layout.width
        if len(row) < width:
            return [*row, *[""] * (width - len(row))]
        if any(row[width:]):
            raise DataError(
                f"{name_of(self.path)}, line {line}: {count(len(row), 'cell')} where the table has {width}, "
                f"{shown(next(filter(None, row[width:])), 20)} is beyond them"
            )
        return row[:width]

    def lines(self) -> NDArray[np.int32]:
        return np.concatenate(self._lines) if self._lines else np.empty(0, np.int32)

    def columns(self) -> tuple[Column, ...]:
        columns = []
        for at, name in enumerate(self.layout.names):
            columns.append(self._columns[at].column(name))
            self._columns[at] = Gathering(self.decimal)  # its pieces are not needed any more
        return tuple(columns)
