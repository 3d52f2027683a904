"""A lesson's runs made beside the window: what they measure comes back as numbers by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from simulator.lessons.files import from_builtins
from simulator.lessons.formula import FormulaValue
from simulator.lessons.lesson import Lesson, LessonSubject
from simulator.lessons.measuring import measure
from simulator.running.beside.side_session import SideSession
from simulator.running.beside.side_worker import SideWorker


class MeasureLesson(Struct, frozen=True):
    """Run a lesson, as builtins, on what is described."""

    id: int
    lesson: dict[str, Any]
    subject: LessonSubject


class Measured(Struct, frozen=True):
    """Every number of the lesson by its name."""

    id: int
    values: Mapping[str, FormulaValue]


class LessonWorker(SideWorker[MeasureLesson, Measured]):
    """One lesson after the other."""

    def answer(self, request: MeasureLesson) -> None:
        with np.errstate(all="ignore"):
            values = measure(from_builtins(request.lesson), request.subject)
        self.post(Measured(request.id, values))


class LessonSession(SideSession[MeasureLesson, Measured]):
    """One request at a time."""

    name = "lesson"
    worker = LessonWorker

    def measure(self, lesson: Lesson, subject: LessonSubject) -> None:
        """Run the lesson on this; what was asked for before concerns nobody."""
        self._ask(lambda number: MeasureLesson(number, msgspec.to_builtins(lesson), subject))
