"""A lesson while a teacher makes it: what its file will hold, and what is still missing, in words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.lane import OWN_NAME
from simulator.experiment.locks import FieldLocks
from simulator.lessons import files
from simulator.lessons.formula import Formula, FormulaError, FormulaValue
from simulator.lessons.lesson import FORMAT, AnySetup, Lesson, LessonSubject
from simulator.lessons.measurable import Measurable, named
from simulator.lessons.text import PLACE
from simulator.schema.numbers import read_number
from simulator.system.json_text import as_in_a_file
from simulator.system.text import capitalized

NEW_TITLE = "A new lesson"
USUAL_STEPS = 100
QUESTION: Mapping[str, Any] = {
    "kind": "number", "name": "", "prompt": "", "measured": "", "expected": "", "tolerance": 10.0, "scored": "percent",
    "source": "",
}  # fmt: skip
"""Of a question that is begun."""
OF_KIND: Mapping[str, Mapping[str, Any]] = {
    "number": {"unit": ""},
    "choice": {"options": [{"text": "", "up_to": 1.0}, {"text": ""}]},
    "order": {"items": ["", ""]},
    "curve": {"axis": "layer", "low": 1e-6, "high": 10.0, "unit": ""},
}
"""What a kind of question has beside."""
ASKED = (("prompt", "the question itself"), ("measured", "what is measured"), ("expected", "what is expected"),
         ("source", "where that comes from"))  # fmt: skip
"""Without these there is no question."""
_QUESTION = re.compile(r"questions\[(\d+)\]\.?(.*)")


class Draft:
    """The plain content of a lesson's file, which need not be whole yet."""

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self.plain: dict[str, Any] = {"readings": {}, "questions": [], **plain}

    @classmethod
    def of(cls, subject: LessonSubject, steps: int = USUAL_STEPS) -> Draft:
        """A new lesson on this."""
        draft = cls({"format": FORMAT, "name": "", "title": NEW_TITLE, "minutes": 10, "text": ""})
        draft.take(subject, steps)
        return draft

    @classmethod
    def opened(cls, lesson: Lesson) -> Draft:
        """One that there is, to be changed."""
        return cls(as_in_a_file(files.to_builtins(lesson)))

    # -- what is run -----------------------------------------------------------------------------------------------

    def take(self, subject: LessonSubject, steps: int) -> None:
        """Run this; ExperimentError where a lesson cannot."""
        if isinstance(subject, Experiment):
            plain = subject.unlocked.to_builtins()
            setup, steps = {"kind": "experiment", "described": plain}, max(steps, 0)
        else:
            setup, steps = {"kind": "landscape", "landscape": subject.to_builtins()}, 0
        self.plain |= as_in_a_file({"setup": setup, "steps": steps})

    @property
    def subject(self) -> LessonSubject:
        """What is run; ExperimentError where it cannot be described."""
        subject: LessonSubject = msgspec.convert(self.plain["setup"], AnySetup).subject()
        return subject

    @property
    def lanes(self) -> tuple[str, ...]:
        """Names of the networks."""
        subject = self.subject
        return tuple(subject.all_lanes()) if isinstance(subject, Experiment) else (OWN_NAME,)

    @property
    def knobs(self) -> FieldLocks:
        """What is free, locked and hidden."""
        return msgspec.convert(self.plain.get("knobs", {}), FieldLocks)

    def set_knobs(self, knobs: FieldLocks) -> None:
        """Let these be free, locked and hidden."""
        self.plain["knobs"] = as_in_a_file({name: value for name, value in msgspec.to_builtins(knobs).items() if value})

    # -- numbers ---------------------------------------------------------------------------------------------------

    def name_number(self, path: str, name: str) -> None:
        """Let formulas and texts call the control at ``path`` so; an empty name takes that back."""
        named_before = {each: at for each, at in self.plain.get("settings", {}).items() if at != path}
        self.plain["settings"] = {**named_before, name: path} if name else named_before

    def number_names(self) -> dict[str, str]:
        """Path → its name."""
        return {path: name for name, path in self.plain.get("settings", {}).items()}

    def add_reading(self, measurable: Measurable, lane: str, layer: int | None, step: int | None) -> str:
        """The word that formulas have for it from now on."""
        plain = measurable.read(lane=lane, layer=layer, step=step)
        readings = self.plain["readings"]
        if known := next((name for name, each in readings.items() if each == plain), ""):
            return known
        taken = {*readings, *self.plain.get("settings", {}), *self.plain.get("values", {}), "steps"}
        word = named(measurable, lane, layer, step)
        name = next(each for each in _numbered(word) if each not in taken)
        readings[name] = plain
        return name

    # -- questions -------------------------------------------------------------------------------------------------

    @property
    def questions(self) -> list[dict[str, Any]]:
        """In their order, to be changed in place."""
        questions: list[dict[str, Any]] = self.plain["questions"]
        return questions

    def add_question(self, kind: str = "number", **given: Any) -> int:
        """Its place."""
        names = {each.get("name") for each in self.questions}
        name = next(each for each in _numbered(f"question-{len(self.questions) + 1}") if each not in names)
        self.questions.append({**QUESTION, **as_in_a_file(OF_KIND[kind]), "kind": kind, "name": name, **given})
        return len(self.questions) - 1

    def set_kind(self, place: int, kind: str) -> None:
        """Let a question be answered otherwise; what every kind has stays."""
        before = self.questions[place]
        shared = {name: before[name] for name in QUESTION if name in before}
        self.questions[place] = {**shared, **as_in_a_file(OF_KIND[kind]), "kind": kind}

    def move_question(self, place: int, by: int) -> int:
        """Where it stands then."""
        after = min(max(place + by, 0), len(self.questions) - 1)
        self.questions.insert(after, self.questions.pop(place))
        return after

    # -- the lesson ------------------------------------------------------------------------------------------------

    def missing(self) -> Iterator[str]:
        """What is still to be done, a sentence each."""
        if not self.plain["title"].strip():
            yield "The lesson has no title."
        if not self.questions:
            yield "There is no question yet."
        for place, question in enumerate(self.questions, 1):
            lacking = [words for name, words in ASKED if not str(question.get(name, "")).strip()]
            if lacking:
                yield f"Question {place} lacks {' and '.join(lacking)}."
        for place, suggestion in enumerate(self.plain.get("playground", []), 1):
            if not suggestion["text"].strip():
                yield f"Suggestion {place} of what to try after says nothing yet."

    def lesson(self) -> Lesson:
        """As its file will have it; ExperimentError says what does not hang together, or is missing."""
        if sentence := next(self.missing(), ""):
            raise ExperimentError(sentence.rstrip("."), words=sentence)
        try:
            return files.from_builtins(self._whole())
        except ExperimentError as error:
            raise ExperimentError(error.message, error.path, words=_placed(error)) from None

    def _whole(self) -> dict[str, Any]:
        """Without what is empty, and without readings that nothing asks for."""
        questions = [{**each, "expected": number_or_formula(each["expected"])} for each in self.questions]
        plain = {**self.plain, "name": self.plain["name"] or slug(self.plain["title"]), "questions": questions}
        used = self._used(questions)
        plain["readings"] = {name: each for name, each in self.plain["readings"].items() if name in used}
        return {name: value for name, value in plain.items() if value not in (None, "", [], {}) or name == "readings"}

    def _used(self, questions: list[dict[str, Any]]) -> set[str]:
        texts = [self.plain.get("why", ""), *(each["text"] for each in self.plain.get("playground", []))]
        formulas = [place[1] for text in texts for place in PLACE.finditer(text)]
        formulas += [str(each[field]) for each in questions for field in ("measured", "expected")]
        return {name for formula in formulas for name in _names(formula)}

    def known(self) -> dict[str, FormulaValue]:
        """Numbers that are known before the run; none where they cannot be worked out."""
        bare = {**self.plain, "name": "x", "title": "x", "readings": {}, "questions": []}
        try:
            lesson = msgspec.convert({name: value for name, value in bare.items() if value != ""}, Lesson)
            return lesson.numbers(lesson.subject)
        except (msgspec.ValidationError, ExperimentError, FormulaError):
            return {}


