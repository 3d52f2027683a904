"""The window: network left, plots in the centre, training right, transport on top, words at the bottom."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QEvent, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QMainWindow, QWidget

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import OWN_NAME
from simulator.schema.parameter import replaced
from simulator.training.run_info import RunInfo
from ui.bench.bench import Bench
from ui.bench.chosen_lane import ChosenLane
from ui.bench.document import Document
from ui.bench.link import SessionFactory
from ui.board.plot_area import PlotArea
from ui.builder.builder import Builder
from ui.doctor.strip import FindingsStrip
from ui.forms.one_undo import OneUndo
from ui.forms.training import TrainingPanel
from ui.plots.base import View
from ui.settings.settings import Settings, storing
from ui.style.boxes import in_column
from ui.style.panels import PanelDock, panel_toggles
from ui.style.restyle import styled_once
from ui.timeline.bar import TimelineBar
from ui.window import menus
from ui.window.branch_access import BranchAccess
from ui.window.changes_access import ChangesAccess
from ui.window.course_access import CourseAccess
from ui.window.experiments import Experiments
from ui.window.exporting import Exporting
from ui.window.faults import Faults
from ui.window.first_hour import FirstHour
from ui.window.landscape_access import LandscapeAccess
from ui.window.lanes_bar import LanesBar, say_of_networks
from ui.window.lessons_access import LessonsAccess
from ui.window.map_access import MapAccess
from ui.window.missing_data import find_data
from ui.window.notices import Notices
from ui.window.palette_access import PaletteAccess
from ui.window.panel_arrangement import PanelArrangement
from ui.window.panel_room import PanelRoom
from ui.window.parts import WindowParts
from ui.window.past_edits import PastEdits
from ui.window.plot_edits import let_move, let_revive
from ui.window.preference_access import PreferenceAccess
from ui.window.preference_effects import PreferenceEffects
from ui.window.progress_line import ProgressLine
from ui.window.scrubbing import let_scrub
from ui.window.seeds_access import SeedsAccess
from ui.window.sharing import Sharing
from ui.window.shelf_access import ShelfAccess
from ui.window.status import Banner, StatusLine
from ui.window.step_menus import StepMenus
from ui.window.teaching_access import TeachingAccess
from ui.window.transport import TransportBar
from ui.window.verdict_strip import VerdictStrip, let_drag_target

WORDS_MS = 250
USUAL_SIZE = QSize(1280, 800)
LEAST_SCREEN = QSize(960, 600)
"""All of the window is to be seen on it."""
FRAME = QSize(8, 40)
"""What a desktop may put around the window; known only once it has."""


class MainWindow(QMainWindow):
    """Holds the parts together; what is trained is the document's, how it goes is the bench's."""

    @styled_once()
    def __init__(self, document: Document, worker: SessionFactory) -> None:
        super().__init__()
        self.settings = Settings()
        self.document = document
        document.setParent(self)
        self.bench = Bench(document, worker, self)
        self.plot_area = PlotArea(self)
        self.banner = Banner()
        self._make_lanes(document)
        self.findings = FindingsStrip(self.bench, self.plot_area)
        self.timeline = TimelineBar(self.bench)
        self.transport = TransportBar(self.bench, self)
        self.status = StatusLine()
        self.progress = ProgressLine()
        self._since_words = QElapsedTimer()
        self._lay_out()
        parts = WindowParts(
            self.bench, self.plot_area, self.builder, self.training, self.findings, self.transport, self.banner,
            self.status,
        )  # fmt: skip
        self.notices = Notices(parts, self)
        self.experiments = Experiments(self.bench, self.banner, self)
        self.faults = Faults(self.bench, self.banner, self)
        self.exporting = Exporting(
            self.bench, self.plot_area, self.findings.rounds, self.banner, self.notices.decline, self
        )
        self.sharing = Sharing(self.bench, self.plot_area, self.experiments, self.banner, self.progress, self)
        self.first_hour = FirstHour(self, self.experiments, parts, self.training_dock)
        self._escape = self._make_escape()
        self._build_menus(parts)
        every = [*self.actions(), *self.plot_area.actions(), *self.builder.actions_by_name.values()]
        self.preference_access.take_keys(every)
        self.preference_effects = PreferenceEffects(self.bench, self._rewrite, self)
        OneUndo(self)
        self._connect()
        self._show_experiment(document.experiment)
        self._show_title()
        self.resize(USUAL_SIZE)
        docks = self.network_dock, self.training_dock
        self.panel_arrangement = PanelArrangement(self, docks, self.builder, self.training)
        self.panel_room = self.lessons.room = PanelRoom(self, docks)

    # -- parts ---------------------------------------------------------------------------------------------------

    def _make_lanes(self, document: Document) -> None:
        """Forms, the bar that says which of several networks they show, and the verdict on these."""
        self.chosen = ChosenLane(document, self, self.bench)
        self.lanes_bar = LanesBar(self.chosen, self.bench.lanes)
        self.verdict = VerdictStrip(self.bench, self.plot_area)
        self.lanes_bar.take_verdict(self.verdict)
        self.chosen.changed.connect(self._give_networks_room)
        self._give_networks_room()
        self.seeds = SeedsAccess(self.bench, self.plot_area, self.banner, self)
        self.verdict.take_seeds(self.seeds.train, self.seeds.toggle)
        self._say_of_networks = partial(say_of_networks, self.banner, self.chosen)
        self.branch_access = BranchAccess(self, self.bench, self.chosen, self._say_of_networks)
        self.builder = Builder(propose=self.chosen.propose, operate=self.chosen.operate)
        self.training = TrainingPanel(propose=self.chosen.propose, operate=self.chosen.operate)

    def _give_networks_room(self) -> None:
        self.plot_area.board.set_networks(self.chosen.names)

    def _lay_out(self) -> None:
        self.setObjectName("mainWindow")
        self.setAcceptDrops(True)
        self.setMinimumSize(LEAST_SCREEN - FRAME)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.transport)
        centre = QWidget()
        in_column(
            self.banner, self.lanes_bar, (self.plot_area, 1), self.timeline, on=centre, spacing=0, margins=(0, 0, 0, 0)
        )
        self.setCentralWidget(centre)
        self.network_dock = PanelDock("Network", self.builder, self)
        self.training_dock = PanelDock("Training", self.training, self)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.network_dock)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.training_dock)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.status, 1)
        self.statusBar().addPermanentWidget(self.seeds.line)
        self.statusBar().addPermanentWidget(self.progress)

    def _make_escape(self) -> QAction:
        escape = QAction("Put the maximised plot back", self)
        escape.setShortcut(QKeySequence(Qt.Key.Key_Escape))
        escape.triggered.connect(lambda _on: self.plot_area.board.restore())
        escape.setEnabled(False)
        self.addAction(escape)
        return escape

    def _build_menus(self, parts: WindowParts) -> None:
        toggles = [self.network_dock.toggleViewAction(), self.findings.toggle, self.training_dock.toggleViewAction()]
        menus.build_menus(self, parts, self._commands(parts, [*toggles, self.verdict.toggle]))
        self.addAction(self.verdict.toggle)
        self.menuBar().setCornerWidget(panel_toggles(toggles, self))

    def _commands(self, parts: WindowParts, toggles: list[QAction]) -> menus.MenuCommands:
        docks = self.network_dock, self.training_dock
        self.landscape_access = LandscapeAccess(self.bench, self.banner, self)
        self.changes_access = ChangesAccess(self.bench, self.chosen, self.banner, self)
        self.lessons = LessonsAccess(self, parts, self.experiments, self.landscape_access)
        self.course_access = CourseAccess(self.lessons, self.banner, self)
        self.teaching = TeachingAccess(parts, self.experiments, self.lessons, self.landscape_access, self)
        self.experiments.lesson_chosen.connect(self.lessons.open_path)
        self.first_hour.lessons = self.lessons.fill_menu
        self.preference_access = PreferenceAccess(self, self.plot_area, lambda: self.bench.memory.use)
        self.palette_access = PaletteAccess(
            self, parts, docks, self.experiments.open_preset, self.preference_access.open_at, self.lessons.open
        )
        shelf = ShelfAccess(self.bench, self.plot_area, self.chosen, self.banner, self)
        maps, seeds = MapAccess(self.bench, self.experiments, self), (self.seeds.train, self.seeds.toggle)
        return menus.MenuCommands(
            file=menus.FileCommands(self.experiments, self.sharing, self.exporting),
            edit=menus.EditCommands(self.palette_access.open, self.preference_access.open),
            run=menus.RunCommands(
                self.lanes_bar.add_twin, self.changes_access.open, shelf.open, self.branch_access, seeds, maps.open
            ),
            lessons=self.lessons,
            view=menus.ViewCommands(tuple(toggles), self.landscape_access.open, self.reset_arrangement),
            help=menus.HelpCommands(self.first_hour, self.faults),
        )

    def _connect(self) -> None:
        document, bench, plots = self.document, self.bench, self.plot_area
        document.changed.connect(lambda _old, _new: self._show_anew())
        document.opened.connect(self._show_experiment)
        self.chosen.replaced.connect(self._show_anew)
        self.lanes_bar.refused.connect(self._say_of_networks)
        self.lanes_bar.comparison_changed.connect(bench.link.wake)
        self.findings.panel.beside_chosen.connect(self.lanes_bar.try_beside)
        for strip in (self.findings, self.verdict):
            strip.covered.connect(plots.board.cover_foot)
        document.settled.connect(lambda _asked, _data: self._show_anew())
        document.followed.connect(self._show_anew)
        document.title_changed.connect(self._show_title)
        bench.link.painting = lambda: plots.feed.refreshing
        bench.link.observations = lambda: (*plots.feed.observations(), *self.findings.rounds.observations())
        bench.link.of_run_alone = lambda: self.findings.rounds.of_run_alone(plots.feed.observations)
        bench.started.connect(self._take_started)
        bench.shown.changed.connect(self._take_view)
        bench.updated.connect(lambda view, _rate: self.lanes_bar.show_view(view))  # However far back it is looked.
        let_scrub(self.timeline, plots, self.findings.rounds, bench)
        self.step_menus = StepMenus(self.timeline, plots, self.branch_access, self.changes_access, self)
        self.past_edits = PastEdits(self.timeline, bench, self.branch_access, self.banner, self)
        bench.waiting.connect(lambda _seconds: self._since_words.invalidate())  # The next view has the word.
        bench.link.working.connect(self.progress.show_progress)
        self.progress.cancelled.connect(bench.cancel)
        self.seeds.changed.connect(self._show_seeds)
        plots.shown_changed.connect(bench.link.wake)
        plots.board.maximised_changed.connect(self._escape.setEnabled)
        plots.layer_hovered.connect(self.highlight)
        let_move(plots, document)
        let_revive(plots, bench)
        let_drag_target(plots, self.verdict)
        self.builder.layer_hovered.connect(self.highlight)
        self.builder.input_chosen.connect(self.show_data)
        self.transport.new_seed.connect(self.new_seed)
        self.notices.data_wanted.connect(lambda: find_data(document, self.banner, self))
        self.experiments.preset_opened.connect(lambda preset: plots.show_workspace(preset.workspace))
        self.experiments.preset_opened.connect(lambda _preset: self.verdict.open_if_several())
        self.findings.rounds.refused.connect(self.banner.say)
        storing.failed.connect(self.banner.say)
        self.findings.rounds.offered.connect(lambda _offers: self._say_headline())

    # -- showing -------------------------------------------------------------------------------------------------

    def _show_experiment(self, experiment: Experiment, info: RunInfo | None = None) -> None:
        shown = self.chosen.experiment if experiment.lanes else experiment
        self.builder.set_experiment(shown, info if self.chosen.name == OWN_NAME else None)
        self.training.set_experiment(shown)

    def _show_anew(self) -> None:
        """With what is known of its run, where that has begun: it stays true after a live change."""
        begun = not self.bench.building and not self.bench.refusal
        self._show_experiment(self.document.experiment, self.bench.info if begun else None)

    def _show_title(self) -> None:
        mark = "• " if self.document.dirty else ""
        self.setWindowTitle(f"{mark}{self.document.name} — Nablascope")

    def _take_started(self, info: RunInfo) -> None:
        experiment = self.document.experiment
        if not self.training.shows(experiment):
            self._show_anew()
        elif not self.bench.building:
            # As it was edited: only shapes and sizes are new, and a hand on a slider waits.
            self.builder.set_experiment(experiment, info)
        self.plot_area.start(info)
        self.training.say_notes(info.notes)
        self._since_words.invalidate()

    def _take_view(self, view: View, _rate: float) -> None:
        self.plot_area.feed.refresh(self.seeds.seen(view), spread=self.bench.playing or not view.live)
        if not self._since_words.isValid() or self._since_words.elapsed() >= WORDS_MS or not self.bench.playing:
            self._since_words.start()
            self._say_headline()
            self.training.set_step(view.frame.step)

    def _show_seeds(self) -> None:
        """Draw them in place of the curves of the run, or no longer; a run that stands still is drawn anew too."""
        self.verdict.show_seeds(self.seeds.fans)
        if self.bench.shown.view is not None:
            self._take_view(self.bench.shown.view, 0.0)

    def _say_headline(self) -> None:
        if not self.bench.refusal:
            self.status.say(self.findings.rounds.headline)

    def _rewrite(self) -> None:
        """Write all numbers anew: they are to look otherwise."""
        self._show_anew()
        for part in (self.transport, self.training.curve, self.plot_area):
            part.rewrite()
        self.bench.link.wake()

    def highlight(self, layer: int) -> None:
        """Emphasise a layer (its index, -1 for none) in every plot and in the stack."""
        self.plot_area.feed.highlight(layer)
        self.builder.highlight(layer)

    def show_data(self) -> None:
        """Bring the data set's knobs into sight."""
        self.training_dock.show()
        section = self.training.section("Data")
        section.set_open(True)
        self.training.ensureWidgetVisible(section)

    # -- the experiment ------------------------------------------------------------------------------------------

    def new_seed(self) -> None:
        """The next seed: other weights, data and shuffling, and it can be undone."""
        seed = self.document.experiment.seed
        after = 0 if seed >= 2**63 - 1 else seed + 1
        self.document.propose(replaced(self.document.experiment.to_builtins(), ("seed",), after), "New seed")

    # -- the window ----------------------------------------------------------------------------------------------

    def reset_arrangement(self) -> None:
        """Panels and plots as on the first day."""
        self.panel_arrangement.reset()
        self.plot_area.reset_arrangement()

    def reset_everything(self) -> None:
        """Panels, all workspaces and the size of the window as on the first day; a person's own workspaces stay."""
        self.resize(USUAL_SIZE)
        self.panel_arrangement.reset()
        self.plot_area.workspaces.reset_all()

    def keep_on_screen(self) -> None:
        """Shrink and move so far that the screen has room for all, the desktop's frame included."""
        if self.isMaximized() or self.isFullScreen():
            return
        room = self.screen().availableGeometry()
        frame = self.frameGeometry().size() - self.size() if self.isVisible() else FRAME
        self.resize(self.size().boundedTo(room.size() - frame))
        if self.isVisible():
            place = self.frameGeometry()
            x = max(room.left(), min(place.left(), room.right() + 1 - place.width()))
            y = max(room.top(), min(place.top(), room.bottom() + 1 - place.height()))
            self.move(x, y)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.teaching.may_close() or not self.experiments.may_replace():
            event.ignore()
            return
        self.panel_arrangement.store()
        self.first_hour.end_tour()
        self.experiments.leaving.emit()
        self.bench.keeper.wait()
        self.bench.close()
        event.accept()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tell_visibility()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tell_visibility()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._tell_visibility()

    def _tell_visibility(self) -> None:
        self.bench.link.set_visible(self.isVisible() and not self.isMinimized())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Space plays wherever the focus is, so Return presses the focused button.
        focused = QApplication.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(focused, QAbstractButton):
            focused.click()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_file(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = dropped_file(event)
        if path is not None:
            event.acceptProposedAction()
            self.experiments.open_path(path)


def dropped_file(event: QDropEvent) -> Path | None:
    """The one local file that is being dropped, if it is one."""
    urls = event.mimeData().urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    return Path(urls[0].toLocalFile())
