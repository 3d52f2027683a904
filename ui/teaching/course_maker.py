"""“Make a course”: lessons of the program and from files, in an order, in one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QCloseEvent, QKeySequence
from PySide6.QtWidgets import QLabel, QListWidget, QWidget

from simulator.experiment.experiment import ExperimentError
from simulator.lessons.course import FORMAT, Course, from_builtins
from simulator.lessons.files import shipped, to_builtins
from simulator.lessons.lesson import Lesson
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.help import set_page
from ui.style.screen import within_screen
from ui.style.widgets import muted, push_button
from ui.teaching.fields import Choice, LineField, TeachingWindow, TextField, form, labelled

SIZE = (560, 600)
NONE = "A course is a list of lessons in their order. Add those that come with the program, or your own from files."


class CourseMaker(TeachingWindow):
    """Edits one course; who opened it asks for files and writes them."""

    def __init__(
        self, add_file: Callable[[], Lesson | None], save: Callable[[Course, bool], bool], load: Callable[[], object],
        parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setWindowTitle("Make a course")
        set_page(self, "how-to/teaching")
        self._add_file, self._save = add_file, save
        self.path: Path | None = None
        self.dirty = False
        self._lessons: list[str | dict[str, Any]] = []
        self.title = LineField("Title of the course", lambda _text: self._touch(), "What pupils read")
        self.text = TextField("What the course is about", 4, lambda _text: self._touch(), "Markdown", grows=False)
        self.list = QListWidget()
        self.list.setAccessibleName("Lessons of the course")
        self.shipped = Choice("A lesson of the program", lambda _name: None, [(e.title, e.name) for e in shipped()])
        self.status = QLabel(wordWrap=True)
        self._make_buttons(load)
        self._lay_out()
        self.resize(within_screen(self, *SIZE))
        self._show()

    def _make_buttons(self, load: Callable[[], object]) -> None:
        tip = "Put this lesson at the end."
        self.add = push_button("&Add", tip, lambda: self.append(str(self.shipped.currentData())))
        self.from_file = push_button(
            "Add from a &file…", "Put a lesson of your own at the end; the course holds it whole.", self._ask
        )
        self.up = push_button("U&p", "Earlier.", lambda: self.move_chosen(-1))
        self.down = push_button("Do&wn", "Later.", lambda: self.move_chosen(1))
        self.remove = push_button("&Remove", "Take the chosen lesson out.", self.remove_chosen)
        self.new = push_button("&New", "Begin another course.", self.begin)
        self.open = push_button("&Open…", "Change a course that stands in a file.", load)
        self.save = push_button("Sa&ve…", "Write the course into a file.", lambda: self.write(self.path is None))
        self.acts |= {
            QKeySequence.StandardKey.Save: self.save.click, QKeySequence.StandardKey.Open: self.open.click,
            QKeySequence.StandardKey.New: self.new.click,
            QKeySequence.StandardKey.SaveAs: lambda: self.write(True),
        }  # fmt: skip

    def _lay_out(self) -> None:
        fields = form()
        labelled(fields, "&Title", self.title)
        labelled(fields, "A&bout", self.text)
        further = in_row((self.shipped, 1), self.add, self.from_file)
        chosen = in_row(self.up, self.down, self.remove, STRETCH)
        foot = in_row(self.new, self.open, STRETCH, self.save)
        in_column(
            muted(NONE), fields, further, (self.list, 1), chosen, self.status, foot, on=self, spacing=8,
            margins=(12, 10, 12, 10),
        )  # fmt: skip

    # -- the course ------------------------------------------------------------------------------------------------

    def course(self) -> Course:
        """As it stands; ExperimentError says what is missing."""
        if not self.title.text().strip():
            raise ExperimentError("the course has no title", words="The course has no title.")
        if not self._lessons:
            raise ExperimentError("the course has no lesson", words="There is no lesson in it yet.")
        plain = {"format": FORMAT, "title": self.title.text(), "text": self.text.toPlainText()}
        return from_builtins({**plain, "lessons": list(self._lessons)})

    def show_course(self, course: Course, path: Path | None) -> None:
        """Edit this one from now on."""
        self.title.show_text(course.title)
        self.text.show_text(course.text)
        self._lessons, self.path, self.dirty = list(course.lessons), path, False
        self._show()

    def append(self, lesson: str | dict[str, Any]) -> None:
        """Put a lesson at the end."""
        self._lessons.append(lesson)
        self._touch()
        self.list.setCurrentRow(len(self._lessons) - 1)

    def _ask(self) -> None:
        lesson = self._add_file()
        if lesson is not None:
            self.append(msgspec.json.decode(msgspec.json.encode(to_builtins(lesson))))

    def move_chosen(self, by: int) -> None:
        """The chosen lesson earlier or later."""
        row = self.list.currentRow()
        if row >= 0 and 0 <= row + by < len(self._lessons):
            self._lessons.insert(row + by, self._lessons.pop(row))
            self._touch()
            self.list.setCurrentRow(row + by)

    def remove_chosen(self) -> None:
        """Take the chosen lesson out."""
        row = self.list.currentRow()
        if 0 <= row < len(self._lessons):
            del self._lessons[row]
            self._touch()

    def write(self, ask: bool) -> bool:
        """Whether it is written."""
        try:
            course = self.course()
        except ExperimentError as error:
            self.status.setText(error.in_words)
            return False
        return self._save(course, ask)

    def show_saved(self, path: Path) -> None:
        """The course stands in this file now."""
        self.path, self.dirty = path, False
        self._show()

    def say(self, sentence: str) -> None:
        """Until the course changes."""
        self.status.setText(sentence)

    # -- showing ---------------------------------------------------------------------------------------------------

    def _touch(self) -> None:
        self.dirty = True
        self._show()

    def _show(self) -> None:
        titles = {lesson.name: lesson.title for lesson in shipped()}
        row = self.list.currentRow()
        with QSignalBlocker(self.list):
            self.list.clear()
            for place, each in enumerate(self._lessons, 1):
                title = titles.get(each, each) if isinstance(each, str) else str(each.get("title", "–"))
                self.list.addItem(f"{place}. {title}{'' if isinstance(each, str) else '  (your own)'}")
            self.list.setCurrentRow(min(max(row, 0), len(self._lessons) - 1))
        for button_ in (self.up, self.down, self.remove):
            button_.setEnabled(bool(self._lessons))
        try:
            self.course()
            self.status.setText("The course is whole.")
        except ExperimentError as error:
            self.status.setText(error.in_words)
        self.setWindowTitle(
            f"{'• ' if self.dirty else ''}{self.path.stem if self.path else 'New course'} — Make a course"
        )

    def begin(self) -> None:
        """An empty course in the place of this one."""
        if self._may_leave():
            self.show_course(Course(title="", lessons=()), None)

    def _may_leave(self) -> bool:
        """Whether the course stands in its file, or need not."""
        from ui.dialogs.files import ask_unsaved

        if not self.dirty or not (self.title.text() or self._lessons):
            return True
        answer = ask_unsaved(self, "The course")
        return answer == "discard" or (answer == "save" and self.write(self.path is None))

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_leave():
            event.ignore()
            return
        self.dirty = False
        super().closeEvent(event)
