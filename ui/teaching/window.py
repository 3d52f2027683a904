"""“Make a lesson”: four pages at the left, the lesson as a pupil will see it at the right, what is missing below."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence
from PySide6.QtWidgets import QLabel, QSplitter, QTabWidget, QWidget

from simulator.experiment.experiment import Experiment
from simulator.lessons.lesson import Lesson
from ui.settings.settings import Settings
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.help import set_page
from ui.style.screen import within_screen
from ui.style.text_size import resize_text, scaled, with_text
from ui.style.widgets import push_button
from ui.teaching.after_page import AfterPage
from ui.teaching.controls_page import ControlsPage
from ui.teaching.fields import TeachingWindow
from ui.teaching.model import LessonInMaking
from ui.teaching.preview import Preview
from ui.teaching.questions_page import QuestionsPage
from ui.teaching.text_page import TextPage

SIZE = (1080, 720)
LEAST_HEIGHT, PAGE_WIDTH = 480, 400
HOLDS = "The lesson is whole."


class LessonMaker(TeachingWindow):
    """Stays open beside the main window."""

    trial_wanted = Signal(object)
    """The :class:`Lesson` that is to be tried as a pupil."""
    trial_ended = Signal()
    new_wanted = Signal()
    open_wanted = Signal()
    save_wanted = Signal(bool)
    """Whether a name is asked for in any case."""
    worksheet_wanted = Signal(object)

    def __init__(self, making: LessonInMaking, may_close: Callable[[], bool], parent: QWidget) -> None:
        super().__init__(parent)
        self.making, self._may_close = making, may_close
        making.setParent(self)
        set_page(self, "how-to/teaching")
        self.text, self.controls = TextPage(making), ControlsPage(making)
        self.questions, self.after = QuestionsPage(making), AfterPage(making)
        self.preview = Preview(making)
        self.pages = QTabWidget(documentMode=True)
        for place, page in enumerate((self.text, self.controls, self.questions, self.after), 1):
            self.pages.addTab(page, f"&{place} {page.accessibleName()}")
        self.status = QLabel(wordWrap=True)
        self.status.setAccessibleName("What is missing")
        self._make_buttons()
        self._lay_out()
        making.changed.connect(self._show_state)
        making.exchanged.connect(self._show_state)
        self.setMinimumHeight(LEAST_HEIGHT)
        with_text(self.pages, lambda pages: pages.setMinimumWidth(scaled(PAGE_WIDTH)))
        self.resize(within_screen(self, *SIZE))
        self.restoreGeometry(Settings().blob("teaching/geometry"))
        self._show_state()

    def _make_buttons(self) -> None:
        self.new = push_button("&New", "Begin another lesson with what is on the bench.", self.new_wanted.emit)
        self.open = push_button("&Open…", "Change a lesson that stands in a file.", self.open_wanted.emit)
        self.save = push_button("Sa&ve", "Write the lesson into its file.", lambda: self.save_wanted.emit(False))
        tip = "Write the lesson into another file."
        self.save_as = push_button("Save as…", tip, lambda: self.save_wanted.emit(True))
        self.worksheet = push_button(
            "Wor&ksheet…", "The lesson on paper (PDF): text, questions and room to answer.", self._want_worksheet
        )
        self.trial = push_button(
            "Try as a pup&il", "Open the lesson in the main window as a pupil has it; nothing of it is kept.", self._try
        )
        self.trial.setCheckable(True)
        self.acts |= {
            QKeySequence.StandardKey.Save: self.save.click, QKeySequence.StandardKey.Open: self.open.click,
            QKeySequence.StandardKey.New: self.new.click, QKeySequence.StandardKey.SaveAs: self.save_as.click,
        }  # fmt: skip

    def _lay_out(self) -> None:
        shown, head = QWidget(), QLabel("As the pupil sees it")
        resize_text(head, 1.0, bold=True)
        head.setContentsMargins(12, 8, 0, 0)
        in_column(head, (self.preview, 1), on=shown, margins=(0, 0, 0, 0))
        self.split = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self.split.addWidget(self.pages)
        self.split.addWidget(shown)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        foot = in_row(
            self.new, self.open, self.save, self.save_as, self.worksheet, STRETCH, self.trial, margins=(12, 0, 12, 10)
        )
        self.status.setContentsMargins(12, 0, 12, 0)
        in_column((self.split, 1), self.status, foot, on=self, margins=(0, 0, 0, 0))

    # -- state -----------------------------------------------------------------------------------------------------

    def _show_state(self) -> None:
        """What is missing, and what can be done with it."""
        lesson, reason = self.making.lesson()
        self.status.setText(reason or HOLDS)
        for each in (self.save, self.save_as, self.worksheet):
            each.setEnabled(lesson is not None)
        self.trial.setEnabled(lesson is not None or self.trial.isChecked())
        path = self.making.path
        mark = "• " if self.making.dirty else ""
        self.setWindowTitle(f"{mark}{'New lesson' if path is None else path.stem} — Make a lesson")

    def say(self, sentence: str) -> None:
        """Until the draft changes."""
        self.status.setText(sentence)

    def show_saved(self, path: Path) -> None:
        """The lesson stands in this file now."""
        self.making.path, self.making.dirty = path, False
        self._show_state()

    def _want_worksheet(self) -> None:
        lesson, _ = self.making.lesson()
        if lesson is not None:
            self.worksheet_wanted.emit(lesson)

    # -- the trial -------------------------------------------------------------------------------------------------

    def _try(self) -> None:
        lesson, reason = self.making.lesson()
        if not self.trial.isChecked():
            self.trial_ended.emit()
        elif isinstance(lesson, Lesson):
            self.trial_wanted.emit(lesson)
        else:
            self.say(reason)
            self.trial.setChecked(False)

    def show_trial(self, on: bool) -> None:
        """Whether the lesson stands in the main window for a trial."""
        self.trial.setChecked(on)
        self.trial.setText("End the tr&ial" if on else "Try as a pup&il")

    def ask(self, shown: tuple[str, ...], plot: str) -> None:
        """A new question about what a plot shows."""
        self.pages.setCurrentWidget(self.questions)
        self.questions.ask_number(shown, plot)

    @property
    def of_experiment(self) -> bool:
        """Whether the lesson runs on the bench."""
        return isinstance(self.making.draft.subject, Experiment)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close():
            event.ignore()
            return
        self.making.cancel()
        Settings().set("teaching/geometry", self.saveGeometry())
        super().closeEvent(event)
