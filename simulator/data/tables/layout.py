"""Where a table begins in its file and what its columns are called: titles, comments, headers and row names."""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from simulator.data.tables.dialect import COMMENT, Row
from simulator.data.tables.numbers import MISSING, Decimal, number_in, stands_for_nothing

Header = Literal["auto", "yes", "no"]
Role = Literal["", "class", "meta", "ignore"]
HEADER_CELLS = 20_000
"""Cells that a header is judged by."""


@dataclass(frozen=True)
class Layout:
    """How rows become columns."""

    names: tuple[str, ...]
    """One for each column, all different."""
    header: bool
    """Whether the file names its columns."""
    skip: int
    """Rows that hold anything above the first of the table: titles, comments and header lines."""
    comments: bool
    """Whether rows that begin with # are passed over."""
    named: tuple[bool, ...]
    """Whether each column's name stands in the file."""
    roles: tuple[Role, ...] = ()
    """What Orange's third header line says of each column; empty where there is none."""
    empty_last: bool = False
    """Whether each row ends with a separator behind its last cell."""

    @property
    def width(self) -> int:
        return len(self.names)


def layout_of(rows: Sequence[Row], header: Header, decimal: Decimal) -> Layout:
    """That of the first rows of a file, of which at least one holds something."""
    cells = [row for _, row in rows]
    comments = _are_comments(cells)
    skipped = _preamble(cells)
    body = [(at, row) for at, row in enumerate(cells) if at >= skipped and not (comments and _is_comment(row))]
    width, empty_last = _width([row for _, row in body])
    body = [(at, _cut(row, width)) for at, row in body]
    body = body[_titles([row for _, row in body], width, decimal) :]
    orange = _orange(body, width)
    if orange is not None and header != "no":
        return orange
    first, below = body[0], [row for _, row in body[1:]]
    commented = _commented_header(cells, first[0], width) if comments and header != "no" else []
    named = header != "no" and (is_header(first[1], below, width, decimal) or (header == "yes" and not commented))
    if named:
        under = _under(below, width, decimal)
        skip, head = body[under][0] + 1, _joined(first[1], below[:under], width)
    else:
        skip, head = first[0], commented
    names, given = _names(head, width)
    return Layout(names, bool(head), skip, comments, given, empty_last=empty_last)


def _is_comment(row: Sequence[str]) -> bool:
    return row[0].startswith(COMMENT)


def _are_comments(rows: Sequence[Sequence[str]]) -> bool:
    """Where most rows begin with #, that is what their first cells hold."""
    return sum(map(_is_comment, rows)) < 0.5 * len(rows)


def _preamble(rows: Sequence[Sequence[str]]) -> int:
    """Rows that say something about the file: which separator it has, or a remark between /* and */."""
    if rows[0][0].startswith("/*"):
        end = next((at for at, row in enumerate(rows) if any(cell.endswith("*/") for cell in row)), -1)
        return end + 1
    named = int(rows[0][0].strip('"').lower().startswith("sep=") or rows[0][0].lower() == "sep=")
    width = _commonest(map(len, rows))
    remarks = itertools.takewhile(lambda row: _is_remark(row, width), rows[named:])
    return named + len(list(remarks))


def _is_remark(row: Sequence[str], width: int) -> bool:
    """Whether a row above the table is a comment of another language; a name may begin with a percent sign."""
    return row[0].startswith("//") or (row[0].startswith(("%", "!")) and len(row) != width)


def _width(rows: Sequence[Sequence[str]]) -> tuple[int, bool]:
    """How many cells most rows have; whether their last one is empty in all of them."""
    width = _commonest(map(len, rows))
    if len(rows[0]) > width and all(rows[0]) and not any(number_in(cell) is not None for cell in rows[0]):
        width = len(rows[0])  # rows may end where nothing follows
    full = [row for row in rows if len(row) == width]
    empty_last = width > 1 and not any(row[-1] for row in full)
    return width - empty_last, empty_last


def _commonest(lengths: Iterator[int] | map[int]) -> int:
    counted = Counter(lengths)
    return max(counted, key=lambda length: (counted[length], length))


def _cut(row: list[str], width: int) -> list[str]:
    """Without empty cells beyond the table's width."""
    end = len(row)
    while end > width and not row[end - 1]:
        end -= 1
    return row[:end]


