"""Reading a delimited text file: fast where it is sound, and naming line and column where it is not."""

from __future__ import annotations

import csv
import math
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TextIO

import numpy as np

from simulator.data.base import MAX_CELLS, DataError
from simulator.frame import Floats

DELIMITERS = (",", ";", "\t")
MAX_BYTES = 512 * 2**20
MAX_ROWS = 5_000_000
CHUNK = 2**20

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NONFINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """The first row of a file: how its cells are separated and what its columns are called."""

    delimiter: str
    names: tuple[str, ...]
    line: int
    """The line, from 1, on which the header ends."""


@dataclass(frozen=True, eq=False)
class Columns:
    """The chosen columns of a file."""

    numbers: Floats
    """(rows, chosen number columns), all finite."""
    texts: list[str]
    """(rows,): the chosen text column, stripped; empty where none is chosen."""


def is_number(text: str) -> bool:
    """Whether ``text`` is a plain decimal number within the range of float64."""
    return _NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


def shown(text: str, length: int = 40) -> str:
    """``text`` in quotes on one line, shortened."""
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return f'"{line}"' if len(line) <= length else f'"{line[: length - 1]}…"'


def name_of(path: str) -> str:
    """What messages call the file: its name without folders, on one line."""
    return shown(os.path.basename(path) or path, 60)[1:-1]


def status(path: str) -> os.stat_result:
    """Size and time of a readable-looking file. Raises :class:`DataError`."""
    if not path:
        raise DataError("CSV file: no file is chosen")
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else _reason(error)
        raise DataError(f"{name_of(path)}: {reason}") from error
    if not stat.S_ISREG(found.st_mode):
        raise DataError(f"{name_of(path)}: not a file" + (" but a folder" if stat.S_ISDIR(found.st_mode) else ""))
    return found


def columns_of(path: str | Path) -> tuple[str, ...]:
    """The column names of a file. Raises :class:`DataError`."""
    with _reading(str(path)) as file:
        return _header(file, str(path)).names


def preview(path: str | Path, rows: int = 5) -> tuple[tuple[str, ...], ...]:
    """The cells of the first ``rows`` rows below the header, as text. Raises :class:`DataError`."""
    with _reading(str(path)) as file:
        header = _header(file, str(path))
        found: list[tuple[str, ...]] = []
        for line, row in _rows(file, header):
            if len(found) == rows:
                break
            _check_length(str(path), line, row, header)
            found.append(tuple(row))
        return tuple(found)


def read_columns(path: str, numbers: tuple[str, ...], text: str | None) -> Columns:
    """The columns ``numbers`` as numbers and ``text`` as labels. Raises :class:`DataError`."""
    lines = _line_count(path, status(path).st_size)
    with _reading(path) as file:
        header = _header(file, path)
        _check_rows(path, lines - header.line, len(numbers))
        try:
            columns = _parsed(file, header, numbers, text)
        except ValueError as error:
            _find_culprit(path, numbers, text)
            raise DataError(f"{name_of(path)}: not a readable table ({shown(str(error), 80)})") from error
    # A quote that is never closed swallows lines, a blank line is none: both show in the count only.
    doubtful = len(columns.numbers) != lines - header.line or any(map(_text_fault, set(columns.texts)))
    if doubtful or not np.isfinite(columns.numbers).all():
        _find_culprit(path, numbers, text)
    if len(columns.numbers) < 2:
        raise DataError(f"{name_of(path)}: at least 2 rows below the header are needed, found {len(columns.numbers)}")
    return columns


def _check_rows(path: str, rows: int, columns: int) -> None:
    if rows > MAX_ROWS:
        raise DataError(f"{name_of(path)}: more than {MAX_ROWS} rows are not supported")
    if rows * columns > MAX_CELLS:
        raise DataError(f"{name_of(path)}: {rows} rows of {columns} columns do not fit in memory")


def _parsed(file: TextIO, header: Header, numbers: tuple[str, ...], text: str | None) -> Columns:
    """The whole rest of ``file`` at once; raises ValueError at ragged rows and text in a number."""
    first = next((line for line in file if line.strip()), None)
    if first is None:
        return Columns(np.empty((0, len(numbers))), [])
    # One character is enough of a column that nobody reads.
    kinds = ["f8" if name in numbers else "O" if name == text else "U1" for name in header.names]
    fields = [f"c{index}" for index in range(len(kinds))]
    table = np.loadtxt(
        chain([first], file),
        dtype=np.dtype(list(zip(fields, kinds, strict=True))),
        delimiter=header.delimiter,
        comments=None,
        quotechar='"',
        ndmin=1,
    )
    field = dict(zip(header.names, fields, strict=True))
    values = np.empty((len(table), len(numbers)))
    for index, name in enumerate(numbers):
        values[:, index] = table[field[name]]
    return Columns(values, [] if text is None else [label.strip() for label in table[field[text]]])


