"""One question while it is made: what is asked, what the run measures, what is expected of that and where from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QWidget

from simulator.lessons.checking import verdict
from simulator.lessons.draft import number_or_formula
from simulator.schema.numbers import exact
from ui.style.boxes import in_column, in_row
from ui.style.numbers import read_number
from ui.style.widgets import muted, push_button
from ui.teaching.answer_editors import EDITORS
from ui.teaching.fields import Choice, LineField, TextField, form, labelled
from ui.teaching.model import LessonInMaking

KINDS = (
    ("a number", "number"), ("a choice of answers", "choice"), ("an order", "order"), ("a curve to draw", "curve"),
)  # fmt: skip
SCORES = (
    ("percent of what is expected", "percent"), ("decades (factors of ten)", "decades"),
    ("the difference itself", "difference"),
)  # fmt: skip


class QuestionEditor(QWidget):
    """Edits one question of the draft in place."""

    edited = Signal()
    pick_wanted = Signal()

    def __init__(self, making: LessonInMaking) -> None:
        super().__init__()
        self.making = making
        self.question: dict[str, Any] = {}
        self.kind = Choice("Kind of answer", self._set_kind, KINDS)
        hint = "What will it be? Markdown with $formulas$"
        self.prompt = TextField("Question", 3, self._setter("prompt"), hint, grows=False)
        self.measured = LineField("Measured", self._setter("measured"), "a number of the run, or a formula of them")
        self.pick = push_button("Pi&ck…", "Choose a number that the run measures.", self.pick_wanted.emit)
        self.expected = LineField("Expected", self._setter("expected"), "by a formula or a paper: 0.5, 1 / sqrt(n)")
        self.tolerance = LineField("Tolerance", self._set_tolerance)
        self.scored = Choice("The distance is counted in", lambda chosen: self._set("scored", chosen), SCORES)
        self.source = LineField("Source", self._setter("source"), "where what is expected comes from")
        self.name = LineField("Name in tables", self._setter("name"))
        self.editors = {kind: EDITORS[kind](self._changed) for _, kind in KINDS}
        self.result = muted()
        self._lay_out()
        making.measured.connect(self.show_result)

    def _lay_out(self) -> None:
        self.fields = fields = form()
        labelled(fields, "Answer i&s", self.kind)
        labelled(fields, "&Question", self.prompt)
        for editor in self.editors.values():
            fields.addRow(editor)
        fields.addRow("The run measures", in_row((self.measured, 1), self.pick))
        fields.addRow("Expected ±", in_row((self.expected, 3), muted("±"), (self.tolerance, 1)))
        labelled(fields, "Dis&tance counted in", self.scored)
        labelled(fields, "Source of what is e&xpected", self.source)
        labelled(fields, "Name in ta&bles", self.name)
        in_column(fields, self.result, on=self, margins=(0, 0, 0, 0))

    # -- showing ---------------------------------------------------------------------------------------------------

    def show_question(self, question: dict[str, Any]) -> None:
        """Edit this one from now on."""
        self.question = question
        self.kind.show_choice(question["kind"])
        self.prompt.show_text(question.get("prompt", ""))
        self.measured.show_text(_text(question.get("measured", "")))
        self.expected.show_text(_text(question.get("expected", "")))
        self.tolerance.show_text(_text(question.get("tolerance", 0.0)))
        self.scored.show_choice(question.get("scored", "percent"))
        self.source.show_text(question.get("source", ""))
        self.name.show_text(question.get("name", ""))
        editor = self.editors[question["kind"]]
        with QSignalBlocker(editor):
            editor.show_question(question)
        for each in self.editors.values():
            self.fields.setRowVisible(each, each is editor)
        # An order counts pairs, a curve the scale that it is drawn on.
        self.scored.setEnabled(question["kind"] != "order")
        self.show_result()

    def show_result(self) -> None:
        """What the run measures now, beside what is expected."""
        self.result.setText(self._result())

    def _result(self) -> str:
        if not self.question or not str(self.question.get("measured", "")).strip():
            return ""
        if not self.making.numbers:
            return "Not measured since the lesson was changed: “Measure now” makes the run."
        return verdict(
            {**self.question, "expected": number_or_formula(self.question.get("expected", ""))}, self.making.numbers
        )

    # -- editing ---------------------------------------------------------------------------------------------------

    def _setter(self, field: str) -> Callable[[str], None]:
        return lambda text: self._set(field, text.strip() if field != "prompt" else text)

    def _set(self, field: str, value: Any) -> None:
        if self.question.get(field) != value:
            self.question[field] = value
            self._changed()

    def _set_tolerance(self, text: str) -> None:
        try:
            self._set("tolerance", float(read_number(text)))
        except (ValueError, OverflowError):
            self.result.setText("The tolerance is a number from 0 on.")

    def _set_kind(self, kind: object) -> None:
        if kind != self.question["kind"]:
            place = self.making.draft.questions.index(self.question)
            self.making.draft.set_kind(place, str(kind))
            self.show_question(self.making.draft.questions[place])
            self._changed()

    def _changed(self) -> None:
        self.edited.emit()
        self.show_result()


def _text(value: object) -> str:
    return exact(value) if isinstance(value, int | float) else str(value)
