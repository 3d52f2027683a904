"""Whether the program does what its lessons say: each is run, and measured against what is expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from simulator.experiment.experiment import ExperimentError
from simulator.lessons.formula import FormulaError, FormulaValue
from simulator.lessons.lesson import Lesson
from simulator.lessons.measuring import measure
from simulator.lessons.question import AnyQuestion, OrderQuestion, Question, evaluated
from simulator.lessons.reading import ReadingError
from simulator.lessons.text import filled
from simulator.schema.numbers import exact, number
from simulator.system.csv_text import csv_text

COLUMNS = ("lesson", "claim", "question", "measured", "expected", "tolerance", "holds", "source")
"""Of ``lessons.csv``."""


@dataclass(frozen=True)
class CheckOutcome:
    """What came of one question."""

    lesson: Lesson
    question: Question
    measured: FormulaValue | None
    """None where nothing could be measured."""
    expected: FormulaValue | None
    holds: bool
    reason: str = ""
    """Why nothing could be."""

    @property
    def cells(self) -> tuple[str, ...]:
        """A row of ``lessons.csv``."""
        claim = "" if self.lesson.claim is None else str(self.lesson.claim)
        question = self.question
        return (
            self.lesson.name, claim, question.name, cell(self.measured), cell(self.expected), repr(question.tolerance),
            "true" if self.holds else "false", question.source,
        )  # fmt: skip


def cell(value: FormulaValue | None) -> str:
    """In full; several numbers with spaces between."""
    return "" if value is None else " ".join(repr(float(each)) for each in np.atleast_1d(value))


def check(lesson: Lesson) -> list[CheckOutcome]:
    """Run a lesson and compare; what cannot be measured does not hold."""
    try:
        names = measure(lesson)
        _fill(lesson, names)
    except (ReadingError, FormulaError, ExperimentError) as error:
        return [CheckOutcome(lesson, question, None, None, False, str(error)) for question in lesson.questions]
    return [_outcome(lesson, question, names) for question in lesson.questions]


def _fill(lesson: Lesson, names: Mapping[str, FormulaValue]) -> None:
    """FormulaError where a number of a text cannot be worked out."""
    known = lesson.numbers(lesson.subject)
    for text in (lesson.text, *(question.prompt for question in lesson.questions)):
        filled(text, known)
    for text in (lesson.why, *(suggestion.text for suggestion in lesson.playground)):
        filled(text, names)


def _outcome(lesson: Lesson, question: Question, names: Mapping[str, FormulaValue]) -> CheckOutcome:
    try:
        measured, expected = evaluated(question, names)
    except FormulaError as error:
        return CheckOutcome(lesson, question, None, None, False, str(error))
    return CheckOutcome(lesson, question, measured, expected, question.holds(measured, expected))


def verdict(plain: Mapping[str, Any], names: Mapping[str, FormulaValue]) -> str:
    """A question, as a file has it, in a sentence: what the run measures beside what is expected of it."""
    try:
        question = msgspec.convert(plain, AnyQuestion)
        measured, expected = evaluated(question, names)
    except (msgspec.ValidationError, FormulaError) as error:
        return f"Not to be worked out yet: {error}."
    beside = f"The run measures {_in_words(measured)}; expected is {_in_words(expected)}"
    if not question.holds(measured, expected):
        within = f"{number(question.tolerance)} {_unit(question)}".strip()
        return f"{beside}: it does not hold within {within}."
    same = np.array_equal(measured, expected) and not isinstance(plain["expected"], str) and question.tolerance == 0
    doubt = " A number copied from the run would hold whatever the run did; give a formula or a published one."
    return f"{beside}: it holds.{doubt if same and np.any(measured % 1) else ''}"


def _in_words(value: FormulaValue, most: int = 6) -> str:
    """The first of several numbers."""
    values = np.atleast_1d(value)
    shown = ", ".join(number(float(each)) for each in values[:most])
    return shown if len(values) <= most else f"{shown} … ({len(values)} numbers)"


def _unit(question: Question) -> str:
    if isinstance(question, OrderQuestion):
        return "pairs"
    return {"percent": "%", "decades": "decades", "difference": ""}[question.scored]


def table(outcomes: Iterable[CheckOutcome]) -> str:
    """``lessons.csv``."""
    return csv_text(COLUMNS, (outcome.cells for outcome in outcomes))


def printed(outcomes: Sequence[CheckOutcome]) -> Iterator[str]:
    """The same for people, in columns, without the sources."""
    rows = [COLUMNS[:-1], *(tuple(map(_shortened, outcome.cells[:-1])) for outcome in outcomes)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _shortened(text: str, length: int = 40) -> str:
    """Of several numbers, the first."""
    parts = text.split(" ")
    short = " ".join(exact(float(f"{float(part):.4g}")) if _is_number(part) else part for part in parts)
    return short if len(short) <= length else f"{short[: length - 1]}…"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "." in text or "e" in text