def _find_culprit(path: str, numbers: tuple[str, ...], text: str | None) -> None:
    """Walk the file cell by cell up to the first that is wrong and raise :class:`DataError` there."""
    checks: dict[str, Callable[[str], str]] = dict.fromkeys(numbers, _number_fault)
    if text is not None:
        checks[text] = _text_fault
    with _reading(path) as file:
        header = _header(file, path)
        places = [(header.names.index(name), name, check) for name, check in checks.items()]
        places.sort(key=lambda place: place[0])
        for line, row in _rows(file, header):
            _check_length(path, line, row, header)
            for index, name, check in places:
                if fault := check(row[index].strip()):
                    raise DataError(f"{name_of(path)}, line {line}, column {shown(name)}: {fault}")


def _number_fault(cell: str) -> str:
    if not cell:
        return "the cell is empty"
    if is_number(cell):
        return ""
    if _NUMBER.fullmatch(cell) or _NONFINITE.fullmatch(cell):
        return f"{shown(cell)} is not a finite number"
    return f"{shown(cell)} is not a number"


def _text_fault(cell: str) -> str:
    if not cell:
        return "the cell is empty"
    return f"{shown(cell)} is no class" if _NONFINITE.fullmatch(cell) else ""


def _check_length(path: str, line: int, row: list[str], header: Header) -> None:
    if len(row) != len(header.names):
        cells = f"{len(row)} cell" + ("s" if len(row) > 1 else "")
        where = f"; nothing for column {shown(header.names[len(row)])}" if len(row) < len(header.names) else ""
        raise DataError(f"{name_of(path)}, line {line}: {cells} where the header has {len(header.names)}{where}")


def _rows(file: TextIO, header: Header) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row below the header; blank lines are skipped."""
    reader = csv.reader(file, delimiter=header.delimiter, strict=True)
    line = header.line + 1
    try:
        for row in reader:
            if row:
                yield line, row
            line = header.line + reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{name_of(file.name)}, line {line}: {_csv_fault(error)}") from error


def _csv_fault(error: csv.Error) -> str:
    return "a quote is opened and not closed" if "unexpected end" in str(error) else str(error)


def _header(file: TextIO, path: str) -> Header:
    """Read the header; ``file`` then stands on the first line below it."""
    blank = 0
    for first in file:
        if first.strip():
            break
        blank += 1
    else:
        raise DataError(f"{name_of(path)}: the file is empty")
    try:
        delimiter = max(DELIMITERS, key=lambda d: len(next(csv.reader([first], delimiter=d))))
        reader = csv.reader(chain([first], file), delimiter=delimiter, strict=True)
        names = tuple(name.strip() for name in next(reader))
    except csv.Error as error:
        raise DataError(f"{name_of(path)}, line {blank + 1}: {_csv_fault(error)}") from error
    _check_names(names, f"{name_of(path)}, line {blank + 1}")
    return Header(delimiter, names, blank + reader.line_num)


def _check_names(names: tuple[str, ...], where: str) -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if not name:
            raise DataError(f"{where}: column {index + 1} has no name")
        if "\0" in name:
            raise DataError(f"{where}: not a text file")
        if name in seen:
            raise DataError(f"{where}: two columns are named {shown(name)}")
        seen.add(name)
    # Tables of pixels name their columns 0, 1, 2 …; a row of measurements is no such thing.
    if all(map(is_number, names)) and not all(name.isdecimal() for name in names):
        raise DataError(f"{where}: a header with the column names is needed, found numbers")


def _line_count(path: str, size: int) -> int:
    """Lines of the file, counted in chunks up to the limit. Raises :class:`DataError` beyond it."""
    if size > MAX_BYTES:
        raise DataError(f"{name_of(path)}: {size / 2**20:.0f} MiB, at most {MAX_BYTES // 2**20} MiB can be read")
    line_feeds = returns = 0
    last = b"\n"
    try:
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                line_feeds, returns = line_feeds + chunk.count(b"\n"), returns + chunk.count(b"\r")
                last = chunk[-1:]
                if max(line_feeds, returns) > MAX_ROWS + 1:
                    raise DataError(f"{name_of(path)}: more than {MAX_ROWS} rows are not supported")
    except OSError as error:
        raise DataError(f"{name_of(path)}: {_reason(error)}") from error
    return (line_feeds or returns) + (last not in b"\r\n")


@contextmanager
def _reading(path: str) -> Iterator[TextIO]:
    """The file as text; what reading it can raise becomes a :class:`DataError`."""
    status(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise DataError(f"{name_of(path)}, line {_undecodable_line(path)}: not UTF-8 text") from error
    except OSError as error:
        raise DataError(f"{name_of(path)}: {_reason(error)}") from error


def _undecodable_line(path: str) -> int:
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"cannot be read ({text.lower()})"
