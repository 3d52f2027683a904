"""What a pupil has answered: attempts of one lesson, kept, and as a table for the teacher."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from simulator.lessons.question import Answer
from simulator.system.csv_text import csv_text

COLUMNS = ("lesson", "name", "attempt", "time", "question", "prediction", "measured", "right")
"""Of ``answers.csv``."""
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
MOST_ATTEMPTS = 50
"""That are kept of one lesson: the last."""


class Answered(Struct, frozen=True, forbid_unknown_fields=True):
    """One question of one attempt."""

    question: str
    prediction: tuple[float, ...]
    """As the kind of question has it: a number, a choice's place, an order's places, a curve's heights."""
    words: str
    """The prediction as people read it."""
    measured: tuple[float, ...] = ()
    """Empty until the run is made."""
    right: bool = False


class Attempt(Struct, frozen=True, forbid_unknown_fields=True):
    """What was committed to at one time."""

    time: str
    """In UTC, as ISO 8601 has it."""
    answers: tuple[Answered, ...] = ()
    revealed: bool = False


class Attempts(Struct, frozen=True, forbid_unknown_fields=True):
    """All attempts of one lesson, the last one last."""

    lesson: str
    attempts: tuple[Attempt, ...] = ()

    def with_last(self, attempt: Attempt, *, new: bool) -> Attempts:
        """With one more attempt, or with another in place of the last."""
        before = self.attempts if new else self.attempts[:-1]
        return Attempts(self.lesson, (*before, attempt)[-MOST_ATTEMPTS:])

    @property
    def state(self) -> str:
        """``""``, ``begun`` or ``done``."""
        if not self.attempts:
            return ""
        return "done" if any(each.revealed for each in self.attempts) else "begun"

    def to_text(self) -> str:
        """As it is kept."""
        return json.dumps(msgspec.to_builtins(self), ensure_ascii=False)


def from_text(lesson: str, text: str) -> Attempts:
    """What was kept; nothing where it cannot be read, or is of another lesson."""
    try:
        kept = msgspec.convert(json.loads(text), Attempts)
    except (ValueError, RecursionError):
        return Attempts(lesson)
    return kept if kept.lesson == lesson else Attempts(lesson)


def numbers_of(answer: Answer) -> tuple[float, ...]:
    """An answer as it is kept."""
    return answer if isinstance(answer, tuple) else (float(answer),)


def table(name: str, every: Iterable[Attempts]) -> str:
    """``answers.csv``: a row for each question of each attempt of the pupil of that ``name``."""
    rows = (
        _row(each.lesson, name, number, attempt, answered)
        for each in every
        for number, attempt in enumerate(each.attempts, 1)
        for answered in attempt.answers
    )
    return csv_text(COLUMNS, rows)


def _row(lesson: str, name: str, number: int, attempt: Attempt, answered: Answered) -> tuple[Any, ...]:
    numbers = " ".join(map(repr, answered.measured))
    right = ("true" if answered.right else "false") if attempt.revealed else ""
    cells = (lesson, name, number, attempt.time, answered.question, answered.words, numbers, right)
    return tuple(_as_text(cell) if isinstance(cell, str) else cell for cell in cells)


def _as_text(cell: str) -> str:
    """What a spreadsheet would compute, were it not for the apostrophe; numbers stay numbers."""
    return f"'{cell}" if cell.startswith(FORMULAS) and not _is_numbers(cell) else cell


def _is_numbers(cell: str) -> bool:
    try:
        return bool([float(part.replace("−", "-")) for part in cell.split()])
    except ValueError:
        return False
