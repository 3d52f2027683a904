"""What a pupil answers with: one form for each kind of question, and the reveal below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from simulator.lessons.formula import Value
from simulator.lessons.question import (
    Answer,
    ChoiceQuestion,
    CurveQuestion,
    NumberQuestion,
    OrderQuestion,
    Question,
)
from simulator.lessons.text import filled
from ui.lessons.curve_pad import CurvePad
from ui.lessons.prose import Prose
from ui.style.boxes import in_column, in_row
from ui.style.markdown import plain
from ui.style.numbers import number, read_number
from ui.style.text_size import scaled, with_text

CURVE_POINTS = 10
"""Of a curve whose length nothing tells."""


class AnswerForm(QWidget):
    """Takes one answer."""

    changed = Signal()

    def answer(self) -> Answer | None:
        """What is answered; None where that is not complete."""
        raise NotImplementedError

    def show_answer(self, answer: Answer) -> None:
        """What was answered before."""
        raise NotImplementedError

    def reveal(self, measured: Value) -> None:
        """Draw the run's beside it, where that can be drawn."""

    def words(self) -> str:
        """The answer as a table has it."""
        raise NotImplementedError

    def freeze(self) -> None:
        """The answer stands."""
        self.setEnabled(False)


class NumberForm(AnswerForm):
    """A field; numbers are read as people write them: 3e-6, 3·10⁻⁶, 0.5."""

    def __init__(self, question: NumberQuestion, label: str) -> None:
        super().__init__()
        self.field = QLineEdit(self)
        self.field.setAccessibleName(label)
        self.field.setPlaceholderText("e.g. 0.5 or 3e-6")
        self.field.textChanged.connect(lambda _text: self.changed.emit())
        with_text(self.field, lambda field: field.setMaximumWidth(scaled(200)))
        row = in_row(self.field, on=self, margins=(0, 0, 0, 0))
        if question.unit:
            row.addWidget(QLabel(question.unit))
        row.addStretch(1)

    def answer(self) -> Answer | None:
        try:
            return float(read_number(self.field.text()))
        except (ValueError, OverflowError):
            return None

    def show_answer(self, answer: Answer) -> None:
        self.field.setText(repr(answer))

    def words(self) -> str:
        return repr(self.answer())