def _titles(rows: Sequence[Sequence[str]], width: int, decimal: Decimal) -> int:
    """Rows above the table that fill far fewer cells than its rows do, or more."""
    upper = rows[: len(rows) // 2]
    usual = statistics.median_high(sum(map(bool, row)) for row in rows)
    count = 1 + max((at for at, row in enumerate(upper) if any(row[width:])), default=-1)
    while (
        width > 1
        and count < len(rows) - 1
        and (_is_title(rows[count], rows[count + 1], width, usual) or _is_above_names(rows[count:], width, decimal))
    ):
        count += 1
    return count


def _is_title(row: Sequence[str], after: Sequence[str], width: int, usual: int) -> bool:
    filled = sum(map(bool, row))
    return filled <= usual / 2 and (filled < usual - 1 or (len(row) < width and _fuller(after, width)))


def _is_above_names(rows: Sequence[Sequence[str]], width: int, decimal: Decimal) -> bool:
    """Whether the first row lacks cells at its end, and the second names columns of numbers in full."""
    first, second, below = rows[0], rows[1], rows[2 : 2 + max(10, HEADER_CELLS // width)]
    if (all(first[width - 2 : width]) and len(first) >= width - 1) or not _fuller(second, width):
        return False
    return any(
        _vote(second[at], [row[at] for row in below if at < len(row)], decimal) == ABOVE_NUMBERS_WEIGHT
        for at in range(width)
    )


def _fuller(row: Sequence[str], width: int) -> bool:
    """Whether a row looks like names, all of them words."""
    return sum(map(bool, row)) == width and not any(number_in(cell) is not None for cell in row)


def is_header(first: Sequence[str], below: Sequence[Sequence[str]], width: int, decimal: Decimal) -> bool:
    """Whether the first row names columns: by what stands below each of its cells."""
    if len(first) == width - 1 and width > 1 and below and not _all_numbers(first, decimal):
        return True
    if not below:
        return not any(number_in(cell, decimal) is not None for cell in first)
    if _counts(first, decimal) or (not first[0] and all(first[1:]) and all(row[0] for row in below)):
        return True
    below = below[: max(10, HEADER_CELLS // width)]
    votes = sum(_vote(cell, [row[at] for row in below if at < len(row)], decimal) for at, cell in enumerate(first))
    if votes == 0:
        return not any(number_in(cell, decimal) is not None for cell in first) and len(set(first)) == len(first)
    return votes > 0


ROWS_UNDER_NAMES = 3
"""Rows that stand between names and values at most."""


def _under(below: Sequence[Sequence[str]], width: int, decimal: Decimal) -> int:
    """Rows under the names that hold no values: units, further names, and what the row names are called."""
    count = 0
    while count < min(ROWS_UNDER_NAMES, len(below) - 2):
        row = below[count]
        if sum(number_in(cell, decimal) is not None for cell in row) > width / 2:
            break
        after = below[count + 1 :][ROWS_UNDER_NAMES - 1 :] or below[count + 1 :]
        numeric = [at for at in range(width) if _holds_numbers(after[: max(10, HEADER_CELLS // width)], at, decimal)]
        words = [row[at] for at in numeric if at < len(row) and not stands_for_nothing(row[at])]
        if len(numeric) < 2 or not (words or count) or any(number_in(word, decimal) is not None for word in words):
            break
        count += 1
    return count


def _holds_numbers(rows: Sequence[Sequence[str]], at: int, decimal: Decimal) -> bool:
    values = [row[at] for row in rows if at < len(row) and not stands_for_nothing(row[at])]
    return sum(number_in(value, decimal) is not None for value in values) > 0.9 * len(values)


def _joined(head: Sequence[str], under: Sequence[Sequence[str]], width: int) -> list[str]:
    """Names that do not differ by themselves, with what stands under them."""
    if not under or len(set(head)) == len(head):
        return list(head)
    rows = [[*row, *[""] * (width - len(row))] for row in (head, under[0])]
    return [" ".join(filter(None, cells)) for cells in zip(*rows, strict=True)]


def _all_numbers(cells: Sequence[str], decimal: Decimal) -> bool:
    return all(number_in(cell, decimal) is not None for cell in cells)


def _counts(cells: Sequence[str], decimal: Decimal) -> bool:
    """Names that are numbers in a row: 0, 1, 2 … of pixels, or years behind other names."""
    numbers = [number_in(cell, decimal) for cell in cells]
    values = [value for value in numbers if value is not None]
    words = len(values) < len(cells)
    steps = {after - before for before, after in pairwise(values)}
    whole = len(values) > 2 and len(steps) == 1 and steps != {0.0} and all(value.is_integer() for value in values)
    return whole and (words or values[0] in (0, 1)) and steps <= {1.0, 5.0, 10.0}


ABOVE_NUMBERS_WEIGHT = 2.0
"""What a cell above numbers says, for or against a name."""


def _vote(cell: str, below: Sequence[str], decimal: Decimal) -> float:
    """For (+) or against (−) the first cell of a column being its name."""
    values = [value for value in below if value.lower() not in MISSING]
    if not values or cell.lower() in MISSING:
        return 1.0 if not cell else 0.0
    numbers = sum(number_in(value, decimal) is not None for value in values)
    own = number_in(cell, decimal) is not None
    if numbers > 0.9 * len(values):
        return -ABOVE_NUMBERS_WEIGHT if own else ABOVE_NUMBERS_WEIGHT
    if own:
        return -1.0
    return -1.0 if cell in values else 0.5


def _commented_header(rows: Sequence[Sequence[str]], first: int, width: int) -> list[str]:
    """Names that stand behind a # in the row above the first, as numpy writes them; empty where none do."""
    above = rows[first - 1] if first else [""]
    if not _is_comment(above):
        return []
    cells = [above[0].lstrip(COMMENT).strip(), *above[1:]]
    cells = cells[1:] if not cells[0] and len(cells) == width + 1 else cells
    fits = len(cells) == width and all(cells) and not any(number_in(cell) is not None for cell in cells)
    return cells if fits and width > 1 else []


def _names(head: Sequence[str], width: int) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """All different; a header that is one short leaves out the row names' name."""
    cells = ["", *head] if head and len(head) == width - 1 else list(head)
    cells = [" ".join(cell.split()) for cell in cells[:width]]
    cells += [""] * (width - len(cells))
    named = tuple(bool(cell) for cell in cells)
    taken, names = set(filter(None, cells)), dict[str, None]()
    for at, cell in enumerate(cells):
        name = cell or f"column {at + 1}"
        if name in names or (not cell and name in taken):
            name = _another(name, taken | names.keys())
        names[name] = None
    return tuple(names), named


def _another(name: str, taken: set[str]) -> str:
    count = 1
    while f"{name}.{count}" in taken:
        count += 1
    return f"{name}.{count}"


_TYPES = re.compile(
    r"(c|d|s|t|continuous|discrete|string|time|basket|n|numeric|categorical|text|datetime)", re.IGNORECASE
)
_FLAGS = re.compile(r"(class|c|meta|m|ignore|i|skip|weight|w|)( .*)?|-?[a-z]+=.*", re.IGNORECASE)
_ROLES: dict[str, Role] = {
    "class": "class",
    "c": "class",
    "meta": "meta",
    "m": "meta",
    "ignore": "ignore",
    "i": "ignore",
    "skip": "ignore",
}
_PREFIX = re.compile(r"([mcCiwI]?[CDSTNcdst]?)#(.+)")


def _orange(body: Sequence[tuple[int, list[str]]], width: int) -> Layout | None:
    """Orange's three header lines, names, types and flags; or its one line with prefixes, as in ``cD#class``."""
    if len(body) > 2 and _is_orange([row for _, row in body[:3]]):
        names, named = _names(body[0][1], width)
        flags = body[2][1] if _are_flags(body[2][1]) else []
        cells = [*flags, *[""] * (width - len(flags))]
        roles = tuple(_ROLES.get(cell.lower().split(" ")[0], "") for cell in cells)
        return Layout(
            names, True, body[2][0] + 1 if flags or not any(body[2][1]) else body[1][0] + 1, False, named, roles
        )
    matches = [_PREFIX.fullmatch(cell) for cell in body[0][1]]
    if not any(matches):
        return None
    cells = [cell if match is None else match[2] for cell, match in zip(body[0][1], matches, strict=True)]
    names, named = _names(cells, width)
    flags = [match[1][:1] if match else "" for match in matches] + [""] * (width - len(matches))
    # A lower-case letter in front is a flag, a capital one a type.
    return Layout(names, True, body[0][0] + 1, False, named, tuple(_ROLES.get(flag, "") for flag in flags))


def _is_orange(rows: Sequence[Sequence[str]]) -> bool:
    if "" in rows[2] and {"class", "meta"} & set(rows[2]) and _are_flags(rows[2]):
        return True  # the second row may list values instead of naming a type
    types = [cell for cell in rows[1] if cell]
    words = sum(_TYPES.fullmatch(cell) is not None for cell in types)
    return (
        words > 0 and words >= 0.5 * len(types) and not any(_TYPES.fullmatch(cell) for cell in rows[0] if len(cell) > 2)
    )


def _are_flags(cells: Sequence[str]) -> bool:
    return all(_FLAGS.fullmatch(cell) is not None for cell in cells) and not all(
        number_in(cell) is not None for cell in cells
    )
