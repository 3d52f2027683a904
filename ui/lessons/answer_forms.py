"""What a pupil answers with: one form for each kind of question, and the reveal below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QRadioButton,
    QWidget,
)

from simulator.lessons.formula import FormulaValue
from simulator.lessons.question import (
    Answer,
    ChoiceQuestion,
    CurveQuestion,
    NumberQuestion,
    OrderQuestion,
    Question,
)
from simulator.lessons.text import filled
from ui.chart.sketch import CurveRange, Sketch
from ui.lessons.prose import Prose
from ui.plots.base import Plot
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.markdown import plain
from ui.style.numbers import count, number, read_number
from ui.style.overlay import lay_over
from ui.style.text_size import scaled, with_text
from ui.style.widgets import muted, push_button

CURVE_POINTS = 10
"""Of a curve whose length nothing tells."""
HEIGHT = 190
"""Of what is drawn on, where it stands among the answers."""


class AnswerForm(QWidget):
    """Takes one answer."""

    changed = Signal()

    def answer(self) -> Answer | None:
        """What is answered; None where that is not complete."""
        raise NotImplementedError

    def reveal(self, measured: FormulaValue, words: str) -> None:
        """Draw the run's beside it, where that can be drawn; ``words`` say how far they are apart."""

    def step_back(self) -> None:
        """Leave the plot that it lies on to what it shows."""

    def let_go(self) -> None:
        """It is not needed any more."""

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

    def words(self) -> str:
        return repr(self.answer())


class ChoiceForm(AnswerForm):
    """A button for each option; its words stand beside it, so that formulas can be set."""

    def __init__(self, question: ChoiceQuestion, names: Mapping[str, FormulaValue]) -> None:
        super().__init__()
        self.buttons: list[QRadioButton] = []
        self._texts = [filled(option.text, names) for option in question.options]
        in_column(*map(self._line, self._texts), on=self, spacing=2, margins=(0, 0, 0, 0))

    def _line(self, text: str) -> QHBoxLayout:
        button = QRadioButton(self)
        button.setAccessibleName(plain(text))
        button.toggled.connect(lambda _on: self.changed.emit())
        self.buttons.append(button)
        if "$" not in text:
            button.setText(text)
            return in_row((button, 1), spacing=4)
        prose = Prose(plain(text))
        prose.say(text)
        return in_row((button, 0, Qt.AlignmentFlag.AlignTop), (prose, 1), spacing=4)

    def answer(self) -> Answer | None:
        return next((float(place) for place, each in enumerate(self.buttons) if each.isChecked()), None)

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
        tip = "Move the chosen row; Alt and an arrow key do so too."
        up = push_button("Up", tip, lambda: self._move(-1), self)
        down = push_button("Down", tip, lambda: self._move(1), self)
        self.keep = push_button("As it stands", "This order is my answer.", self._tell, self)
        in_column(self.list, in_row(up, down, self.keep, STRETCH), on=self, margins=(0, 0, 0, 0))

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

    def freeze(self) -> None:
        # What is chosen in a list that takes nothing could hardly be read.
        self.list.setCurrentRow(-1)
        self.list.clearSelection()
        super().freeze()

    def words(self) -> str:
        return " < ".join(self.list.item(row).text() for row in range(self.list.count()))


class CurveForm(AnswerForm):
    """What is drawn on: it stands here, or lies on a plot that it is given to."""

    plot_wanted = Signal(str, object)
    """The plot of this key is to be seen, with what lies on it."""

    def __init__(self, question: CurveQuestion, points: int) -> None:
        super().__init__()
        self.question = question
        decades = question.scored == "decades"
        self.sketch = Sketch(
            CurveRange(points, question.low, question.high, decades, question.axis, question.unit, question.first)
        )
        self.status = muted()
        self.go = push_button("", "", self._press)
        self._plot: Plot[Any] | None = None
        """That it lies on."""
        self.sketch.changed.connect(self._tell)
        self.sketch.changed.connect(self.changed)
        self.sketch.ended.connect(self.go.setFocus)
        self._column = in_column(self.status, in_row(self.go, STRETCH), self.sketch, on=self, margins=(0, 0, 0, 0))
        with_text(self, lambda form: form.fit())
        self._tell()

    def fit(self) -> None:
        """Among the answers it has a height of its own."""
        self.sketch.setMinimumHeight(scaled(HEIGHT) if self._plot is None else 0)

    def lie_on(self, plot: Plot[Any]) -> None:
        """Let it be drawn on a plot."""
        self._plot = plot
        self._column.removeWidget(self.sketch)
        self.fit()
        lay_over(self.sketch, plot)
        self._tell()

    def step_back(self) -> None:
        if self._plot is not None and not self.sketch.isHidden():
            self.sketch.hide()
            self._tell()
            self.plot_wanted.emit(self._plot.key, self.sketch)

    def let_go(self) -> None:
        self.sketch.hide()
        self.sketch.deleteLater()

    def _press(self) -> None:
        """Bring the plot into view, with the curve on it or, after the run, without."""
        if self.sketch.measured:
            self.sketch.setVisible(self.sketch.isHidden())
        self._tell()
        if self._plot is not None:
            self.plot_wanted.emit(self._plot.key, self.sketch)

    def _tell(self) -> None:
        """What is to be done, or was."""
        left, points = self.sketch.left_over, self.sketch.extent.points
        on = "" if self._plot is None else f" on the plot “{self._plot.title}”"
        self.go.setVisible(self._plot is not None)
        if self.sketch.measured:
            self.status.setText(f"The run's curve stands beside yours{on}.")
            self.go.setText("Show both curves" if self.sketch.isHidden() else "Take the curves off")
        else:
            self.status.setText(
                f"Draw it{on}: {count(left, 'point')} to draw." if left else f"{count(points, 'point')} drawn{on}."
            )
            self.go.setText("Show the plot" if self.sketch.frozen else "Draw on the plot")

    def answer(self) -> Answer | None:
        return None if self.sketch.left_over else self.sketch.answer

    def freeze(self) -> None:
        self.sketch.freeze()
        self._tell()

    def reveal(self, measured: FormulaValue, words: str) -> None:
        self.sketch.reveal([float(value) for value in np.atleast_1d(measured)], words)
        self._tell()

    def words(self) -> str:
        return " ".join(map(number, self.sketch.answer))


def form_of(question: Question, names: Mapping[str, FormulaValue], label: str) -> AnswerForm:
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

    def __init__(self, number_: int, question: Question, names: Mapping[str, FormulaValue]) -> None:
        super().__init__()
        self.question, self.frozen = question, False
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
        self.frozen = True
        self.form.freeze()

    def reveal(self, answer: Answer, measured: FormulaValue, say: Callable[[str], str]) -> None:
        """The run's answer beside this one, and how far they are apart, in words."""
        self.freeze()
        right, words = self.question.right(answer, measured), say(self.question.in_words(answer, measured))
        self.form.reveal(measured, words)
        self.verdict.say(f"**{'✓ Right.' if right else '✗ Not so.'}** {words}")