class ChoiceForm(AnswerForm):
    """A button for each option; its words stand beside it, so that formulas can be set."""

    def __init__(self, question: ChoiceQuestion, names: Mapping[str, Value]) -> None:
        super().__init__()
        self.buttons: list[QRadioButton] = []
        self._texts = [filled(option.text, names) for option in question.options]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for text in self._texts:
            button = QRadioButton(self)
            button.setAccessibleName(plain(text))
            button.toggled.connect(lambda _on: self.changed.emit())
            self.buttons.append(button)
            column.addLayout(self._line(button, text))

    def _line(self, button: QRadioButton, text: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        if "$" not in text:
            button.setText(text)
            row.addWidget(button, 1)
            return row
        prose = Prose(plain(text))
        prose.say(text)
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(prose, 1)
        return row

    def answer(self) -> Answer | None:
        return next((float(place) for place, each in enumerate(self.buttons) if each.isChecked()), None)

    def show_answer(self, answer: Answer) -> None:
        if isinstance(answer, float | int) and 0 <= int(answer) < len(self.buttons):
            self.buttons[int(answer)].setChecked(True)

    def words(self) -> str:
        answer = self.answer()
        return self._texts[int(answer)] if isinstance(answer, float) else ""


class OrderForm(AnswerForm):
    """A list whose rows are moved, by buttons, by Alt and the arrow keys, or by dragging."""

    def __init__(self, question: OrderQuestion, label: str) -> None:
        super().__init__()
        self.list = QListWidget(self)
        self.list.setAccessibleName(label)
        self.list.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self._items = question.items
        self.list.addItems(list(question.items))
        self.list.setCurrentRow(0)
        self._moved = False
        self.list.model().rowsMoved.connect(self._tell)
        self.list.installEventFilter(self)
        with_text(self.list, self._fit)
        column = in_column(self.list, on=self, margins=(0, 0, 0, 0))
        row = QHBoxLayout()
        for text, by in (("&Up", -1), ("&Down", 1)):
            button = QPushButton(text, self)
            button.setToolTip("Move the chosen row; Alt and an arrow key do so too.")
            button.clicked.connect(lambda _on=False, by=by: self._move(by))
            row.addWidget(button)
        self.keep = QPushButton("&As it stands", self)
        self.keep.setToolTip("This order is my answer.")
        self.keep.clicked.connect(self._tell)
        row.addWidget(self.keep)
        row.addStretch(1)
        column.addLayout(row)

    def _fit(self, rows: QListWidget) -> None:
        rows.setFixedHeight(rows.sizeHintForRow(0) * rows.count() + 2 * rows.frameWidth() + 4)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            by = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
            if by and event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self._move(by)
                return True
        return super().eventFilter(watched, event)

    def _move(self, by: int) -> None:
        row = self.list.currentRow()
        if 0 <= row + by < self.list.count():
            self.list.insertItem(row + by, self.list.takeItem(row))
            self.list.setCurrentRow(row + by)
            self._tell()

    def _tell(self) -> None:
        self._moved = True
        self.keep.hide()
        self.changed.emit()

    def answer(self) -> Answer | None:
        if not self._moved:
            return None
        return tuple(float(self._items.index(self.list.item(row).text())) for row in range(self.list.count()))

    def show_answer(self, answer: Answer) -> None:
        if isinstance(answer, tuple) and sorted(answer) == [*map(float, range(len(self._items)))]:
            self.list.clear()
            self.list.addItems([self._items[int(place)] for place in answer])
            self._tell()

    def freeze(self) -> None:
        # What is chosen in a list that takes nothing could hardly be read.
        self.list.setCurrentRow(-1)
        self.list.clearSelection()
        super().freeze()

    def words(self) -> str:
        return " < ".join(self.list.item(row).text() for row in range(self.list.count()))


class CurveForm(AnswerForm):
    """A plot to draw on."""

    def __init__(self, question: CurveQuestion, points: int) -> None:
        super().__init__()
        self.pad = CurvePad(
            points, question.low, question.high, decades=question.scored == "decades", axis=question.axis,
            unit=question.unit,
        )  # fmt: skip
        self.pad.changed.connect(self.changed)
        in_column(self.pad, on=self, margins=(0, 0, 0, 0))

    def answer(self) -> Answer | None:
        return self.pad.answer if self.pad.complete else None

    def show_answer(self, answer: Answer) -> None:
        if isinstance(answer, tuple):
            self.pad.set_answer(answer)

    def reveal(self, measured: Value) -> None:
        self.pad.reveal([float(value) for value in np.atleast_1d(measured)])

    def words(self) -> str:
        return " ".join(map(number, self.pad.answer))


def form_of(question: Question, names: Mapping[str, Value], label: str) -> AnswerForm:
    """The form for a question; how many points a curve has is told by what is expected of it."""
    from simulator.lessons.formula import Formula, FormulaError

    if isinstance(question, ChoiceQuestion):
        return ChoiceForm(question, names)
    if isinstance(question, OrderQuestion):
        return OrderForm(question, label)
    if isinstance(question, CurveQuestion):
        try:
            points = int(np.size(Formula(question.expected).value(names)))
        except FormulaError:
            points = CURVE_POINTS
        return CurveForm(question, max(points, 2))
    assert isinstance(question, NumberQuestion)
    return NumberForm(question, label)


class QuestionBox(QFrame):
    """A question with its form; after the run, how far the answer is from it."""

    changed = Signal()

    def __init__(self, number_: int, question: Question, names: Mapping[str, Value]) -> None:
        super().__init__()
        self.question = question
        self.setObjectName("question")
        prompt, self._number = filled(question.prompt, names), number_
        self.prompt = Prose(f"Question {number_}")
        self.fill(lambda text: filled(text, names))
        self.form = form_of(question, names, f"Answer to question {number_}: {plain(prompt)}")
        self.form.changed.connect(self.changed)
        self.verdict = Prose(f"Result of question {number_}")
        self.verdict.hide()
        in_column(self.prompt, self.form, self.verdict, on=self, spacing=4, margins=(0, 4, 0, 4))

    def fill(self, numbers: Callable[[str], str]) -> None:
        """Write the question, with its numbers."""
        self.prompt.say(f"**{self._number}.** {numbers(self.question.prompt)}")

    def freeze(self) -> None:
        """The answer stands."""
        self.form.freeze()

    def reveal(self, answer: Answer, measured: Value, say: Callable[[str], str]) -> None:
        """The run's answer beside this one, and how far they are apart, in words."""
        self.freeze()
        self.form.reveal(measured)
        right = self.question.right(answer, measured)
        self.verdict.say(f"**{'✓ Right.' if right else '✗ Not so.'}** {say(self.question.in_words(answer, measured))}")
