"""A course: lessons in an order, in one file; how far a pupil is in it stands in the attempts that are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from simulator.experiment.error_messages import explain
from simulator.experiment.experiment import ExperimentError, parsed
from simulator.experiment.named_file import naming_file
from simulator.lessons import files
from simulator.lessons.formats import brought_up
from simulator.lessons.lesson import LONGEST_TEXT, Lesson
from simulator.schema.parameter import Spec, knob
from simulator.system.atomic import write_atomic
from simulator.system.file_format import FileFormat
from simulator.system.json_text import readable_json
from simulator.system.regular_file import read_regular

FORMAT: Literal["nablascope-course/1"] = "nablascope-course/1"
COURSE = FileFormat()
MAX_FILE_BYTES = 16 * 2**20
"""Bytes beyond which a file is not a course."""
MOST_LESSONS = 100


class Course(Spec, frozen=True, kw_only=True):
    """A course as its file has it; whatever hangs together in it is checked by :func:`from_builtins`."""

    format: Annotated[Literal["nablascope-course/1"], knob("format", "Version of this file's form.")] = FORMAT
    title: Annotated[str, knob("title", "What people read.", min_length=1)]
    text: Annotated[str, knob("text", "What it is about, as Markdown with $formulas$.")] = ""
    lessons: Annotated[
        tuple[str | dict[str, Any], ...],
        knob("lessons", "In their order: names of lessons that come with the program, or lessons as their files are."),
    ]

    def loaded(self) -> tuple[Lesson, ...]:
        """Its lessons; ExperimentError where one is none."""
        return tuple(_lesson(plain, f"lessons[{place}]") for place, plain in enumerate(self.lessons))


def _lesson(plain: str | dict[str, Any], place: str) -> Lesson:
    try:
        return files.find_shipped(plain) if isinstance(plain, str) else files.from_builtins(plain)
    except ExperimentError as error:
        raise ExperimentError(error.message, f"{place}.{error.path}".rstrip(".")) from None


def is_course(plain: Any) -> bool:
    """Whether what a file holds is a course, and no lesson."""
    stated = plain.get("format") if isinstance(plain, dict) else None
    return isinstance(stated, str) and stated.startswith("nablascope-course")


def from_builtins(plain: Any) -> Course:
    """Check plain dictionaries and lists; ExperimentError says what is wrong and where."""
    plain = brought_up(plain, COURSE, FORMAT, "course", "title and lessons")
    try:
        course = msgspec.convert(plain, Course)
    except msgspec.ValidationError as error:
        raise ExperimentError(*explain(str(error), plain, Course)) from None
    for place, text in (("title", course.title), ("text", course.text)):
        if len(text) > LONGEST_TEXT:
            raise ExperimentError(f"a text has at most {LONGEST_TEXT} characters, not {len(text)}", place)
    if not 1 <= len(course.lessons) <= MOST_LESSONS:
        raise ExperimentError(f"a course has 1 to {MOST_LESSONS} lessons, not {len(course.lessons)}", "lessons")
    names = [lesson.name for lesson in course.loaded()]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ExperimentError(f"two lessons are called {twice!r}", "lessons")
    return course


def read(path: Path) -> tuple[Course, tuple[Lesson, ...]]:
    """The course in a file, and its lessons, whose own data are looked for beside it."""
    with naming_file(path, "course"):
        return _located(from_builtins(parsed(read_regular(path, MAX_FILE_BYTES))), path)


def read_any(path: Path) -> Lesson | tuple[Course, tuple[Lesson, ...]]:
    """A lesson, or a course with its lessons, whichever a file holds; ExperimentError names it and what is wrong."""
    with naming_file(path, "lesson"):
        plain = parsed(read_regular(path, MAX_FILE_BYTES))
        if is_course(plain):
            return _located(from_builtins(plain), path)
    return files.read(path)


def _located(course: Course, path: Path) -> tuple[Course, tuple[Lesson, ...]]:
    return course, tuple(files.beside(lesson, path) for lesson in course.loaded())


def lessons_called(name: str) -> tuple[Lesson, ...]:
    """The lesson, or all those of the course, in the file called ``name``; or the lesson that comes so called."""
    path = Path(name)
    if not path.exists():
        return (files.find(name),)
    opened = read_any(path)
    return (opened,) if isinstance(opened, Lesson) else opened[1]


def to_json(course: Course) -> bytes:
    """Readable JSON, the same for the same course."""
    plain = msgspec.to_builtins(course)
    shown = {name: value for name, value in plain.items() if value not in (None, "")}
    return readable_json(shown)


def save(course: Course, path: Path) -> None:
    """Write a course; the old file stays whole until the new one is. OSError if it cannot be written."""
    write_atomic(path, to_json(course))
