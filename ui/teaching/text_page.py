"""First page: what is run, what the lesson is called, and what a pupil reads before the prediction."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QSpinBox

from simulator.experiment.experiment import Experiment, ExperimentError, in_words
from simulator.lessons.draft import slug
from simulator.lessons.lesson import MOST_STEPS, LessonSubject
from ui.style.boxes import STRETCH, in_row
from ui.style.numbers import count
from ui.style.widgets import muted, push_button
from ui.teaching.fields import FieldsPage, LineField, TextField, form, labelled
from ui.teaching.model import LessonInMaking

TEXT_HINT = (
    "What is this about, and what shall the pupil think over? Markdown: *slanted*, **bold**, - lists; formulas stand "
    "between dollars: $\\eta$, $\\sqrt{n}$. {{steps}} stands for a number of the experiment; more of them are named on "
    "the page Controls."
)


class TextPage(FieldsPage):
    """Title, text and what is run."""

    bench_wanted = Signal()
    landscape_wanted = Signal()

    def __init__(self, making: LessonInMaking) -> None:
        super().__init__("Text")
        self.making = making
        self.run = muted()
        self.steps = self._spin("Steps of the run", 0, MOST_STEPS, "steps")
        self.minutes = self._spin("Minutes that it takes", 1, 60, "minutes")
        self.title = LineField("Title", self._set_title, "What pupils read in the list of lessons")
        self.name = LineField("Name in tables", lambda text: making.set("name", text.strip()))
        self.text = TextField("Text before the prediction", 10, lambda text: making.set("text", text), TEXT_HINT)
        self._lay_out()
        making.exchanged.connect(self.show_draft)
        self.show_draft()

    def _spin(self, name: str, least: int, most: int, field: str) -> QSpinBox:
        box = QSpinBox()
        box.setAccessibleName(name)
        box.setRange(least, most)
        box.valueChanged.connect(lambda value: self.making.set(field, value))
        return box

    def _lay_out(self) -> None:
        self.take_bench = push_button(
            "Take what is on the &bench", "The lesson runs the experiment of the main window as it is now.",
            self.bench_wanted.emit,
        )  # fmt: skip
        self.take_landscape = push_button(
            "Take the &landscape", "The lesson runs the race of the landscape window as it is now.",
            self.landscape_wanted.emit,
        )  # fmt: skip
        self.fields = fields = form()
        labelled(fields, "&Title", self.title)
        labelled(fields, "N&ame in tables", self.name)
        labelled(fields, "&Minutes it takes", self.minutes)
        labelled(fields, "&Steps of the run", self.steps)
        row = in_row(self.take_bench, self.take_landscape, STRETCH)
        self.fill(self.run, row, fields, muted("What the pupil reads before the prediction:"), (self.text, 1))

    def _set_title(self, text: str) -> None:
        self.making.set("title", text)
        self.name.setPlaceholderText(slug(text))

    def show_draft(self) -> None:
        """What the lesson holds."""
        plain = self.making.draft.plain
        self.title.show_text(plain.get("title", ""))
        self.name.show_text(plain.get("name", ""))
        self.name.setPlaceholderText(slug(plain.get("title", "")))
        self.text.show_text(plain.get("text", ""))
        for box, value in ((self.steps, plain.get("steps", 0)), (self.minutes, plain.get("minutes", 10))):
            with QSignalBlocker(box):
                box.setValue(value)
        try:
            subject = self.making.draft.subject
            self.run.setText(f"The lesson runs {what_runs(subject)}.")
            # A race has steps of its own.
            self.fields.setRowVisible(self.steps, isinstance(subject, Experiment))
        except ExperimentError as error:
            self.run.setText(f"What the lesson runs cannot be made here: {in_words(error)}")


def what_runs(subject: LessonSubject) -> str:
    """``a network on digits, 10 layers``"""
    if not isinstance(subject, Experiment):
        racing = count(len(subject.optimizers), "optimiser")
        return f"a race of {racing} on {subject.function.title}, {count(subject.steps, 'step')}"
    networks = len(subject.all_lanes())
    layers = count(sum(1 for _ in subject.expanded()) + 1, "layer")
    which = f"a network of {layers}" if networks == 1 else f"{count(networks, 'network')}, the first of {layers},"
    return f"{which} on {subject.data.title}"
