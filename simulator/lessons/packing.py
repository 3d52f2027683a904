"""A lesson on a person's own data: these lie beside its file, so that both can be passed on."""

from __future__ import annotations

import filecmp
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from simulator.data import AnyData
from simulator.data.base import DataError
from simulator.data.own_file import OwnFile
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.lessons import files
from simulator.lessons.course import Course
from simulator.lessons.course import save as save_course
from simulator.lessons.lesson import ExperimentSetup, Lesson
from simulator.system.atomic import replacing
from simulator.system.text import capitalized


def save_with_data(lesson: Lesson, path: Path) -> list[str]:
    """Write a lesson, and a copy of its data beside it where they lie elsewhere; names of what it reads there.

    ExperimentError where they cannot be read, or another file of that name lies there; OSError where nothing can be
    written.
    """
    placed, names = with_data_in(lesson, path.parent)
    files.save(placed, path)
    return names


def save_course_with_data(course: Course, path: Path) -> list[str]:
    """The same for a course, and the data of all of its lessons."""
    lessons: list[str | dict[str, Any]] = []
    names: list[str] = []
    for plain in course.lessons:
        if isinstance(plain, str):
            lessons.append(plain)
            continue
        placed, beside = with_data_in(files.from_builtins(plain), path.parent)
        lessons.append(files.to_builtins(placed))
        names += [name for name in beside if name not in names]
    save_course(msgspec.structs.replace(course, lessons=tuple(lessons)), path)
    return names


def with_data_in(lesson: Lesson, folder: Path) -> tuple[Lesson, list[str]]:
    """The lesson as it is meant in a file of this folder, with its own data there; and their names."""
    if not isinstance(lesson.setup, ExperimentSetup):
        return lesson, []
    names: list[str] = []

    def move(data: AnyData) -> AnyData:
        name = _placed(data, folder)
        if name and name not in names:
            names.append(name)
        return data.at(name) if name else data

    experiment = Experiment.from_builtins(lesson.setup.described)
    setup = ExperimentSetup(described=experiment.moved(move).to_builtins())
    return msgspec.structs.replace(lesson, setup=setup), names


def _placed(data: AnyData, folder: Path) -> str:
    """The name, in the folder, of the file that data are read from; empty where the program has them itself."""
    named = str(getattr(data, "path", ""))
    if not named:
        return ""
    if Path(named).resolve().is_relative_to(folder.resolve()):
        return Path(named).resolve().relative_to(folder.resolve()).as_posix()
    try:
        own = data.own_file()
        return "" if own is None else _copied(own, folder / own.name)
    except DataError as error:
        raise ExperimentError(str(error), "data", words=str(error)) from None


def _copied(own: OwnFile, target: Path) -> str:
    """What lies there already has to be the same."""
    if not target.exists():
        with replacing(target) as file:
            own.copy(file)
        return own.name
    with tempfile.TemporaryDirectory() as made:
        fresh = Path(made) / "copy"
        with fresh.open("wb") as file:
            own.copy(file)
        if not filecmp.cmp(fresh, target, shallow=False):
            told = f"another file {own.name} lies in that folder; its own would have to stand in its place"
            raise ExperimentError(told, "data", words=f"{capitalized(told)}.")
    return own.name
