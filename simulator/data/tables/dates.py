"""Dates and times of day as people write them, as numbers of days."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence

import numpy as np

from simulator.arrays.numeric import Floats

FORMATS = (
    "%Y/%m/%d", "%Y.%m.%d", "%b-%Y", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%Y",
    "%m-%d-%Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d %Y", "%b %d, %Y", "%B %d, %Y", "%d %B %Y", "%A, %B %d, %Y",
    "%a, %b %d, %Y", "%b-%d-%Y", "%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%y", "%b %d %H:%M:%S",
    "%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S %z", "%d/%b/%Y:%H:%M:%S %z",
)  # fmt: skip
CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
WITH_CLOCK = (
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d-%m-%Y",
    "%Y-%m-%d",
    "%d-%b-%Y",
)
LONGEST = 40
YEAR = 1900
"""Of dates without one."""
_FIRST_DAY = datetime.datetime(1970, 1, 1)
_QUARTER = re.compile(r"(\d{4})[- ]?(?:Q([1-4])|M(\d{1,2}))", re.IGNORECASE | re.ASCII)
_TIME = re.compile(r"(\d{1,4}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?", re.ASCII)


def days_of(words: Sequence[str]) -> Floats | None:
    """Days since 1970 of words that are all dates, or days of such that are all times, written alike; else None.

    >>> days_of(["1970-01-02", "1970-02-01 12:00"]), days_of(["1970Q2", "1970Q3"]), days_of(["6:00", "36:00"])
    (array([ 1. , 31.5]), array([ 90., 181.]), array([0.25, 1.5 ]))
    """
    if not words or not any(character.isdigit() for character in words[0]) or len(words[0]) > LONGEST:
        return None
    for day in _ways():
        try:
            return np.array([day(word) for word in words])
        except ValueError:
            continue
    return None


def _ways() -> list[Callable[[str], float]]:
    """All ways to write one, each by itself."""
    clocks = [f"{date} {clock}" for date in WITH_CLOCK for clock in CLOCKS]
    return [_iso, _quarter, _time, *(_formatted(form) for form in (*FORMATS, *clocks))]


def _iso(word: str) -> float:
    if not any(mark in word for mark in "-:"):
        raise ValueError(word)
    return _since(datetime.datetime.fromisoformat(word.removesuffix(" UTC").replace("Z", "+00:00")))


def _formatted(form: str) -> Callable[[str], float]:
    """A year that nobody has written is 1900, as Python took it until it came to warn of that."""
    if "%y" in form.lower():
        return lambda word: _since(datetime.datetime.strptime(word, form))
    return lambda word: _since(datetime.datetime.strptime(f"{YEAR} {word}", f"%Y {form}"))


def _quarter(word: str) -> float:
    """The first day of a quarter or month as statisticians name it: ``2020Q1``, ``2020-M03``."""
    match = _QUARTER.fullmatch(word)
    if match is None:
        raise ValueError(word)
    month = int(match[3]) if match[3] else 3 * int(match[2]) - 2
    return _since(datetime.datetime(int(match[1]), month, 1))


def _time(word: str) -> float:
    """A time of day, or so many hours, minutes and seconds: ``36:00`` is a day and a half."""
    match = _TIME.fullmatch(word)
    if match is None:
        raise ValueError(word)
    return (int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3] or 0)) / 86400


def _since(moment: datetime.datetime) -> float:
    return (moment.replace(tzinfo=None) - _FIRST_DAY).total_seconds() / 86400
