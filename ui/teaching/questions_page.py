"""Third page: the questions in their order, and the one that is being made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, QTimer
from PySide6.QtWidgets import QListWidget

from ui.style.boxes import STRETCH, in_row
from ui.style.text_size import with_text
from ui.style.widgets import muted, progress_bar, push_button
from ui.teaching.fields import Choice, FieldsPage
from ui.teaching.model import LessonInMaking
from ui.teaching.number_picker import NumberPicker
from ui.teaching.question_editor import KINDS, QuestionEditor

ROWS = 4
NONE = "No question yet. “Ask for a number…” chooses what the run measures; what should come of it you say yourself."
AT_FIRST: Mapping[str, dict[str, object]] = {
    "number": {"scored": "percent", "tolerance": 10.0}, "choice": {"scored": "difference", "tolerance": 0.5},
    "order": {"scored": "difference", "tolerance": 0.0}, "curve": {"scored": "decades", "tolerance": 0.5},
}  # fmt: skip
"""How the distance is counted, and how large it may be, in a new question."""


class QuestionsPage(FieldsPage):
    """A list of questions over the editor of the chosen one."""

    def __init__(self, making: LessonInMaking) -> None:
        super().__init__("Questions")
        self.making = making
        self.list = QListWidget()
        self.list.setAccessibleName("Questions of the lesson")
        self.list.currentRowChanged.connect(lambda _row: self._show_chosen())
        with_text(self.list, lambda rows: rows.setFixedHeight((rows.fontMetrics().lineSpacing() + 6) * ROWS))
        self.kind = Choice("Kind of answer of a new question", lambda _kind: None, KINDS)
        self.kind.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToContents)
        self.ask = push_button("&Ask for a number…", "A new question about what the run measures.", self.ask_number)
        self.remove = push_button("&Remove", "Take the chosen question out.", self.remove_chosen)
        self.up = push_button("U&p", "Ask it earlier.", lambda: self.move_chosen(-1))
        self.down = push_button("Do&wn", "Ask it later.", lambda: self.move_chosen(1))
        self.measure = push_button(
            "&Measure now", "Make the run, and show what it measures beside what is expected.", self.make_run
        )
        self.status = muted()
        self.bar = progress_bar("How far the measuring is", 0)
        self.editor = QuestionEditor(making)
        self.editor.edited.connect(self._take_edit)
        self.editor.pick_wanted.connect(self.pick_chosen)
        self.shown: tuple[Sequence[str], str] = ((), "")
        """Quantities of the plot that the last question was asked from, and its title."""
        self._lay_out()
        making.exchanged.connect(self.show_draft)
        making.measured.connect(self._show_measuring)
        making.progressed.connect(self.status.setText)
        self.show_draft()
        self._show_measuring()

    def _lay_out(self) -> None:
        first = in_row(self.ask, self.kind, STRETCH)
        second = in_row(self.up, self.down, self.remove, STRETCH, self.measure)
        self.fill(first, self.list, second, self.status, self.bar, self.editor, STRETCH)

    # -- showing ---------------------------------------------------------------------------------------------------

    def show_draft(self) -> None:
        """The draft's questions."""
        self._list(max(self.list.currentRow(), 0))

    def _list(self, chosen: int) -> None:
        questions = self.making.draft.questions
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItems([_line(place, each) for place, each in enumerate(questions, 1)])
            self.list.setCurrentRow(min(chosen, len(questions) - 1))
        self._show_chosen()

    def _show_chosen(self) -> None:
        row = self.list.currentRow()
        some = 0 <= row < len(self.making.draft.questions)
        self.editor.setVisible(some)
        for each in (self.remove, self.up, self.down):
            each.setEnabled(some)
        if some:
            self.editor.show_question(self.making.draft.questions[row])
        self._show_measuring()

    def _show_measuring(self) -> None:
        making = self.making
        self.bar.setVisible(making.measuring)
        self.measure.setEnabled(not making.measuring)
        refusal = f"It could not be measured: {making.refusal}" if making.refusal else ""
        self.status.setText(refusal if making.draft.questions else NONE)
        self.status.setVisible(making.measuring or bool(self.status.text()))

    def _take_edit(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < self.list.count():
            self.list.item(row).setText(_line(row + 1, self.making.draft.questions[row]))
        self.making.touch()

    # -- changing --------------------------------------------------------------------------------------------------

    def ask_number(self, shown: Sequence[str] = (), plot: str = "") -> None:
        """A new question about a number that is chosen from all, or from those that a plot shows."""
        picker = NumberPicker(self.making.draft, self, shown, plot)
        picker.accepted.connect(lambda: self.add(picker.formula(), picker.title))
        picker.finished.connect(lambda _result: picker.deleteLater())
        picker.open()

    def add(self, measured: str, title: str) -> None:
        """A new question, of the kind that stands above, on what a formula says."""
        kind = str(self.kind.currentData())
        prompt = f"{title}?" if title else ""
        place = self.making.draft.add_question(kind, measured=measured, prompt=prompt, **AT_FIRST[kind])
        self._list(place)
        self.making.touch()
        QTimer.singleShot(0, self._go_to_prompt)

    def _go_to_prompt(self) -> None:
        self.ensureWidgetVisible(self.editor.prompt)
        self.editor.prompt.setFocus()
        self.editor.prompt.selectAll()

    def pick_chosen(self) -> None:
        """Choose the number that the chosen question asks for."""
        picker = NumberPicker(self.making.draft, self)
        picker.accepted.connect(lambda: self._take_picked(picker.formula()))
        picker.finished.connect(lambda _result: picker.deleteLater())
        picker.open()

    def _take_picked(self, formula: str) -> None:
        row = self.list.currentRow()
        if formula and 0 <= row < len(self.making.draft.questions):
            self.making.draft.questions[row]["measured"] = formula
            self._list(row)
            self.making.touch()

    def remove_chosen(self) -> None:
        """Take the chosen question out."""
        row = self.list.currentRow()
        if 0 <= row < len(self.making.draft.questions):
            del self.making.draft.questions[row]
            self._list(max(row - 1, 0))
            self.making.touch()

    def move_chosen(self, by: int) -> None:
        """Ask the chosen question earlier or later."""
        row = self.list.currentRow()
        if row >= 0:
            self._list(self.making.draft.move_question(row, by))
            self.making.touch()

    def make_run(self) -> None:
        """Measure; what stands in the way is said."""
        reason = self.making.measure()
        if reason:
            self.status.setText(reason)
            self.status.show()


def _line(place: int, question: dict[str, object]) -> str:
    kind = next(text for text, kind in KINDS if kind == question["kind"])
    prompt = " ".join(str(question.get("prompt", "")).split()) or "…"
    return f"{place}. {prompt}  ({kind})"
