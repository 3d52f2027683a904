"""The way to the teacher's windows, and from there to files and to a trial in the main window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from simulator.experiment.experiment import Experiment, ExperimentError, in_words
from ui.style.actions import action
from ui.window.experiments import Experiments
from ui.window.landscape_access import LandscapeAccess
from ui.window.lessons_access import LessonsAccess
from ui.window.parts import WindowParts

# A start does not wait for them.
if TYPE_CHECKING:
    from simulator.lessons.course import Course
    from simulator.lessons.draft import Draft
    from simulator.lessons.lesson import Lesson
    from ui.teaching.course_maker import CourseMaker
    from ui.teaching.window import LessonMaker


class TeachingAccess(QObject):
    """Makes the windows when they are first wanted."""

    def __init__(
        self,
        parts: WindowParts,
        experiments: Experiments,
        lessons: LessonsAccess,
        landscape: LandscapeAccess,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._parts, self._experiments, self._window = parts, experiments, window
        self._lessons, self._landscape = lessons, landscape
        self.maker: LessonMaker | None = None
        self.course: CourseMaker | None = None
        self._before: tuple[Experiment, Path | None] | None = None
        """What stood on the bench before a trial."""
        self.actions = self._make_actions()
        lessons.more.append(self.fill_menu)
        lessons.stage_changed.connect(self._show_trial)
        parts.plots.number_asked.connect(self.ask)
        parts.bench.closed.connect(self._end)

    def _make_actions(self) -> tuple[QAction, ...]:
        tip = (
            "A lesson from what is on the bench: text, what is free and locked, questions about what the run measures."
        )
        lesson = action(self._window, "&Make a lesson…", self.open, keys="Ctrl+Shift+K", tip=tip)
        tip = "Lessons of the program and your own in an order, in one file."
        return lesson, action(self._window, "Ma&ke a course…", self.open_course, tip=tip)

    def fill_menu(self, menu: QMenu) -> None:
        """Entries that open both windows."""
        menu.addSeparator()
        menu.addActions(self.actions)

    # -- a lesson --------------------------------------------------------------------------------------------------

    def open(self) -> LessonMaker:
        """Bring the window to the front; what is being made in it stays."""
        if self.maker is None:
            self.maker = self._make()
        self.maker.show()
        self.maker.raise_()
        self.maker.activateWindow()
        return self.maker

    def _make(self) -> LessonMaker:
        from ui.teaching.model import LessonInMaking
        from ui.teaching.window import LessonMaker

        making = LessonInMaking(self._of_bench(), self._parts.bench.link.mode, self._held)
        maker = LessonMaker(making, self._may_drop, self._window)
        maker.text.bench_wanted.connect(self._take_bench)
        maker.text.landscape_wanted.connect(self._take_landscape)
        maker.new_wanted.connect(self._begin)
        maker.open_wanted.connect(self._ask_open)
        maker.save_wanted.connect(self.save)
        maker.worksheet_wanted.connect(self._lessons.write_worksheet)
        maker.trial_wanted.connect(self._try)
        maker.trial_ended.connect(self._end_trial)
        return maker

    def _held(self) -> str:
        """Why nothing is measured for now: it would tell the answer of a lesson that is no trial."""
        return "" if self.on_trial else self._parts.bench.hold.reason or self._landscape.hold.reason

    def ask(self, key: str) -> None:
        """A question about what a plot shows."""
        from ui.plots.asked import quantities_of

        plot = self._parts.plots.plot(key)
        self.open().ask(quantities_of(plot), plot.title)

    def _on_bench(self) -> tuple[Experiment, int]:
        """What is on the bench, and how far its run is; a lesson begins at step 0."""
        return self._parts.bench.document.experiment, self._parts.bench.step

    def _of_bench(self) -> Draft:
        from simulator.lessons.draft import USUAL_STEPS, Draft

        experiment, step = self._on_bench()
        return Draft.of(experiment, step or USUAL_STEPS)

    def _begin(self) -> None:
        if self.maker is not None and self._may_drop():
            self.maker.making.begin(self._of_bench())

    def _take_bench(self) -> None:
        assert self.maker is not None
        experiment, step = self._on_bench()
        self.maker.making.take(experiment, step or int(self.maker.making.draft.plain.get("steps", 0)) or 100)

    def _take_landscape(self) -> None:
        assert self.maker is not None
        self._landscape.open()
        assert self._landscape.window is not None
        self.maker.making.take(self._landscape.window.view.model.landscape, 0)
        self.maker.raise_()
        self.maker.activateWindow()

    def _may_drop(self) -> bool:
        """Whether the lesson that is being made may be given up."""
        from ui.dialogs import files

        if self.maker is None or not self.maker.making.dirty:
            return True
        answer = files.ask_unsaved(self.maker, "The lesson")
        if answer == "save":
            return self.save(False)
        if answer == "discard":
            self.maker.making.dirty = False
        return answer == "discard"

    def _ask_file(self, parent: QWidget, title: str = "Open a lesson") -> Path | None:
        from ui.dialogs import lesson_files

        return lesson_files.ask_lesson(parent, self._experiments.suggestion("").parent, title)

    def _ask_open(self) -> None:
        assert self.maker is not None
        path = self._ask_file(self.maker)
        if path is not None and self._may_drop():
            self.load(path)

    def load(self, path: Path) -> None:
        """Change the lesson in a file; what it cannot be is said."""
        from simulator.lessons.draft import Draft
        from simulator.lessons.files import read

        maker = self.open()
        try:
            maker.making.begin(Draft.opened(read(path)), path)
        except ValueError as error:
            maker.say(f"Not opened: {in_words(error)}")

    def save(self, ask: bool) -> bool:
        """Whether the lesson stands in its file now, with the table that it reads beside it."""
        from simulator.lessons.packing import save_with_data

        maker = self.maker
        assert maker is not None
        lesson, reason = maker.making.lesson()
        if lesson is None:
            maker.say(reason)
            return False
        path = maker.making.path
        if ask or path is None:
            path = self._ask_new(maker, lesson.name, path)
        return path is not None and _write(maker, path, partial(save_with_data, lesson))

    def _ask_new(self, parent: QWidget, name: str, before: Path | None = None) -> Path | None:
        """Where a lesson or a course of this name shall be, which was in a file ``before``."""
        from ui.dialogs import lesson_files

        suggestion = self._experiments.suggestion(".nabla-lesson").with_stem(name)
        return lesson_files.ask_lesson_file(parent, before or suggestion)

    # -- the trial -------------------------------------------------------------------------------------------------

    def _try(self, lesson: Lesson) -> None:
        """As a pupil has it; what stood on the bench comes back when the trial is over."""
        document = self._experiments.document
        before = document.experiment, document.path
        if not self._lessons.open(lesson, trial=True):
            self._show_trial()
            return
        self._before = before if isinstance(lesson.subject, Experiment) else None
        self._show_trial()
        self._window.raise_()
        self._window.activateWindow()

    def _end_trial(self) -> None:
        before, self._before = self._before, None
        self._lessons.close()
        if before is not None:
            self._experiments.document.replace(*before)
        self.open()

    @property
    def on_trial(self) -> bool:
        """Whether a lesson stands in the main window of which nothing is kept."""
        panel = self._lessons.panel
        return panel is not None and not panel.opened.kept

    def _show_trial(self) -> None:
        if self.maker is not None:
            self.maker.show_trial(self.on_trial)
        if not self.on_trial and self._lessons.panel is not None:
            self._before = None

    # -- a course --------------------------------------------------------------------------------------------------

    def open_course(self) -> CourseMaker:
        """Bring the window to the front; what is being made in it stays."""
        if self.course is None:
            from ui.teaching.course_maker import CourseMaker

            self.course = CourseMaker(self._ask_lesson, self._save_course, self._ask_course, self._window)
        self.course.show()
        self.course.raise_()
        self.course.activateWindow()
        return self.course

    def _ask_lesson(self) -> Lesson | None:
        from simulator.lessons.files import read

        assert self.course is not None
        path = self._ask_file(self.course)
        try:
            return None if path is None else read(path)
        except ValueError as error:
            self.course.say(f"Not added: {in_words(error)}")
            return None

    def _ask_course(self) -> None:
        from simulator.lessons.course import read

        assert self.course is not None
        path = self._ask_file(self.course, "Open a course")
        try:
            if path is not None:
                self.course.show_course(read(path)[0], path)
        except ValueError as error:
            self.course.say(f"Not opened: {in_words(error)}")

    def _save_course(self, course: Course, ask: bool) -> bool:
        from simulator.lessons.draft import slug
        from simulator.lessons.packing import save_course_with_data

        maker = self.course
        assert maker is not None
        path = self._ask_new(maker, slug(course.title)) if ask or maker.path is None else maker.path
        return path is not None and _write(maker, path, partial(save_course_with_data, course))

    def may_close(self) -> bool:
        """Whether what is being made may be given up with the main window."""
        return self._may_drop() and (self.course is None or self.course.close())

    def _end(self) -> None:
        """The main window closes, and they with it."""
        maker, self.maker = self.maker, None
        if maker is not None:
            maker.making.dirty = False
            maker.making.close()
            maker.close()
        if self.course is not None:
            self.course.dirty = False
            self.course.close()


def _write(maker: LessonMaker | CourseMaker, path: Path, write: Callable[[Path], list[str]]) -> bool:
    """Whether it stands in its file now; its window says so, with what belongs to it, or why it does not."""
    try:
        beside = write(path)
    except OSError as error:
        maker.say(f"Not saved: it cannot be written: {error.strerror or error}")
        return False
    except ExperimentError as error:
        maker.say(f"Not saved: {error.in_words}")
        return False
    maker.show_saved(path)
    together = f" It reads {', '.join(beside)} beside it: pass all on together." if beside else ""
    maker.say(f"Written to {path}.{together}")
    return True
