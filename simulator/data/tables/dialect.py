"""How a text file separates its cells."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from simulator.data.base import DataError
from simulator.data.phrases import name_of, shown
from simulator.data.tables import ALIGNED
from simulator.data.tables.number_blocks import Lines
from simulator.data.tables.source import Source
from simulator.schema.numbers import integer

Row = tuple[int, list[str]]
"""The line, from 1, on which a row ends, and its cells, stripped."""

DELIMITERS = (",", ";", "\t", "|", " ")
SAMPLE_LINES = 200
COMMENT = "#"
SNIFFED, LINE = 100_000, 500
"""Characters that are looked at: of all lines, and of a line at least."""
NO_DELIMITER, END = "\x1f", "\ue000"


class Dialect(Struct, frozen=True):
    """What stands between cells and around them."""

    delimiter: str
    """``""`` where a line is one cell."""
    quote: str = '"'


def dialect_of(lines: list[str], wish: str = "auto") -> Dialect:
    """That of the first lines of a file, as CleverCSV judges it; ``wish`` settles the delimiter."""
    from clevercsv import Sniffer
    from clevercsv.exceptions import Error

    if lines and (named := lines[0].strip().strip('"')).lower().startswith("sep=") and len(named) == 5:
        return Dialect(named[4])
    plain = _without_comments(lines)
    longest = max(LINE, SNIFFED // len(plain)) if plain else LINE
    text = "\n".join(line.strip("\r\n")[:longest] for line in plain)
    allowed = DELIMITERS if wish == "auto" else (wish,)
    try:
        sniffed = Sniffer().sniff(text, delimiters=list(allowed)) if text.strip() else None
    except Error:
        sniffed = None
    if sniffed is None:
        return Dialect("" if wish == "auto" else wish)
    if wish == "auto" and sniffed.delimiter not in (",", ";", "|") and (blank := _blanks(lines)):
        return Dialect(blank)
    quote = sniffed.quotechar if sniffed.quotechar in ("'", '"') else '"'
    delimiter = sniffed.delimiter if sniffed.delimiter in DELIMITERS else ""
    return Dialect(delimiter if wish == "auto" else wish, quote)


def _blanks(lines: list[str]) -> str:
    """Whether blanks or aligned columns divide all lines alike, and into more cells than tabs do; ``""`` if not."""
    plain = _without_comments(lines)
    if not any("  " in line.strip() or ("\t" in line and (" " in line.strip() or "\t\t" in line)) for line in plain):
        return ""
    alike = {delimiter: _share_alike(plain, delimiter) for delimiter in (" ", ALIGNED, "\t")}
    best = max(alike, key=lambda delimiter: alike[delimiter])
    return best if best != "\t" and alike[best] > max(alike["\t"], (0.95, 0)) else ""


def _share_alike(lines: list[str], delimiter: str) -> tuple[float, int]:
    """(share of the lines with the commonest number of cells, that number); nothing where it is one."""
    widths = Counter(len(row) for _, row in rows_of(lines, Dialect(delimiter), "", whole=False))
    width, count = widths.most_common(1)[0] if widths else (1, 0)
    return (round(count / max(widths.total(), 1), 1), width) if width > 1 else (0.0, 1)


def _without_comments(lines: Iterable[str]) -> list[str]:
    kept = [line for line in lines if line.strip() and not line.lstrip().startswith(COMMENT)]
    return kept or list(lines)


def first_lines(source: Source, count: int = SAMPLE_LINES) -> list[str]:
    """The first lines of a file that are not blank."""
    with source.lines() as lines:
        return list(itertools.islice((line.replace("\0", "") for line in lines if line.strip(" \t\r\n\0\x1a")), count))


def rows_of(lines: Iterable[str], dialect: Dialect, path: str, whole: bool = True) -> Iterator[Row]:
    """The rows of a file, or of its first lines, that hold anything. Raises :class:`DataError` with the line."""
    ending = ("\n", f"{END}\n") if whole else ()
    feed = lines if isinstance(lines, Lines) else Lines(lines)
    delimiter = dialect.delimiter if len(dialect.delimiter) == 1 else NO_DELIMITER
    # A quote that is never closed swallows this line too, and is known by it.
    prepared = itertools.chain((_prepared(line, dialect.delimiter) for line in feed), ending)
    reader = csv.reader(prepared, delimiter=delimiter, quotechar=dialect.quote, skipinitialspace=True)
    begun = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cell.endswith(END) for cell in cells[-1:]):
                if cells != [END]:
                    raise DataError(f"{name_of(path)}, line {begun}: a quote is opened and not closed")
                return
            if any(cells) and not _is_rule(cells):
                yield feed.count, cells
            begun = feed.count + 1
    except csv.Error as error:
        raise DataError(f"{name_of(path)}, line {begun}: {_fault(error)}") from error


_RULE = re.compile(r"[-=+:]*(--|==)[-=+:]*")


def _is_rule(cells: list[str]) -> bool:
    """Whether a row is a line drawn between others, as databases print them."""
    return cells[0][:1] in "-=+:" and all(not cell or _RULE.fullmatch(cell) for cell in cells)


_GAP = re.compile(r" {2,}|\t+")


def _prepared(line: str, delimiter: str) -> str:
    """A line without a file's end mark; where blanks separate, without those at its ends and with no tabs."""
    line = line.replace("\x1a", "").replace("\0", "")
    if delimiter == ALIGNED:
        return _GAP.sub(NO_DELIMITER, line.strip())
    return line.replace("\t", " ").strip() if delimiter == " " else line


def _fault(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a quote that is not closed, or more than {integer(csv.field_size_limit())} characters in a cell"
    return shown(str(error), 80)[1:-1]
