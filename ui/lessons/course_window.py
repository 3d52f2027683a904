"""A course as a pupil has it: its lessons in their order, how far one is in each, and what was answered in all."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QListWidget, QWidget

from simulator.lessons.course import Course
from simulator.lessons.lesson import Lesson
from ui.lessons.list import SIGNS
from ui.lessons.open_lesson import attempts_of
from ui.lessons.prose import Prose
from ui.style.boxes import in_column, in_row
from ui.style.help import set_page
from ui.style.numbers import count, integer
from ui.style.screen import within_screen
from ui.style.text_size import resize_text
from ui.style.widgets import progress_bar, push_button

SIZE = (460, 520)


class CourseWindow(QWidget):
    """Stays open beside the main window; progress is read anew whenever it comes to the front."""

    lesson_chosen = Signal(object)
    answers_wanted = Signal(object)
    """Of all these lessons."""
    left = Signal()
    """The course is not to be listed any more; what was answered stays."""

    def __init__(self, course: Course, lessons: tuple[Lesson, ...], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("course")
        set_page(self, "how-to/lessons")
        self.course, self.lessons = course, lessons
        self.setWindowTitle(f"{course.title} — Course")
        self.text = Prose("What the course is about")
        self.text.say(course.text)
        self.list = QListWidget()
        self.list.setAccessibleName("Lessons of the course")
        self.list.itemActivated.connect(lambda _item: self._open())
        self.status = QLabel()
        self.bar = progress_bar("How much of the course is done", len(lessons))
        self.open = push_button("&Open the lesson", "Beside the bench, in the main window.", self._open)
        self.open.setDefault(True)
        self.answers = push_button(
            "&Answers…", "All your attempts in this course as a table (CSV), under a name that you choose.",
            lambda: self.answers_wanted.emit(self.lessons),
        )  # fmt: skip
        self.leave = push_button(
            "&Leave the course", "Take it out of the menu; what you have answered stays.", self.left.emit
        )
        self._lay_out()
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.close)
        self.resize(within_screen(self, *SIZE))
        self.show_progress()
        self.list.setCurrentRow(next((at for at, state in enumerate(self.states) if state != "done"), 0))

    def _lay_out(self) -> None:
        title = QLabel(self.course.title, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        resize_text(title, 1.25, bold=True)
        row = in_row(self.open, self.answers, self.leave)
        in_column(
            title, self.text, self.status, self.bar, (self.list, 1), row, on=self, spacing=8, margins=(14, 12, 14, 12)
        )

    @property
    def states(self) -> list[str]:
        """Of each lesson: not begun, begun, done."""
        return [attempts_of(lesson.name).state for lesson in self.lessons]

    def show_progress(self) -> None:
        """As it is now."""
        row, states = self.list.currentRow(), self.states
        self.list.clear()
        for place, (lesson, state) in enumerate(zip(self.lessons, states, strict=True), 1):
            self.list.addItem(f"{SIGNS[state]}{integer(place)}. {lesson.title} ({count(lesson.minutes, 'minute')})")
        self.list.setCurrentRow(row)
        done = states.count("done")
        self.status.setText(f"{integer(done)} of {count(len(states), 'lesson')} done")
        self.bar.setValue(done)

    def _open(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self.lessons):
            self.lesson_chosen.emit(self.lessons[row])
