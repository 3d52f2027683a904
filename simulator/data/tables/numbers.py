"""Numbers as people write them: decimal commas, thousands marks, percent, currencies, minus signs, exponents."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Literal

Decimal = Literal[".", ","]

MISSING = frozenset(
    {
        "", "na", "n/a", "nan", "-nan", "null", "(null)", "<null>", "#null!", "\\n", "nat", "?", "-", "--", ".", "#n/a",
        "#n/a n/a", "#na", "<na>", "n.a.", "1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind", "\N{EN DASH}", "\N{EM DASH}",
    }
)  # fmt: skip
"""What stands where a value is missing, in lower case."""
MISSING_NUMBERS = MISSING | {
    "none", "missing", "unknown", "nd", "n.d.", "nil", ":", "..", "...", "\N{HORIZONTAL ELLIPSIS}", "#value!",
    "#div/0!", "#ref!", "#num!", "inf", "+inf", "-inf", "infinity", "-infinity", "+infinity", "not available",
}  # fmt: skip
"""What stands where a value is missing in a column of numbers."""
_FILLED = re.compile(r"\*+|-+|#+")
"""What a field that was too narrow for its number is filled with: no value either."""

_SPACES = re.compile("[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}]")
_SIGNS = str.maketrans(
    {
        "\N{MINUS SIGN}": "-",
        "\N{EN DASH}": "-",
        "\N{FULLWIDTH HYPHEN-MINUS}": "-",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    }
)
_CURRENCY = r"(?:[$€£¥₹₽₩₺¢]|US\$|EUR|USD|GBP|CHF|JPY)"
_AFFIXES = re.compile(rf"^([+-]?)\s*{_CURRENCY}?\s*([+-]?)(.*?)\s*(?:{_CURRENCY}|%|‰)?$", re.DOTALL)
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3})(?:\.\d*)?", re.ASCII)
"""By thousands, or by lakhs and crores."""
_APOSTROPHES = re.compile(r"[+-]?\d{1,3}(?:'\d{3})+(?:\.\d*)?", re.ASCII)
_SPACED = re.compile(r"[+-]?\d{1,3}(?: \d{3})+(?:\.\d*)?", re.ASCII)
_COMMA = re.compile(r"[+-]?(\d+,\d+|,\d+|\d+,)([eE][+-]?\d+)?%?", re.ASCII)
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_DOTTED = re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{3})+,\d*|(?:\.\d{3}){2,}|(?: \d{3})+,\d*)", re.ASCII)
_NEGATIVE = re.compile(r"\(([^()+-]*)\)")
"""As bookkeepers write it."""
_UNIT = re.compile(r"(.*\d\S*) ([^\W\d_]{1,5}|°[CF]?)")
"""A number and what it is counted in, or a statistician's remark."""


def number_in(text: str, decimal: Decimal = ".") -> float | None:
    """The number that a cell holds; None where it holds none, or one beyond float64.

    >>> [number_in(text) for text in ("1,234.5", "−3", "7.9 %", "$ 12", "1.5D-3", "(5)", "1.2.3")]
    [1234.5, -3.0, 7.9, 12.0, 0.0015, -5.0, None]
    """
    if decimal == "." and _PLAIN.fullmatch(text):
        return _value(text)
    text = _NEGATIVE.sub(r"-\1", text.translate(_SIGNS).strip())
    if decimal == ",":
        text = text.translate({ord(","): ".", ord("."): ","})
    value = _value(text)
    return value if value is not None else _value(_bare(text))


def _bare(text: str) -> str:
    """Without currency signs and percent."""
    match = _AFFIXES.match(text)
    return "" if match is None else match[1] + match[2] + match[3]


def _value(text: str) -> float | None:
    if not _PLAIN.fullmatch(text):
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        elif _APOSTROPHES.fullmatch(text):
            text = text.replace("'", "")
        elif _SPACED.fullmatch(text := _SPACES.sub(" ", text)):
            text = text.replace(" ", "")
        else:
            return None
    value = float(text.replace("d", "e").replace("D", "e"))
    return value if math.isfinite(value) else None


def decimal_of(cells: Sequence[str], delimiter: str) -> Decimal:
    """Comma where cells can only be read so; where all could be thousands too, it goes by what separates cells."""
    commas = unclear = points = 0
    for cell in cells:
        if "," not in cell and "." not in cell:
            continue
        text = _SPACES.sub(" ", _bare(cell.translate(_SIGNS).strip()))
        if _EITHER.fullmatch(text):
            unclear += 1
        elif _COMMA.fullmatch(text) or _DOTTED.fullmatch(text):
            commas += 1
        elif "." in text and _PLAIN.fullmatch(text):
            points += 1
    if commas or points:
        return "," if commas > points else "."
    return "," if unclear and delimiter == ";" else "."


def stands_for_nothing(word: str) -> bool:
    """Whether a cell that holds no number means, among numbers, that there is none, or one beyond float64."""
    beyond = _PLAIN.fullmatch(word) is not None and _value(word) is None
    return beyond or word.lower() in MISSING_NUMBERS or _FILLED.fullmatch(word) is not None


def with_unit(word: str, decimal: Decimal = ".") -> tuple[float, str] | None:
    """A number, NaN where one is missing, and what stands behind it; None of other words.

    >>> with_unit("12.3 kg"), with_unit("4 x 4"), with_unit("Room 4")
    ((12.3, 'kg'), None, None)
    """
    number, _, unit = word.rpartition(" ")
    if number and stands_for_nothing(number):
        return math.nan, unit
    match = _UNIT.fullmatch(word)
    value = None if match is None else number_in(match[1], decimal)
    return None if match is None or value is None else (value, match[2])


def plain(value: float) -> str:
    """A number as the name of a class: ``1`` and ``1.0`` are one."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
