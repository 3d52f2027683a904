"""The numbers in a lesson's texts: ``{{formula}}`` or ``{{formula|form}}``, filled when the text is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np

from simulator.lessons.formula import Formula, FormulaError, FormulaValue
from simulator.schema.numbers import integer, number, percent, power_of_ten, size_text

PLACE = re.compile(r"\{\{([^{}|]{1,200})(?:\|([a-z]{1,20}))?\}\}")
"""A number in a text."""
WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
"""Whole numbers that a text may have in words, by themselves."""
_SUPERSCRIPT = re.compile(r"10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_FROM_SUPERSCRIPT = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def _whole(value: float) -> str:
    return integer(round(value)) if np.isfinite(value) else number(value)


def _words(value: float) -> str:
    """Small whole numbers as they are spoken."""
    return WORDS[round(value)] if np.isfinite(value) and round(value) in range(len(WORDS)) else _whole(value)


def _decade(value: float) -> str:
    """As the nearest power of ten."""
    return power_of_ten(round(np.log10(value))) if 0 < value < np.inf else number(value)


FORMS: Mapping[str, Callable[[float], str]] = MappingProxyType(
    {"number": number, "two": lambda value: number(value, 2), "five": lambda value: number(value, 5), "whole": _whole,
     "words": _words, "capital": lambda value: _words(value).capitalize(), "percent": percent, "decade": _decade,
     "size": size_text}
)  # fmt: skip


def formulas_in(text: str) -> Iterator[Formula]:
    """Of every number in a text; FormulaError where one is none, or is to be written in a way that there is not."""
    for place in PLACE.finditer(text):
        if place[2] and place[2] not in FORMS:
            raise FormulaError(f"a number is written as one of {', '.join(FORMS)}, not {place[2]!r}")
        yield Formula(place[1])


def filled(text: str, names: Mapping[str, FormulaValue]) -> str:
    """The text with its numbers, in formulas as TeX; FormulaError where one cannot be worked out."""
    parts = re.split(r"(\$+)", text)
    # Between the marks it is text and formula in turn.
    for index in range(0, len(parts), 2):
        parts[index] = _with_numbers(parts[index], names, tex=index % 4 == 2)
    return "".join(parts)


def _with_numbers(text: str, names: Mapping[str, FormulaValue], tex: bool) -> str:
    def shown(place: re.Match[str]) -> str:
        return _shown(place, names, tex)

    return PLACE.sub(shown, text)


def _shown(place: re.Match[str], names: Mapping[str, FormulaValue], tex: bool) -> str:
    value = Formula(place[1]).value(names)
    if np.ndim(value):
        raise FormulaError(f"{place[1]!r} are several numbers")
    text = FORMS[place[2] or "number"](float(value))
    return _as_tex(text) if tex else text


def _as_tex(text: str) -> str:
    """``3.1·10⁻⁶`` → ``3.1 \\cdot 10^{-6}``."""
    text = _SUPERSCRIPT.sub(lambda power: f"10^{{{power[1].translate(_FROM_SUPERSCRIPT)}}}", text)
    for plain, written in (
        ("·", r" \cdot "),
        ("−", "-"),
        ("∞", r"\infty"),
        ("\u202f", r"\,"),
        ("\u2009", r"\,"),
        ("%", r"\%"),
    ):
        text = text.replace(plain, written)
    return text
