"""A lesson that is open: predict, commit, run, reveal; what was answered is kept."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from simulator.experiment.experiment import Experiment
from simulator.lessons.attempts import Answered, Attempt, Attempts, from_text, numbers_of
from simulator.lessons.formula import Formula, FormulaError, FormulaValue
from simulator.lessons.lesson import Lesson, LessonSubject
from simulator.lessons.question import Answer, Question
from ui.bench.bench import Bench
from ui.bench.hold import Hold
from ui.lessons.measurer import Measurer
from ui.settings.settings import Settings

LessonStage = Literal["predict", "committed", "running", "revealed"]
HELD = "The lesson asks for your prediction first: answer all questions and commit to them."
Given = Mapping[str, tuple[Answer, str]]
"""Question → the answer, and its words."""


def attempts_of(name: str) -> Attempts:
    """What is kept of a lesson."""
    return from_text(name, Settings().text(f"lessons/{name}"))


class OpenLesson(QObject):
    """Where a pupil stands in one lesson, over the bench that runs it."""

    stage_changed = Signal(str)
    progressed = Signal(str)
    """How far the measuring is, in words."""
    numbers_changed = Signal()
    """Before the prediction: the text has others."""
    tried = Signal()
    """After the reveal: something else than what was predicted stands on the bench."""
    refused = Signal(str)
    """Why nothing could be measured, in a sentence."""

    def __init__(self, lesson: Lesson, bench: Bench, hold: Hold, *, kept: bool = True) -> None:
        """``hold`` stops whatever would tell the answer: of the bench, or of the landscape."""
        super().__init__()
        self.lesson, self.bench, self._hold = lesson, bench, hold
        self.stage: LessonStage = "predict"
        self.answers: dict[str, Answer] = {}
        self.names: dict[str, FormulaValue] = lesson.numbers(lesson.subject)
        """Numbers that are known: before the run those of what is run, after it the readings too."""
        self.kept = kept
        """Whether what is answered stays for other days."""
        self.attempts = attempts_of(lesson.name) if kept else Attempts(lesson.name)
        self._measurer = Measurer(lambda: bench.link.mode, self)
        self._measurer.progressed.connect(self.progressed)
        self._measurer.measured.connect(self._reveal)
        self._measurer.refused.connect(self._refuse)
        self._predicted: LessonSubject = self.subject
        """What the prediction is of."""
        bench.document.changed.connect(self._follow)
        hold.set(HELD)

    @property
    def on_bench(self) -> bool:
        """Whether the bench runs it; a race over a landscape does without."""
        return isinstance(self.lesson.subject, Experiment)

    @property
    def subject(self) -> LessonSubject:
        """What is run: as it stands on the bench now."""
        return self.bench.document.experiment.unlocked if self.on_bench else self.lesson.subject

    def commit(self, given: Given) -> None:
        """The answers stand; now it may be run."""
        self.answers = {name: answer for name, (answer, _) in given.items()}
        answered = tuple(Answered(name, numbers_of(answer), words) for name, (answer, words) in given.items())
        self._keep(Attempt(datetime.now(UTC).isoformat(timespec="seconds"), answered), new=True)
        self._predicted = self.subject
        self._hold.set("")
        self._set("committed")

    def run(self) -> None:
        """Make the run on the bench, and measure it beside."""
        self._set("running")
        if self.on_bench and self.subject != self._predicted:
            self._back_to_predicted()
        if self.on_bench:
            left = self.lesson.steps - self.bench.step
            if left > 0:
                self.bench.play(left)
        self._measurer.measure(self.lesson, self._predicted)

    def _back_to_predicted(self) -> None:
        """What was turned since then is undone: the prediction is not of that."""
        document = self.bench.document
        plain = self._predicted.to_builtins()
        locks = document.experiment.to_builtins().get("locks")
        document.propose(plain if locks is None else {**plain, "locks": locks}, "Back to what was predicted", back_to=0)

    def _follow(self) -> None:
        """Numbers of the text are those of what stands on the bench, until the prediction is of that."""
        if self.stage == "predict" and self.on_bench:
            with suppress(FormulaError):
                self.names = self.lesson.numbers(self.subject)
            self.numbers_changed.emit()
        elif self.stage == "revealed" and self.on_bench and self.subject != self._predicted:
            self.tried.emit()

    def measured(self, question: Question) -> FormulaValue | None:
        """What the run says to a question; None where it cannot be worked out."""
        try:
            return Formula(question.measured).value(self.names)
        except FormulaError:
            return None

    def begin_again(self) -> None:
        """Another attempt, with new predictions, on what the lesson begins with."""
        self._measurer.cancel()
        self.answers, self.names = {}, self.lesson.numbers(self.lesson.subject)
        if self.on_bench:
            self.bench.document.replace(self.lesson.locked(), unsaved=False)
        self._hold.set(HELD)
        self._set("predict")

    def unlock(self) -> None:
        """Open the playground: from now on no lock holds."""
        if self.on_bench and self.bench.document.experiment.locks:
            self.bench.document.unlock("Open the lesson's playground")

    def close(self) -> None:
        """Let go of the bench, and end what measures."""
        self.bench.document.changed.disconnect(self._follow)
        self._hold.set("")
        self.end_measuring()

    def end_measuring(self) -> None:
        """End the worker beside; the next run starts another."""
        self._measurer.close()
        if self.stage == "running":
            self._set("committed")

    # -- what comes ------------------------------------------------------------------------------------------------

    def _refuse(self, reason: str) -> None:
        self._set("committed")
        self.refused.emit(reason)

    def _reveal(self, values: Mapping[str, FormulaValue]) -> None:
        if self.stage != "running":
            return
        self.names = dict(values)
        last = self.attempts.attempts[-1]
        answered = tuple(self._judged(each) for each in last.answers)
        self._keep(replace(last, answers=answered, revealed=True), new=False)
        self._set("revealed")

    def _judged(self, answered: Answered) -> Answered:
        question = next(each for each in self.lesson.questions if each.name == answered.question)
        measured = self.measured(question)
        if measured is None:
            return answered
        numbers = tuple(float(value) for value in np.atleast_1d(measured))
        return replace(answered, measured=numbers, right=question.right(self.answers[question.name], measured))

    def _keep(self, attempt: Attempt, *, new: bool) -> None:
        self.attempts = self.attempts.with_last(attempt, new=new)
        if self.kept:
            Settings().set(f"lessons/{self.lesson.name}", self.attempts.to_text())

    def _set(self, stage: LessonStage) -> None:
        self.stage = stage
        self.stage_changed.emit(stage)
