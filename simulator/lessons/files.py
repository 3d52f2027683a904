"""Lesson files: read strictly, written whole; the lessons that come with the program."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import msgspec

import resources
from simulator.experiment.error_messages import explain
from simulator.experiment.experiment import Experiment, ExperimentError, parsed
from simulator.experiment.files import reach_from
from simulator.experiment.named_file import naming_file
from simulator.lessons.ending import ENDING, is_lesson
from simulator.lessons.formats import brought_up
from simulator.lessons.formula import FormulaError
from simulator.lessons.lesson import FORMAT, ExperimentSetup, Lesson, checked
from simulator.lessons.reading import AnyReading, RunReading
from simulator.schema.parameter import kinds
from simulator.system.atomic import write_atomic
from simulator.system.file_format import FileFormat
from simulator.system.json_text import readable_json
from simulator.system.regular_file import read_regular

FOLDER = resources.FOLDER / "lessons"
LESSON = FileFormat()
MAX_FILE_BYTES = 4 * 2**20
"""Bytes beyond which a file is not a lesson."""


def from_builtins(plain: Any) -> Lesson:
    """Check plain dictionaries and lists; ExperimentError says what is wrong and where."""
    plain = brought_up(plain, LESSON, FORMAT, "lesson", "name, title, setup, readings and questions")
    _check_readings(plain.get("readings"))
    try:
        return checked(msgspec.convert(plain, Lesson))
    except msgspec.ValidationError as error:
        raise ExperimentError(*explain(str(error), plain, Lesson)) from None
    except FormulaError as error:
        raise ExperimentError(str(error)) from None


def _check_readings(readings: Any) -> None:
    """Each alone, since the decoder does not name the one that is wrong."""
    known = kinds(RunReading)
    for name, plain in readings.items() if isinstance(readings, dict) else ():
        kind = plain.get("kind") if isinstance(plain, dict) else None
        if not isinstance(kind, str) or kind not in known:
            raise ExperimentError(
                f"expected a reading whose kind is one of {', '.join(known)}", f"readings.{name[:80]}"
            )
        try:
            msgspec.convert(plain, AnyReading)
        except msgspec.ValidationError as error:
            message, path = explain(str(error), plain, known[kind])
            raise ExperimentError(message, f"readings.{name[:80]}{'.' if path else ''}{path}") from None


def from_json(content: bytes) -> Lesson:
    """Read the JSON form."""
    return from_builtins(parsed(content))


def read(path: Path) -> Lesson:
    """The lesson in a file, its own data looked for beside it; ExperimentError names the file and what is wrong."""
    with naming_file(path, "lesson"):
        return beside(from_json(read_regular(path, MAX_FILE_BYTES)), path)


def beside(lesson: Lesson, path: Path) -> Lesson:
    """With data where they are; ExperimentError where a file outside of the lesson's folder would be read."""
    if not isinstance(lesson.setup, ExperimentSetup):
        return lesson
    experiment = Experiment.from_builtins(lesson.setup.described)
    if (reach := reach_from(path, experiment)) is not None:
        raise ExperimentError(f"it reads {reach.target}, outside of its own folder", "setup.described.data")
    located = experiment.beside(path.parent)
    if located == experiment:
        return lesson
    return msgspec.structs.replace(lesson, setup=ExperimentSetup(described=located.to_builtins()))


def to_builtins(lesson: Lesson) -> dict[str, Any]:
    """As JSON has it; what says no more than is said without it is left out."""
    plain = msgspec.to_builtins(lesson)
    return {name: value for name, value in plain.items() if value not in (None, [], (), "", {})}


def to_json(lesson: Lesson) -> bytes:
    """Readable JSON, the same for the same lesson."""
    return readable_json(to_builtins(lesson))


def save(lesson: Lesson, path: Path) -> None:
    """Write a lesson; the old file stays whole until the new one is. OSError if it cannot be written."""
    write_atomic(path, to_json(lesson))


@functools.cache
def shipped() -> tuple[Lesson, ...]:
    """The lessons that come with the program, in teaching order."""
    paths = sorted(FOLDER.glob(f"*{ENDING}"))
    return tuple(
        sorted((read(path) for path in paths), key=lambda each: (each.claim is None, each.claim or 0, each.name))
    )


def find(name: str) -> Lesson:
    """The lesson in the file called ``name``, or the one of that name that comes with the program."""
    path = Path(name)
    if path.exists() or is_lesson(path):
        return read(path)
    return find_shipped(name)


def find_shipped(name: str) -> Lesson:
    """The one of that name that comes with the program."""
    own = FOLDER / f"{name}{ENDING}"
    if re.fullmatch(r"[a-z0-9-]{1,60}", name) and own.exists():
        return read(own)
    known = ", ".join(path.stem for path in sorted(FOLDER.glob(f"*{ENDING}")))
    raise ExperimentError(f"there is no lesson file or lesson {name[:80]!r}; lessons: {known}")
