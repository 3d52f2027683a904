"""What only one kind of question has: a unit, the answers of a choice, what is put in order, a curve's edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from simulator.schema.numbers import exact, read_number
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.text_size import scaled, with_text
from ui.style.widgets import muted, push_button
from ui.teaching.fields import LineField, TextField, form, labelled

Changed = Callable[[], object]
CHOICE = (
    "The answers by rising numbers: each is right where the run measures less than its number, and no less than the "
    "number of the answer above. The last has no end."
)
ORDER = "What is put in order, one a line; what the run measures must be as many numbers, in the same order."
ROWS = 4


class AnswerEditor(QWidget):
    """Edits a question in place."""

    def __init__(self, changed: Changed) -> None:
        super().__init__()
        self.question: dict[str, Any] = {}
        self._changed = changed
        self.make()

    def make(self) -> None:
        """Its fields."""
        raise NotImplementedError

    def show_question(self, question: dict[str, Any]) -> None:
        """Edit this one from now on."""
        self.question = question
        self.show_fields()

    def show_fields(self) -> None:
        """What the question says."""
        raise NotImplementedError

    def set(self, field: str, value: Any) -> None:
        """Say this of the question."""
        if self.question.get(field) != value:
            self.question[field] = value
            self._changed()

    def set_number(self, field: str, text: str) -> None:
        """The number that was typed; until it is one the question stays."""
        number = number_of(text)
        if number is not None:
            self.set(field, number)


class NumberEditor(AnswerEditor):
    """Its unit, and what counts as near."""

    def make(self) -> None:
        self.unit = LineField("Unit behind the number", lambda text: self.set("unit", text))
        self.near = LineField("Right within", self._set_near, "as usual: a tenth, or half a decade")
        fields = form()
        fields.setContentsMargins(0, 0, 0, 0)
        labelled(fields, "&Unit", self.unit)
        labelled(fields, "An answer is ri&ght within", self.near)
        self.setLayout(fields)

    def _set_near(self, text: str) -> None:
        if text.strip():
            self.set_number("near", text)
        elif self.question.pop("near", None) is not None:
            self._changed()

    def show_fields(self) -> None:
        near = self.question.get("near")
        self.unit.show_text(self.question.get("unit", ""))
        self.near.show_text("" if near is None else exact(near))


class ChoiceEditor(AnswerEditor):
    """A line for each answer, with the number up to which it is right."""

    def make(self) -> None:
        self.table = QTableWidget(0, 2)
        self.table.setAccessibleName("Answers to choose from")
        self.table.setHorizontalHeaderLabels(["Answer", "right below"])
        self.table.verticalHeader().hide()
        self.table.setTabKeyNavigation(False)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.itemChanged.connect(lambda _item: self._read())
        with_text(self.table, self._fit)
        add = push_button("A&dd an answer", "One more below.", self._add)
        remove = push_button("R&emove it", "Take the chosen answer out.", self._remove)
        in_column(muted(CHOICE), self.table, in_row(add, remove, STRETCH), on=self, margins=(0, 0, 0, 0))

    def _fit(self, table: QTableWidget) -> None:
        table.setColumnWidth(1, scaled(84))
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().lineSpacing() + scaled(8))
        table.setFixedHeight((table.fontMetrics().lineSpacing() + scaled(9)) * (ROWS + 1))

    def show_fields(self) -> None:
        options = self.question["options"]
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(options))
            for row, option in enumerate(options):
                last = row == len(options) - 1
                end = option.get("up_to")
                self.table.setItem(row, 0, QTableWidgetItem(option["text"]))
                ends = QTableWidgetItem("no end" if last else "" if end is None else exact(end))
                if last:
                    ends.setFlags(ends.flags() & ~Qt.ItemFlag.ItemIsEditable)
                self.table.setItem(row, 1, ends)

    def _read(self) -> None:
        options: list[dict[str, Any]] = []
        for row in range(self.table.rowCount()):
            text, end = (self.table.item(row, column) for column in (0, 1))
            option: dict[str, Any] = {"text": "" if text is None else text.text()}
            number = None if end is None or row == self.table.rowCount() - 1 else number_of(end.text())
            options.append(option if number is None else {**option, "up_to": number})
        self.set("options", options)

    def _add(self) -> None:
        """Above the last, which has no end; a number a step above the one before."""
        options = list(self.question["options"])
        ends = [each.get("up_to") for each in options if each.get("up_to") is not None]
        options[-1] = {**options[-1], "up_to": (ends[-1] + 1 if ends else 1.0)}
        self.set("options", [*options, {"text": ""}])
        self.show_fields()

    def _remove(self) -> None:
        options, row = list(self.question["options"]), self.table.currentRow()
        if len(options) > 2 and row >= 0:
            del options[row]
            options[-1] = {"text": options[-1]["text"]}
            self.set("options", options)
            self.show_fields()


class OrderEditor(AnswerEditor):
    """A line for each item."""

    def make(self) -> None:
        self.items = TextField("What is put in order", 4, self._read, "layer 1\nlayer 2\noutput", grows=False)
        in_column(muted(ORDER), self.items, on=self, margins=(0, 0, 0, 0))

    def _read(self, text: str) -> None:
        self.set("items", [line.strip() for line in text.splitlines() if line.strip()])

    def show_fields(self) -> None:
        self.items.show_text("\n".join(each for each in self.question["items"] if each))


class CurveEditor(AnswerEditor):
    """What runs along it, and between which numbers it is drawn."""

    def make(self) -> None:
        self.axis = LineField("What runs along the curve", lambda text: self.set("axis", text), "layer")
        self.unit = LineField("What the numbers are", lambda text: self.set("unit", text))
        self.low = LineField("Least number that can be drawn", lambda text: self.set_number("low", text))
        self.high = LineField("Largest number that can be drawn", lambda text: self.set_number("high", text))
        fields = form()
        fields.setContentsMargins(0, 0, 0, 0)
        for text, field in (
            ("Along it", self.axis), ("The numbers are", self.unit), ("Drawn from", self.low), ("up to", self.high),
        ):  # fmt: skip
            labelled(fields, text, field)
        self.setLayout(fields)

    def show_fields(self) -> None:
        for field, line in (("axis", self.axis), ("unit", self.unit)):
            line.show_text(self.question.get(field, ""))
        for field, line in (("low", self.low), ("high", self.high)):
            line.show_text(exact(self.question[field]) if field in self.question else "")


def number_of(text: str) -> float | None:
    """What was typed; None where it is no number."""
    try:
        return float(read_number(text))
    except (ValueError, OverflowError):
        return None


EDITORS: Mapping[str, type[AnswerEditor]] = {
    "number": NumberEditor, "choice": ChoiceEditor, "order": OrderEditor, "curve": CurveEditor,
}  # fmt: skip
