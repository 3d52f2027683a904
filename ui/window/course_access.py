"""The course that a pupil is in: it is remembered by its file, and stands in the menu of lessons until it is left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QWidget

from simulator.experiment.experiment import in_words
from ui.settings.settings import Settings
from ui.window.lessons_access import LessonsAccess
from ui.window.status import Banner

# A start does not wait for it.
if TYPE_CHECKING:
    from simulator.lessons.course import Course
    from simulator.lessons.lesson import Lesson
    from ui.lessons.course_window import CourseWindow

KEY = "lessons-course"


class CourseAccess(QObject):
    """Opens a course beside one window."""

    def __init__(self, lessons: LessonsAccess, banner: Banner, window: QWidget) -> None:
        super().__init__(window)
        self._lessons, self._banner, self._window = lessons, banner, window
        self.window: CourseWindow | None = None
        """While a course is open."""
        lessons.course_read.connect(self.open)
        lessons.stage_changed.connect(self._show_progress)
        lessons.more.append(self.fill_menu)

    def fill_menu(self, menu: QMenu) -> None:
        """The course, by its file's name until it is read."""
        path = Settings().text(KEY)
        if path:
            menu.addSeparator()
            name = self.window.course.title if self.window is not None else Path(path).stem
            menu.addAction(f"&Course: {name.replace('&', '&&')}…", self.show)

    def show(self) -> None:
        """Bring it to the front; read its file where that has not been done yet."""
        from simulator.lessons.course import read

        if self.window is None:
            path = Path(Settings().text(KEY))
            try:
                course, lessons = read(path)
            except ValueError as error:
                self._banner.say(f"Not opened: {in_words(error)}")
                return
            self.open(course, lessons, path)
            return
        self.window.show_progress()
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def open(self, course: Course, lessons: tuple[Lesson, ...], path: Path) -> None:
        """This course from now on."""
        from ui.lessons.course_window import CourseWindow

        self._end()
        Settings().set(KEY, str(path.absolute()))
        self.window = window = CourseWindow(course, lessons, self._window)
        window.lesson_chosen.connect(self._open_lesson)
        window.answers_wanted.connect(self._write_answers)
        window.left.connect(self.leave)
        self.show()

    def leave(self) -> None:
        """The menu does not have it any more."""
        Settings().forget(KEY)
        self._end()

    def _end(self) -> None:
        window, self.window = self.window, None
        if window is not None:
            window.close()
            window.deleteLater()

    def _open_lesson(self, lesson: Lesson) -> None:
        if self._lessons.open(lesson):
            self._window.raise_()
            self._window.activateWindow()

    def _write_answers(self, lessons: tuple[Lesson, ...]) -> None:
        from ui.lessons.open_lesson import attempts_of

        self._lessons.write_answers([attempts_of(lesson.name) for lesson in lessons])

    def _show_progress(self) -> None:
        if self.window is not None:
            self.window.show_progress()
