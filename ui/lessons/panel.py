"""The lesson beside the bench: text, prediction, commit, run, reveal, why, playground, sources, from top to bottom."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from simulator.lessons.files import shipped
from simulator.lessons.formula import FormulaError
from simulator.lessons.lesson import Lesson
from simulator.lessons.question import Question
from simulator.lessons.text import filled
from ui.lessons.answer_forms import CurveForm, QuestionBox
from ui.lessons.open_lesson import OpenLesson
from ui.lessons.prose import Prose
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.help import set_page
from ui.style.keys import asks_for
from ui.style.numbers import count, integer
from ui.style.text_size import resize_text, scaled, with_text
from ui.style.widgets import muted, progress_bar, push_button, scroll_down

LEFT = Qt.AlignmentFlag.AlignLeft
WIDTH = 360
LEAST = 284
STAGES = {
    "predict": "Read, and commit to a prediction",
    "committed": "Your prediction stands: run it",
    "running": "The run is made and measured",
    "revealed": "What came of it",
}
"""What there is to do now."""


class LessonPanel(QScrollArea):
    """One open lesson."""

    closed = Signal()
    worksheet_wanted = Signal()
    answers_wanted = Signal()

    def __init__(self, opened: OpenLesson, place_curve: Callable[[CurveForm], object]) -> None:
        """``place_curve`` may lay what a curve is drawn on over a plot."""
        super().__init__()
        self.opened, self.lesson, self._place_curve = opened, opened.lesson, place_curve
        self.setAccessibleName(f"Lesson: {self.lesson.title}")
        set_page(self, "how-to/lessons")
        scroll_down(self)
        with_text(self, lambda panel: panel.setMinimumWidth(scaled(LEAST)))
        self._inner = QWidget()
        self._column = in_column(on=self._inner, spacing=6, margins=(12, 6, 12, 12))
        self.setWidget(self._inner)
        opened.setParent(self)
        opened.stage_changed.connect(self._show_stage)
        opened.progressed.connect(self._show_progress)
        opened.refused.connect(self._refuse)
        opened.numbers_changed.connect(self._fill)
        opened.tried.connect(self._step_back)
        self._build()

    def sizeHint(self) -> QSize:
        return QSize(scaled(WIDTH), 640)

    def event(self, event: QEvent) -> bool:
        # Space presses the button of the lesson that has the focus, and does not play the bench.
        if asks_for(event, Qt.Key.Key_Space) and isinstance(QApplication.focusWidget(), QAbstractButton):
            event.accept()
            return True
        return super().event(event)

    # -- parts ----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        """All parts, as before a prediction."""
        lesson, names = self.lesson, self.opened.names
        title = QLabel(lesson.title, wordWrap=True)
        resize_text(title, 1.25, bold=True)
        about = muted(about_text(lesson))
        self.text = Prose("Text of the lesson")
        self.text.say(filled(lesson.text, names))
        self.questions = [self._ask(place, each) for place, each in enumerate(lesson.questions, 1)]
        self.stage = QLabel(wordWrap=True)
        resize_text(self.stage, 1.0, bold=True)
        for part in (title, about, self.text, self.stage, *self.questions):
            self._column.addWidget(part)
        self._column.addLayout(self._make_ways())
        self.after = QWidget()
        self._after = in_column(on=self.after, margins=(0, 0, 0, 0))
        self._column.addWidget(self.after)
        self._column.addLayout(self._make_foot())
        self._column.addStretch(1)
        self._show_stage(self.opened.stage)

    def _ask(self, place: int, question: Question) -> QuestionBox:
        box = QuestionBox(place, question, self.opened.names)
        box.changed.connect(self._weigh)
        if isinstance(box.form, CurveForm):
            self._place_curve(box.form)
        return box

    def let_go(self) -> None:
        """What lies on plots goes with the lesson."""
        for box in self.questions:
            box.form.let_go()

    def _step_back(self) -> None:
        """Let plots show what is tried."""
        for box in self.questions:
            box.form.step_back()

    def _fill(self) -> None:
        """Write the numbers of the text anew."""
        self.text.say(self._filled(self.lesson.text))
        for box in self.questions:
            box.fill(self._filled)

    def _make_ways(self) -> QVBoxLayout:
        """Commit, then run; what stands in the way, and how far it is."""
        tip = "They stand then, and the run can be made."
        self.commit = push_button("&Commit to these predictions", tip, self._commit)
        steps = self.lesson.steps if self.opened.on_bench else 0
        tip = "Make the run on the bench; what it measures is the answer."
        self.run = push_button(f"R&un {count(steps, 'step')}" if steps else "R&un", tip, self.opened.run)
        self.note = muted()
        self.bar = progress_bar("How far the measuring is", 0)
        return in_column(in_row(self.commit, self.run, STRETCH), self.note, self.bar)

    def _make_foot(self) -> QVBoxLayout:
        tip = "The lesson on paper (PDF): text, questions and room to answer."
        worksheet = push_button("&Worksheet…", tip, self.worksheet_wanted.emit)
        tip = "All your attempts as a table (CSV), under a name that you choose."
        answers = push_button("&Answers…", tip, self.answers_wanted.emit)
        return in_column((worksheet, 0, LEFT), (answers, 0, LEFT))

    # -- stages ---------------------------------------------------------------------------------------------------

    def _weigh(self) -> None:
        """Whether all is answered."""
        open_ = sum(box.form.answer() is None for box in self.questions)
        predicting = self.opened.stage == "predict"
        self.commit.setEnabled(predicting and not open_)
        if predicting:
            self.note.setText(f"{count(open_, 'question')} still open." if open_ else "")
            self.note.setVisible(bool(open_))

    def _commit(self) -> None:
        given = {}
        for box in self.questions:
            answer = box.form.answer()
            if answer is None:
                return
            given[box.question.name] = answer, box.form.words()
        self.opened.commit(given)

    def _show_stage(self, stage: str) -> None:
        self.stage.setText(STAGES[stage])
        self.commit.setVisible(stage == "predict")
        self.run.setVisible(stage in ("committed", "running"))
        self.run.setEnabled(stage == "committed")
        self.run.setDefault(stage == "committed")
        self.bar.setVisible(stage == "running")
        self.note.setVisible(False)
        if stage == "predict":
            self._begin_again()
        else:
            for box in self.questions:
                box.freeze()
        if stage == "committed":
            self.run.setFocus()
        if stage == "revealed":
            self._reveal()

    def _begin_again(self) -> None:
        """Empty forms, nothing below them."""
        self._clear_after()
        if any(box.frozen for box in self.questions):
            self.let_go()
            for place, box in enumerate(self.questions):
                fresh = self._ask(place + 1, box.question)
                self._column.replaceWidget(box, fresh)
                box.hide()
                box.deleteLater()
                self.questions[place] = fresh
            self._order_keys()
            self.setFocus(Qt.FocusReason.OtherFocusReason)
            self.verticalScrollBar().setValue(0)
        self._weigh()

    def _order_keys(self) -> None:
        """Tab goes from top to bottom, through what was made later too."""
        parts = [self.text, *self.questions, self.commit, self.run, self.after]
        last: QWidget = self
        for part in parts:
            for each in (part, *part.findChildren(QWidget)):
                if each.focusPolicy() & Qt.FocusPolicy.TabFocus:
                    QWidget.setTabOrder(last, each)
                    last = each

    def _show_progress(self, words: str) -> None:
        self.note.setText(words)
        self.note.show()

    def _refuse(self, reason: str) -> None:
        self.note.setText(f"It could not be measured: {reason}")
        self.note.show()

    # -- after the run --------------------------------------------------------------------------------------------

    def _clear_after(self) -> None:
        while (item := self._after.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.after.hide()

    def _reveal(self) -> None:
        """Each answer beside the run's; below, why, what to try, and sources."""
        for box in self.questions:
            measured, answer = self.opened.measured(box.question), self.opened.answers.get(box.question.name)
            if measured is not None and answer is not None:
                box.reveal(answer, measured, self._filled)
        right = sum(each.right for each in self.opened.attempts.attempts[-1].answers)
        self.stage.setText(f"What came of it: {integer(right)} of {count(len(self.questions), 'prediction')} right")
        self._clear_after()
        self._add_text("Why", self.lesson.why)
        self._add_playground()
        self._add_text("Sources", "\n".join(f"- {source}" for source in self.lesson.sources))
        tip = "New predictions, on what the lesson begins with."
        self._after.addWidget(push_button("Begin a&gain", tip, self.opened.begin_again), 0, LEFT)
        self.after.show()
        self._order_keys()
        QTimer.singleShot(0, self._show_first_result)

    def _show_first_result(self) -> None:
        if self.questions:
            self.ensureWidgetVisible(self.questions[0], 0, 0)

    def _filled(self, text: str) -> str:
        try:
            return filled(text, self.opened.names)
        except FormulaError:
            return text

    def _add_heading(self, text: str) -> None:
        heading = QLabel(text)
        resize_text(heading, 1.0, bold=True)
        self._after.addWidget(heading)

    def _add_text(self, title: str, text: str) -> None:
        if text:
            self._add_heading(title)
            prose = Prose(title)
            prose.say(self._filled(text))
            self._after.addWidget(prose)

    def _add_playground(self) -> None:
        """What to try, each with a button where one press does it; nothing is locked any more."""
        self.opened.unlock()
        if not self.lesson.playground:
            return
        self._add_heading("Playground: everything is free now")
        for suggestion in self.lesson.playground:
            prose = Prose("Something to try")
            prose.say(self._filled(suggestion.text))
            self._after.addWidget(prose)
            if suggestion.set and self.opened.on_bench:
                tip = "Set this on the bench; undo takes it back."
                button = push_button("Try it", tip, partial(self._try, suggestion.set))
                self._after.addWidget(button, 0, LEFT)

    def _try(self, settings: dict[str, object]) -> None:
        document = self.opened.bench.document
        try:
            after = document.experiment.with_values(settings.items())
        except ValueError as error:
            self._refuse(str(error))
            return
        reason = document.propose(after.to_builtins(), "Try what the lesson suggests")
        if reason is not None:
            self._refuse(reason)


def about_text(lesson: Lesson) -> str:
    """What it is about, and how long it takes."""
    claim = lesson.claim
    lengths = count(lesson.minutes, "minute"), count(len(lesson.questions), "question")
    if claim is not None:
        return " · ".join((f"Claim {integer(claim)} about deep networks", *lengths))
    of_program = any(each.name == lesson.name and each.title == lesson.title for each in shipped())
    return " · ".join(("A result of the literature", *lengths) if of_program else lengths)