def number_or_formula(text: str | float) -> str | float:
    """``3·10⁻⁶`` is a number, ``1 / steps`` a formula."""
    try:
        number = float(read_number(text)) if isinstance(text, str) else text
    except (ValueError, OverflowError):
        return text
    return number if math.isfinite(number) else text


def slug(title: str) -> str:
    """A name that commands and tables can have: ``Down a ravine`` → ``down-a-ravine``."""
    words = re.findall(r"[a-z0-9]+", title.lower().encode("ascii", "ignore").decode())
    return "-".join(words)[:60].strip("-") or "lesson"


def _names(formula: str) -> frozenset[str]:
    try:
        return Formula(formula).names
    except FormulaError:
        return frozenset()


def _numbered(word: str) -> Iterator[str]:
    """``word``, ``word_2``, …"""
    yield word
    number = 2
    while True:
        yield f"{word}_{number}"
        number += 1


def _placed(error: ExperimentError) -> str:
    """A refusal with its place as the teacher's window calls it."""
    message = f"{capitalized(error.message)}."
    if question := _QUESTION.fullmatch(error.path):
        return f"Question {int(question[1]) + 1}: {message}"
    place = error.path.partition(".")[0].partition("[")[0]
    names = {"text": "Text", "why": "Why", "playground": "To try after", "name": "Name", "steps": "Steps",
             "settings": "Controls", "knobs": "Controls"}  # fmt: skip
    if place == "readings":
        return f"The number {error.path.split('.')[1]}: {message}"
    return f"{names[place]}: {message}" if place in names else message
