"""The lesson that is being made: every page edits it, the preview and the foot of the window follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from simulator.experiment.experiment import ExperimentError, in_words
from simulator.lessons.draft import Draft
from simulator.lessons.formula import Formula, FormulaError, FormulaValue
from simulator.lessons.lesson import Lesson, LessonSubject
from simulator.running.transport import Mode
from ui.lessons.measurer import Measurer

RUN_BY = ("setup", "steps", "settings", "values", "readings")
"""What the measured numbers depend on."""


class LessonInMaking(QObject):
    """A draft with its file, what its run measured last, and whether it stands in the file."""

    changed = Signal()
    """Something in the draft."""
    exchanged = Signal()
    """The draft as a whole, or what it runs."""
    measured = Signal()
    """Numbers have come, or none can."""
    progressed = Signal(str)

    def __init__(self, draft: Draft, mode: Mode, held: Callable[[], str]) -> None:
        """``held`` says why nothing may be measured now; empty where it may."""
        super().__init__()
        self._held = held
        self.draft = draft
        self.path: Path | None = None
        self.dirty = False
        self.refusal = ""
        """Why the run could not be measured."""
        self.measuring = False
        self._measurer = Measurer(lambda: mode, self)
        self._numbers: Mapping[str, FormulaValue] = {}
        self._numbers_of: Mapping[str, str] | None = None
        self._measurer.progressed.connect(self.progressed)
        self._measurer.measured.connect(self._keep)
        self._measurer.refused.connect(self._refuse)

    # -- the draft -------------------------------------------------------------------------------------------------

    def set(self, field: str, value: Any) -> None:
        """A field of the lesson."""
        if self.draft.plain.get(field) != value:
            self.draft.plain[field] = value
            self.touch()

    def touch(self) -> None:
        """The draft was changed in place."""
        self.dirty = True
        self.changed.emit()

    def begin(self, draft: Draft, path: Path | None = None) -> None:
        """Another lesson in its place."""
        self.cancel()
        self.draft, self.path, self.dirty, self.refusal = draft, path, False, ""
        self._numbers_of = None
        self.exchanged.emit()
        self.changed.emit()

    def take(self, subject: LessonSubject, steps: int) -> None:
        """Let the lesson run this."""
        self.draft.take(subject, steps)
        self.touch()
        self.exchanged.emit()

    def lesson(self) -> tuple[Lesson | None, str]:
        """As it stands; or None, and what is missing in a sentence."""
        try:
            return self.draft.lesson(), ""
        except ExperimentError as error:
            return None, in_words(error)

    # -- what the run measures -------------------------------------------------------------------------------------

    @property
    def numbers(self) -> Mapping[str, FormulaValue]:
        """Every number by its name as the run measured it; none where it has not been made as the lesson is now."""
        return self._numbers if self._numbers_of == self._run_by() else {}

    def _run_by(self) -> Mapping[str, str]:
        """By what of the draft its numbers are made."""
        return {name: repr(self.draft.plain.get(name)) for name in RUN_BY}

    def measure(self) -> str:
        """Make the run; a sentence where there is no lesson yet."""
        lesson, reason = self.lesson()
        if lesson is None or (reason := self._held()):
            return reason
        self.refusal, self.measuring, self._asked = "", True, self._run_by()
        self._measurer.measure(lesson, lesson.subject)
        self.measured.emit()
        return ""

    def cancel(self) -> None:
        """Nobody waits for numbers any more."""
        if self.measuring:
            self._measurer.cancel()
            self._end()

    def close(self) -> None:
        """End the worker."""
        self.measuring = False
        self._measurer.close()

    def _end(self, refusal: str = "") -> None:
        self.measuring, self.refusal = False, refusal
        self.measured.emit()

    def _keep(self, values: Mapping[str, FormulaValue]) -> None:
        self._numbers, self._numbers_of = values, self._asked
        self._end()

    def _refuse(self, reason: str) -> None:
        self._numbers_of = None
        self._end(reason)

    def value(self, formula: str | float) -> FormulaValue | None:
        """What a formula comes to by the measured numbers; None where it cannot be worked out."""
        try:
            return Formula(formula).value(self.numbers)
        except FormulaError:
            return None
