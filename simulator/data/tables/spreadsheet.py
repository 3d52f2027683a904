"""Rows of cells out of spreadsheets and out of Weka's ARFF files."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from simulator.data.base import DataError
from simulator.data.phrases import name_of, shown
from simulator.data.tables.dialect import Dialect, Row, rows_of
from simulator.data.tables.source import Source, open_regular, reason_of, status
from simulator.data.tables.workbook import check_room

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

GIVEN_UP = "PanicException"
"""What is raised where a library in Rust gives up; it has no other name in Python, and is no Exception."""
MAX_BYTES = 2**27
"""Of a spreadsheet's file."""


def sheets_of(path: str) -> tuple[str, ...]:
    """The names of a spreadsheet's sheets. Raises :class:`DataError`."""
    return tuple(_workbook(path).sheet_names)


def sheet_rows(path: str, sheet: str = "") -> tuple[str, list[Row]]:
    """A sheet and its rows that hold anything; by default the first one that has a table, else the first.

    Raises :class:`DataError`.
    """
    book = _workbook(path)
    names = book.sheet_names
    if sheet and sheet not in names:
        raise DataError(f"{name_of(path)}: there is no sheet {shown(sheet)} (there are {', '.join(names[:6])})")
    if sheet:
        return sheet, _rows(book, sheet, path)
    for name in names:
        rows = _rows(book, name, path)
        if sum(len(list(filter(None, row))) > 1 for _, row in rows) > 2:
            return name, rows
    return names[0], _rows(book, names[0], path)


def _rows(book: CalamineWorkbook, sheet: str, path: str) -> list[Row]:
    with _as_data_error(f"{name_of(path)}, sheet {shown(sheet)}"):
        cells = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    rows = ((line, [_text(cell) for cell in row]) for line, row in enumerate(cells, 1))
    return [(line, row) for line, row in rows if any(row)]


def _workbook(path: str) -> CalamineWorkbook:
    from python_calamine import CalamineWorkbook

    if status(path).st_size > MAX_BYTES:
        raise DataError(f"{name_of(path)}: a spreadsheet of more than {MAX_BYTES // 2**20} MiB")
    check_room(path)
    with _as_data_error(name_of(path)), open_regular(path) as file:
        book = CalamineWorkbook.from_filelike(file)
    if not book.sheet_names:
        raise DataError(f"{name_of(path)}: holds no sheet")
    return book


@contextmanager
def _as_data_error(where: str) -> Iterator[None]:
    """Whatever the reader of spreadsheets says, or where it gives up, is one :class:`DataError`."""
    from python_calamine import CalamineError, PasswordError

    try:
        with _silent():
            yield
    except PasswordError as error:
        raise DataError(f"{where}: is locked with a password") from error
    except (CalamineError, OSError) as error:
        raise DataError(f"{where}: {reason_of(error)}") from error
    except BaseException as error:
        if type(error).__name__ != GIVEN_UP:
            raise
        raise DataError(f"{where}: cannot be read (what it says of itself contradicts itself)") from None


@contextmanager
def _silent() -> Iterator[None]:
    """Where the reader gives up it writes several lines to the terminal, past Python."""
    try:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:  # There is no terminal.
        yield
        return
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _text(cell: object) -> str:
    """A cell as a text file would have it."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ") if cell.time() != datetime.time() else cell.date().isoformat()
    if isinstance(cell, datetime.timedelta):
        return repr(cell.total_seconds())
    return "" if cell is None else " ".join(str(cell).split())


_ATTRIBUTE = re.compile(r"@attribute\s+('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S+)", re.IGNORECASE)


def arff_rows(source: Source) -> Iterator[Row]:
    """The attributes' names as a first row, then the data. Raises :class:`DataError`."""
    with source.lines() as lines:
        names: list[str] = []
        for line in lines:
            text = line.strip()
            if attribute := _ATTRIBUTE.match(text):
                names.append(attribute[1].strip("'\""))
            if text.lower().startswith("@data"):
                break
        if not names:
            raise DataError(f"{name_of(source.path)}: an ARFF file without attributes")
        yield 1, names
        body = [line for line in lines if line.strip() and not line.lstrip().startswith("%")]
        # Cells stand in either kind of quotes, and may be separated by tabs.
        delimiter = "\t" if body and "\t" in body[0] and "," not in body[0] else ","
        quote = '"' if any('"' in line for line in body) and not any("'" in line for line in body) else "'"
        for at, row in rows_of(iter(body), Dialect(delimiter, quote), source.path):
            if row[0].startswith("{"):
                raise DataError(f"{name_of(source.path)}: sparse ARFF is not supported")
            yield at, row
