"""The window: network left, plots in the centre, training right, transport on top, words at the bottom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
from PySide6.QtWidgets import QAbstractButton, QApplication, QMainWindow, QVBoxLayout, QWidget

from simulator.data.image_files import holds_images
from simulator.data.table import changed
from simulator.experiment.experiment import Experiment, told
from simulator.experiment.files import Preset, is_table, reach_of, read
from simulator.schema.parameter import is_live_change, replaced
from simulator.training.run_info import RunInfo
from ui.bench.bench import Bench, WorkerFactory
from ui.bench.document import Document
from ui.board.plot_area import PlotArea
from ui.builder.builder import Builder
from ui.dialogs import files
from ui.doctor.dock import DoctorDock
from ui.forms.one_undo import OneUndo
from ui.forms.training import TrainingPanel, with_fitting_loss
from ui.plots.base import View
from ui.settings.settings import Settings
from ui.style.numbers import count, duration
from ui.style.panels import PanelDock, panel_toggles
from ui.window.graph_questions import let_ask
from ui.window.initial_place import let_move
from ui.window.menus import build_menus
from ui.window.notices import Notices
from ui.window.reviving import let_revive
from ui.window.status import Banner, StatusLine
from ui.window.transport import Transport

# Dialogs are imported when they are asked for: the first window does not wait for them.
if TYPE_CHECKING:
    from ui.dialogs.table import TableDialog

STATE_VERSION = 1
WORDS_MS = 250
LONG_RUN_SECONDS = 60.0
"""A run that was trained for longer is not given up without a question."""
FRAME = QSize(8, 40)
"""What a desktop may put around the window; known only once it has."""

NEW = {
    "data": {"kind": "digits"},
    "layers": [{"kind": "dense", "units": 64, "repeat": 4, "activation": {"kind": "tanh"}}],
}
"""What File → New begins with."""


class MainWindow(QMainWindow):
    """Holds the parts together; what is trained is the document's, how it goes is the bench's."""

    def __init__(self, document: Document, worker: WorkerFactory) -> None:
        super().__init__()
        self.settings = Settings()
        self.document = document
        document.setParent(self)
        self.bench = Bench(document, worker, self)
        self.plot_area = PlotArea(self)
        self.builder = Builder(propose=document.propose)
        self.training = TrainingPanel(propose=document.propose)
        self.doctor_dock = DoctorDock(self.bench, document, self)
        self.transport = Transport(self.bench, self)
        self.banner = Banner()
        self.status = StatusLine()
        self._since_words = QElapsedTimer()
        self._lay_out()
        build_menus(self)
        self.menuBar().setCornerWidget(panel_toggles((self.network_dock, self.doctor_dock, self.training_dock), self))
        self._escape = self._make_escape()
        OneUndo(self)
        self.notices = Notices(self)
        self._connect()
        self._show_experiment(document.experiment)
        self._show_title()
        self.resize(1280, 800)
        self._narrow_panels()
        self._first_arrangement = self.saveState(STATE_VERSION)
        self._recall()

    # -- parts ---------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.setObjectName("mainWindow")
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 600)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.transport)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.plot_area, 1)
        self.setCentralWidget(centre)
        self.network_dock = PanelDock("Network", self.builder, self)
        self.training_dock = PanelDock("Training", self.training, self)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.network_dock)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.training_dock)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.doctor_dock)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.status, 1)

    def _make_escape(self) -> QAction:
        escape = QAction("Put the maximised plot back", self)
        escape.setShortcut(QKeySequence(Qt.Key.Key_Escape))
        escape.triggered.connect(lambda _on: self.plot_area.board.restore())
        escape.setEnabled(False)
        self.addAction(escape)
        return escape

    def _connect(self) -> None:
        document, bench, plots = self.document, self.bench, self.plot_area
        document.changed.connect(self._show_changed)
        document.opened.connect(self._show_experiment)
        document.title_changed.connect(self._show_title)
        bench.questions = plots.feed.questions
        bench.painting = lambda: plots.feed.refreshing
        bench.wants = lambda: plots.feed.wants() | self.doctor_dock.rounds.wants()
        bench.started.connect(self._take_started)
        bench.updated.connect(self._take_view)
        bench.waiting.connect(lambda _seconds: self._since_words.invalidate())  # The next view has the word.
        plots.shown_changed.connect(bench.wake)
        plots.board.maximised_changed.connect(self._escape.setEnabled)
        plots.export_requested.connect(self.export)
        plots.layer_hovered.connect(self.highlight)
        let_move(plots, document)
        let_revive(plots, bench)
        let_ask(plots, bench)
        self.builder.layer_hovered.connect(self.highlight)
        self.builder.input_chosen.connect(self.show_data)
        self.transport.new_seed.connect(self.new_seed)
        self.doctor_dock.rounds.refused.connect(self.banner.say)
        self.doctor_dock.rounds.found.connect(lambda _offers: self._say_headline())

    # -- showing -------------------------------------------------------------------------------------------------

    def _show_experiment(self, experiment: Experiment, info: RunInfo | None = None) -> None:
        self.builder.set_experiment(experiment, info)
        self.training.set_experiment(experiment)

    def _show_changed(self, old: Experiment, new: Experiment) -> None:
        # After a live change the run goes on, and what is known of it stays true.
        self._show_experiment(new, self.bench.info if is_live_change(old, new) else None)

    def _show_title(self) -> None:
        mark = "• " if self.document.dirty else ""
        self.setWindowTitle(f"{mark}{self.document.name} — Nablascope")

    def _take_started(self, info: RunInfo) -> None:
        self.builder.set_experiment(self.document.experiment, info)
        self.plot_area.start(info)
        self.training.say_notes(info.notes)
        self._since_words.invalidate()

    def _take_view(self, view: View, _rate: float) -> None:
        self.plot_area.feed.refresh(view, spread=self.bench.playing)
        if not self._since_words.isValid() or self._since_words.elapsed() >= WORDS_MS or not self.bench.playing:
            self._since_words.start()
            self._say_headline()
            self.training.set_step(view.frame.step)

    def _say_headline(self) -> None:
        if not self.bench.refusal:
            self.status.say(self.doctor_dock.rounds.headline)

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

    def new(self) -> None:
        if self._may_replace():
            self.document.replace(Experiment.from_builtins(NEW))

    def open_preset(self, preset: Preset) -> None:
        try:
            experiment = preset.load()
        except ValueError as error:
            self.banner.say(told(error))
            return
        if self._may_replace():
            self.document.replace(experiment)

    def ask_open(self) -> None:
        path = files.ask_open(self, self._folder())
        if path is not None:
            self.open_path(path)

    def open_path(self, path: Path) -> None:
        """Open an experiment, or take a table as data; what cannot be read is said, and nothing is lost."""
        if holds_images(path):
            self._use_images(path)
            return
        if is_table(path):
            self._open_table(path)
            return
        reason = self.document.open(path, lambda: self._may_reach(path) and self._may_replace())
        if reason is not None:
            self.banner.say(f"Not opened: {reason}")
        elif self.document.path == path.absolute():
            self.settings.add_recent(path)
            if news := self._news_of(path):
                self.banner.say(news)

    def _news_of(self, path: Path) -> str:
        """What has changed of a file's data since its run."""
        try:
            return changed(read(path).data)
        except ValueError:
            return ""

    def _may_reach(self, path: Path) -> bool:
        """Whether an experiment may read what it names outside of its own folder; nothing is read before."""
        reach = reach_of(path)
        return reach is None or files.ask_reach(self, path, reach.found)

    def _use_images(self, path: Path) -> None:
        """Take a folder, or an archive, with a sub-folder of pictures for each class as data."""
        old = self.document.experiment
        plain = replaced(old.to_builtins(), ("data",), {"kind": "images", "path": str(path.absolute())})
        reason = self.document.propose(with_fitting_loss(old, plain), f"Use images from {path.name}")
        if reason is not None:
            self.banner.say(reason)

    def _open_table(self, path: Path) -> None:
        from ui.dialogs.table import TableDialog

        dialog = TableDialog(path.absolute(), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.refused.connect(self.banner.say)
        dialog.accepted.connect(lambda: self._use_table(dialog))
        dialog.open()

    def _use_table(self, dialog: TableDialog) -> None:
        self.bench.pause()  # Training begins with other data only where it is told to.
        old = self.document.experiment
        plain = with_fitting_loss(old, replaced(old.to_builtins(), ("data",), dialog.data()))
        reason = self.document.propose(plain, f"Use data from {dialog.path.name}")
        if reason is not None:
            self.banner.say(reason)

    def save(self) -> bool:
        """Whether it is saved; asks where if there is no file yet."""
        path = self.document.path
        return self.save_as() if path is None else self._save_to(path)

    def save_as(self) -> bool:
        start = self.document.path or Path(self._folder()) / f"{files.file_stem(self.document.name)}.json"
        path = files.ask_save(self, str(start))
        return path is not None and self._save_to(path)

    def _save_to(self, path: Path) -> bool:
        reason = self.document.save(path)
        if reason is None:
            self.settings.add_recent(path)
        else:
            self.banner.say(reason)
        return reason is None

    def _folder(self) -> str:
        recent = self.settings.recent_files()
        return str(recent[0].parent if recent else Path.home())

    def _may_replace(self) -> bool:
        """Whether another experiment may take the place of the present one and its run."""
        return self._may_lose(self._long_run())

    def _may_lose(self, run: str = "") -> bool:
        """Whether the present experiment may be given up: saved, unchanged, or so decided; and ``run``, if one is."""
        if not self.document.dirty:
            return not run or files.ask_run(self, self.document.name, run)
        answer = files.ask_unsaved(self, self.document.name, run)
        return answer == "discard" or (answer == "save" and self.save())

    def _long_run(self) -> str:
        """``12 400 steps, 3 min 20 s of training``, where that is a pity to lose; else nothing."""
        longest = self.bench.longest
        if longest.seconds < LONG_RUN_SECONDS:
            return ""
        return f"{count(longest.steps, 'step')}, {duration(longest.seconds)} of training"

    # -- export and reading --------------------------------------------------------------------------------------

    def export(self, key: str) -> None:
        """Ask how and where to export one plot (its key) or all (``""``)."""
        if not self._may_export():
            return
        from ui.dialogs.export import ExportDialog

        dialog = ExportDialog(self.plot_area.plots, key, list(self.plot_area.arranged), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.exported.connect(self.banner.say)
        dialog.finished.connect(lambda _result: self.plot_area.feed.want_all(False))
        self.plot_area.feed.want_all(True)
        dialog.open()

    def _may_export(self) -> bool:
        """Whether plots show the network that is described; if not, it is said."""
        may = not self.bench.refusal and not self.bench.building
        if not may:
            self.notices.decline("export")
        return may

    def copy_picture(self) -> None:
        """Put a picture of the plot that has the focus, else of the first one, on the clipboard."""
        from ui.export import ExportError, copy_picture

        plot = self.plot_area.focused_plot()
        if plot is None or not self._may_export():
            return
        try:
            copy_picture(plot)
        except ExportError as error:
            self.banner.say(str(error))
        else:
            self.banner.say(f"A picture of “{plot.title}” is on the clipboard.")

    def show_shortcuts(self) -> None:
        from ui.dialogs import reading

        reading.show_shortcuts(
            self, [*self.actions(), *self.plot_area.actions(), *self.builder.actions_by_name.values()]
        )

    def show_about(self) -> None:
        from ui.dialogs import reading

        reading.show_about(self)

    # -- the window ----------------------------------------------------------------------------------------------

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def reset_arrangement(self) -> None:
        """Panels and plots as on the first day."""
        self.restoreState(self._first_arrangement, STATE_VERSION)
        self._narrow_panels()
        self.plot_area.reset_arrangement()

    def _narrow_panels(self) -> None:
        """As narrow as they can be: plots need room."""
        self.resizeDocks([self.network_dock, self.training_dock], [1, 1], Qt.Orientation.Horizontal)

    def _recall(self) -> None:
        self.restoreGeometry(self.settings.blob("window/geometry"))
        state = self.settings.blob("window/panels")
        if not state.isEmpty():
            self.restoreState(state, STATE_VERSION)
        self.builder.split.restoreState(self.settings.blob("window/builder"))
        self.training.set_folded(tuple(self.settings.text("window/folded").split("\n")))

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

    def _remember(self) -> None:
        self.settings.set("window/geometry", self.saveGeometry())
        self.settings.set("window/panels", self.saveState(STATE_VERSION))
        self.settings.set("window/builder", self.builder.split.saveState())
        self.settings.set("window/folded", "\n".join(self.training.folded()))

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_lose():
            event.ignore()
            return
        self._remember()
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
        self.bench.set_visible(self.isVisible() and not self.isMinimized())

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
            self.open_path(path)


def dropped_file(event: QDropEvent) -> Path | None:
    """The one local file that is being dropped, if it is one."""
    urls = event.mimeData().urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    return Path(urls[0].toLocalFile())
