"""The way to the lessons: menu, start page, palette and files lead here; the panel is made when one is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from simulator.experiment.experiment import Experiment, in_words
from ui.board.workspaces import BUILT_IN
from ui.settings.settings import Settings
from ui.style.panels import PanelDock
from ui.window.experiments import Experiments
from ui.window.landscape_access import LandscapeAccess
from ui.window.panel_room import PanelRoom
from ui.window.parts import WindowParts

# A start does not wait for lessons.
if TYPE_CHECKING:
    from simulator.lessons.attempts import Attempts
    from simulator.lessons.lesson import Lesson
    from ui.lessons.curtain import Curtains
    from ui.lessons.open_lesson import OpenLesson
    from ui.lessons.panel import LessonPanel


class LessonsAccess(QObject):
    """Opens lessons beside the bench of one window, one at a time."""

    course_read = Signal(object, object, object)
    """A file held a :class:`Course`: that, its lessons, and the path."""
    stage_changed = Signal()
    """A lesson was opened, went on, or was left."""

    def __init__(
        self, window: QMainWindow, parts: WindowParts, experiments: Experiments, landscape: LandscapeAccess
    ) -> None:
        super().__init__(window)
        self._landscape = landscape
        self._curtains: Curtains | None = None
        parts.bench.hold.changed.connect(self._cover)
        self._window, self._parts, self._experiments = window, parts, experiments
        self.room: PanelRoom | None = None
        """Keeps room for the panels."""
        self.dock: PanelDock | None = None
        """Once a lesson was opened."""
        self.panel: LessonPanel | None = None
        """While a lesson is open."""
        self.more: list[Callable[[QMenu], None]] = []
        """What adds further entries to the menu."""
        self._folded: list[PanelDock] = []
        """Panels that have given way to the lesson."""
        experiments.document.opened.connect(self._take_opened)
        parts.bench.closed.connect(lambda: self.panel.opened.end_measuring() if self.panel is not None else None)

    def fill_menu(self, menu: QMenu) -> None:
        """All lessons, in their groups."""
        from ui.lessons.list import listed

        menu.clear()
        for group, lessons in listed().items():
            inner = menu.addMenu(group)
            for each in lessons:
                entry = inner.addAction(each.title)
                entry.triggered.connect(lambda _on=False, lesson=each.lesson: self.open(lesson))
        menu.addSeparator()
        show = menu.addAction("&Show the lesson's panel", self._show_dock)
        leave = menu.addAction("&Leave the lesson", self.close)
        for entry in (show, leave):
            entry.setEnabled(self.panel is not None)
        for fill in self.more:
            fill(menu)

    def _show_dock(self) -> None:
        if self.dock is not None:
            self.dock.show()

    def open_path(self, path: Path) -> None:
        """One in a file, or a course; what it cannot be is said."""
        from simulator.lessons.course import read_any

        try:
            opened = read_any(path)
        except ValueError as error:
            self._parts.banner.say(f"Not opened: {in_words(error)}")
            return
        if isinstance(opened, tuple):
            self.course_read.emit(*opened, path)
        if isinstance(opened, tuple) or self.open(opened):
            Settings().add_recent(path)

    def open(self, lesson: Lesson, *, trial: bool = False) -> bool:
        """Whether the lesson stands beside the bench now, which holds what it runs; nothing of a trial is kept."""
        on_bench = isinstance(lesson.subject, Experiment)
        if on_bench and not self._experiments.may_replace():
            return False
        self.close()
        if on_bench:
            self._experiments.leaving.emit()
            self._experiments.document.replace(lesson.locked())
        self._show(self._opened(lesson, trial), lesson)
        return True

    def _show_stage(self, stage: str) -> None:
        """A race is shown where races are; until the reveal only what the lesson leaves free can be changed there."""
        panel = self.panel
        if panel is None or panel.opened.on_bench:
            return
        if stage == "running":
            self._landscape.show_landscape(panel.opened.subject, panel.lesson.locked_landscape)
        elif stage == "revealed":
            self._landscape.free()

    def _cover(self, reason: str) -> None:
        """Whatever tells of the network on the bench would tell the answer."""
        if self._curtains is None:
            from ui.lessons.curtain import Curtains

            parts = self._parts
            self._curtains = Curtains(parts.plots, (parts.status, parts.builder.foot, parts.training.curve))
        self._curtains.draw(bool(reason))

    def _opened(self, lesson: Lesson, trial: bool) -> OpenLesson:
        from ui.lessons.open_lesson import OpenLesson

        on_bench = isinstance(lesson.subject, Experiment)
        hold = self._parts.bench.hold if on_bench else self._landscape.hold
        return OpenLesson(lesson, self._parts.bench, hold, kept=not trial)

    def _show(self, opened: OpenLesson, lesson: Lesson) -> None:
        from ui.lessons.curves_on_plots import CurvesOnPlots
        from ui.lessons.panel import LessonPanel

        curves = CurvesOnPlots(self._parts.plots, lesson)
        self.panel = panel = LessonPanel(opened, curves.place if opened.on_bench else lambda _form: None)
        panel.worksheet_wanted.connect(lambda: self.write_worksheet(lesson))
        panel.answers_wanted.connect(lambda: self.write_answers([panel.opened.attempts]))
        dock = self._dock()
        dock.setWidget(panel)
        self._fold_others(dock)
        dock.show()
        opened.stage_changed.connect(self._show_stage)
        opened.stage_changed.connect(lambda _stage: self.stage_changed.emit())
        self._show_stage(opened.stage)
        self.stage_changed.emit()
        if self.room is not None:
            self.room.keep(dock)
        self._show_plots(lesson.plots)
        curves.show_first()
        panel.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_plots(self, keys: tuple[str, ...]) -> None:
        """The set of plots that has most of them, the first in view."""
        area = self._parts.plots
        most = max(BUILT_IN, key=lambda each: sum(key in each.arrangement.keys for key in keys))
        if keys:
            area.show_workspace(most.id)
        for key in keys[:1]:
            # A file may name what this version has not.
            with suppress(KeyError):
                area.show_plot(key)

    def _dock(self) -> PanelDock:
        """The panel's place at the left, made with the first lesson."""
        if self.dock is None:
            self.dock = PanelDock("Lesson", QWidget(), self._window)
            self._window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.dock)
            if self.room is not None:
                self.room.add(self.dock)
        return self.dock

    def _fold_others(self, dock: PanelDock) -> None:
        """The lesson needs the room that the other panels have; a key of theirs brings them back."""
        others = [each for each in self._window.findChildren(PanelDock) if each is not dock]
        self._folded = [each for each in others if not each.isHidden()]
        for each in self._folded:
            each.given_way = True
            each.hide()

    def _take_opened(self, experiment: Experiment) -> None:
        """Another experiment has been opened: the lesson is over, unless it is its own."""
        if self.panel is None or not self.panel.opened.on_bench:
            return
        title = self.panel.lesson.title
        if not experiment.locks or experiment.locks.lesson != title:
            self.close()
            self._parts.banner.say(f"The lesson “{title}” is left: another experiment has been opened.")

    def close(self) -> None:
        """Put the lesson away; the bench keeps what it holds, without locks."""
        panel, self.panel = self.panel, None
        if panel is None:
            return
        self._landscape.free()
        panel.opened.unlock()
        panel.opened.close()
        panel.let_go()
        self._parts.plots.board.restore()
        panel.hide()
        panel.deleteLater()
        if self.dock is not None:
            self.dock.hide()
        for each in self._folded:
            each.given_way = False
            each.show()
        self._folded = []
        self.stage_changed.emit()

    # -- files ----------------------------------------------------------------------------------------------------

    def write_worksheet(self, lesson: Lesson) -> None:
        """On paper, where a person says."""
        from ui.dialogs import lesson_files as files
        from ui.lessons.worksheet import write_worksheet

        path = files.ask_worksheet(self._window, self._experiments.suggestion(".pdf").with_stem(lesson.name))
        if path is not None:
            self._write(path, lambda: write_worksheet(lesson, path))

    def write_answers(self, every: Sequence[Attempts]) -> None:
        """As a table, under a name that is asked for."""
        from simulator.lessons.attempts import table
        from simulator.system.atomic import write_atomic
        from ui.dialogs import lesson_files as files

        settings = Settings()
        name = files.ask_name(self._window, settings.text("lessons/pupil"))
        path = None if name is None else files.ask_answers(self._window, self._experiments.suggestion(".csv"))
        if name is None or path is None:
            return
        settings.set("lessons/pupil", name)
        self._write(path, lambda: write_atomic(path, table(name, every).encode()))

    def _write(self, path: Path, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            self._parts.banner.say(f"{path}: cannot be written: {error.strerror or error}")
        else:
            self._parts.banner.say(f"Written to {path}")
