"""Spreadsheets by what is in them, not by what they are called, and how large one would be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from simulator.data.base import DataError
from simulator.data.phrases import name_of
from simulator.data.tables.source import DAMAGED_ARCHIVE_ERRORS, MAX_BYTES, damaged, open_regular
from simulator.schema.numbers import count
from simulator.system.zip_contents import check_ratio, zip_of

MAX_CELLS = 32_000_000
"""Of a sheet, from its first cell to its last: each takes room, whether it holds anything or not."""
CHUNK_BYTES = 2**20
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How Excel's files from before 2007 begin, and such with a password."""
_ZIP = b"PK\x03\x04"
_BOOKS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_PLACE_LENGTH = 32


def is_spreadsheet(path: str) -> bool:
    """Whether a file holds sheets. Raises :class:`DataError` where it cannot be read."""
    with open_regular(path) as file:
        head = file.read(len(_COMPOUND))
        if not head.startswith(_ZIP):
            return head == _COMPOUND
        try:
            with zip_of(file) as archive:
                return any(name in _BOOKS for name in archive.namelist())
        except DAMAGED_ARCHIVE_ERRORS:
            return False


def check_room(path: str) -> None:
    """DataError where a spreadsheet would unpack to too much, or spread its cells over too large a sheet."""
    with open_regular(path) as file:
        if file.read(len(_ZIP)) != _ZIP:
            return
        try:
            with zip_of(file) as archive:
                members = archive.infolist()
                if sum(info.file_size for info in members) > MAX_BYTES:
                    raise DataError(f"{name_of(path)}: unpacks to more than {MAX_BYTES // 2**20} MiB")
                for info in members:
                    check_ratio(info)
                for name in archive.namelist():
                    if name == "content.xml":
                        with archive.open(name) as member:
                            _check_well_formed(path, member)
                    if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                        with archive.open(name) as member:
                            _check_sheet(path, member)
        except DAMAGED_ARCHIVE_ERRORS as error:
            raise damaged(path, error) from error


def _check_well_formed(path: str, content: IO[bytes]) -> None:
    """DataError where tags do not close each other: the reader would wait for what closes them for ever."""
    from xml.parsers import expat

    def refuse(*_given: object) -> None:
        raise DataError(f"{name_of(path)}: declares entities, which no spreadsheet does")

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = refuse
    try:
        parser.ParseFile(content)
    except expat.ExpatError as error:
        raise DataError(f"{name_of(path)}: cannot be read ({expat.errors.messages[error.code]})") from None


def _check_sheet(path: str, sheet: IO[bytes]) -> None:
    rows = columns = 1
    for places in _places(sheet):
        rows = max(rows, *(int(row) for _, row in places))
        columns = max(columns, *(_number(letters) for letters in {letters for letters, _ in places}))
    if rows * columns > MAX_CELLS:
        sheet_size = f"{count(rows, 'row')} and {count(columns, 'column')}"
        raise DataError(f"{name_of(path)}: a sheet of {sheet_size}, at most {MAX_CELLS} cells can be read")


def _places(sheet: IO[bytes]) -> Iterator[list[tuple[bytes, bytes]]]:
    """Where its cells are, letters and row, chunk by chunk."""
    rest = b""
    while chunk := sheet.read(CHUNK_BYTES):
        if places := _PLACE.findall(rest + chunk):
            yield places
        rest = chunk[-_PLACE_LENGTH:]


def _number(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
