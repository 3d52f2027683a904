"""The lesson that is being made: every page edits it, the preview and the foot of the window follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from simulator.experiment.experiment import ExperimentError, in_words
from simulator.lessons.draft import Draft
from simulator.lessons.formula import Formula, FormulaError, Value
from simulator.lessons.lesson import Lesson, Subject
from simulator.running.lesson_session import LessonSession, Measured, Measuring
from simulator.running.messages import Failed
from simulator.running.progress_text import how_far
from simulator.running.transport import Mode

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
    _arrived = Signal()

    def __init__(self, draft: Draft, mode: Mode, held: Callable[[], str], parent: QObject | None = None) -> None:
        """``held`` says why nothing may be measured now; empty where it may."""
        super().__init__(parent)
        self._held = held
        self.draft = draft
        self.path: Path | None = None
        self.dirty = False
        self.refusal = ""
        """Why the run could not be measured."""
        self.measuring = False
        self._mode = mode
        self._session: LessonSession | None = None
        self._numbers: Mapping[str, Value] = {}
        self._numbers_of: Any = None
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)

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

    def take(self, subject: Subject, steps: int) -> None:
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
    def numbers(self) -> Mapping[str, Value]:
        """Every number by its name as the run measured it; none where it has not been made as the lesson is now."""
        return self._numbers if self._numbers_of == self._run_by() else {}

    def _run_by(self) -> Any:
        return {name: repr(self.draft.plain.get(name)) for name in RUN_BY}

    def measure(self) -> str:
        """Make the run; a sentence where there is no lesson yet."""
        lesson, reason = self.lesson()
        if lesson is None or (reason := self._held()):
            return reason
        if self._session is None:
            self._session = LessonSession(self._mode, self._arrived.emit)
        self.refusal, self.measuring, self._asked = "", True, self._run_by()
        self._session.measure(lesson, lesson.subject)
        self.measured.emit()
        return ""

    def cancel(self) -> None:
        """Nobody waits for numbers any more."""
        if self.measuring and self._session is not None:
            self._session.cancel()
            self._end()

    def close(self) -> None:
        """End the worker."""
        session, self._session = self._session, None
        self.measuring = False
        if session is not None:
            session.close()

    def _end(self, refusal: str = "") -> None:
        self.measuring, self.refusal = False, refusal
        self.measured.emit()

    def _take(self) -> None:
        for reply in [] if self._session is None else self._session.replies():
            match reply:
                case Measuring(progress=progress):
                    self.progressed.emit(how_far(progress))
                case Measured(refusal=refusal, values=values):
                    self._numbers, self._numbers_of = (values, None if refusal else self._asked)
                    self._end(refusal)
                case Failed(message=message):
                    self._end(message)

    def value(self, formula: str | float) -> Value | None:
        """What a formula comes to by the measured numbers; None where it cannot be worked out."""
        try:
            return Formula(formula).value(self.numbers)
        except FormulaError:
            return None
