"""The application: made once, dressed, and ended cleanly."""

from __future__ import annotations

import functools
import gc
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, QTimer, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from simulator.experiment.files import find, is_table, presets, reach_of
from simulator.running.messages import Command, Reply
from simulator.running.session import Mode, Session
from simulator.running.transport import Transport
from ui.bench.document import Document
from ui.bench.link import WorkerFactory
from ui.plots.accessible import make_plots_accessible
from ui.settings.fault_log import FaultLog, log_qt
from ui.settings.preferences import WORKER, preferred, restore_preferences
from ui.settings.session_folder import SessionFolder, left_behind
from ui.settings.shortcuts import forget_shortcuts
from ui.settings.state_folder import state_folder
from ui.style.icons import app_icon
from ui.style.text_size import measure_text
from ui.window.ending import EndingSignals
from ui.window.experiments import RUN_ENDING
from ui.window.faults import say_of_crash
from ui.window.main_window import MainWindow
from ui.window.preference_effects import take_preferred_theme
from ui.window.recovery import Recovery, note_of, offer, settle

log = logging.getLogger("nablascope")
PLACED_MS = 200
FIRST_VIEW_SECONDS = 0.15


def create_app() -> QApplication:
    """The application, with its name, icon and theme; the present one if there is one."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        qInstallMessageHandler(log_qt)
        app = QApplication(sys.argv[:1])
    make_plots_accessible()
    measure_text()
    app.setOrganizationName("Nablascope")
    app.setApplicationName("Nablascope")
    app.setWindowIcon(app_icon())
    take_preferred_theme()
    return app


def start_document(target: str | None) -> Document:
    """The document of a file or preset; of the first preset without one. ExperimentError if there is none."""
    if target is None or asks_first(Path(target)):
        return Document(presets()[0].load())
    document = Document(find(target))
    if Path(target).exists():
        document.path = Path(target).absolute()
    return document


def asks_first(path: Path) -> bool:
    """Whether a person is asked before what a file names is opened: what a table means, what may be read elsewhere.

    A run is opened by the window too, which says how it goes on.
    """
    run = path.suffix.lower() == RUN_ENDING and path.exists()
    return run or is_table(path) or path.is_dir() or (path.is_file() and reach_of(path) is not None)


def workspace_of(target: str | None) -> str:
    """The workspace that makes the point of the preset which is opened; ``""`` where none is."""
    named = [] if target is None or Path(target).exists() else [p for p in presets() if p.id == target]
    return named[0].workspace if named else ""


def where_training_runs(mode: Mode | None) -> Mode:
    """As the command line says, else as is preferred."""
    return mode or ("process" if preferred(WORKER) == "process" else "thread")


def _worker_factory(mode: Mode, transport: Transport[Command, Reply] | None, document: Document) -> WorkerFactory:
    """How the bench gets its workers; the first has been at work on the document since before there was a window."""
    first = Session(mode, transport=transport)
    first.start()
    first.change(document.experiment)
    waiting = [first]

    def factory(notify: Callable[[], None]) -> Session:
        if not waiting:
            return Session(mode, notify)
        session = waiting.pop()
        session.notify = notify
        notify()  # of what has arrived before anyone listened
        return session

    return factory


def _await_first_view(window: MainWindow) -> None:
    """Let the first picture be a full one where the worker is quick: painting an empty one first would take longer."""
    end = time.monotonic() + FIRST_VIEW_SECONDS
    while window.bench.view is None and not window.bench.dead and time.monotonic() < end:
        window.bench.take()
        time.sleep(0.002)


def _arrange(window: MainWindow, target: str | None, reset: bool) -> None:
    """What stands in the window before it is shown."""
    if reset:
        window.reset_everything()
    window.first_hour.begin(asked=target is not None)
    if workspace := workspace_of(target):
        window.plot_area.show_workspace(workspace)


def open_bench(
    target: str | None,
    mode: Mode | None = None,
    launched: Transport[Command, Reply] | None = None,
    *,
    reset: bool = False,
) -> int:
    """Show the bench until its window is closed; the exit status. ExperimentError for a bad target.

    ``mode`` is where the worker runs: by default in a process of its own where there is a core for it.
    ``launched`` carries a worker process that has been started already. ``reset`` forgets how the window was arranged;
    a person's own workspaces stay.
    """
    document = start_document(target)
    app = create_app()
    with ExitStack() as stack:
        faults = FaultLog(state_folder())
        faults.install()
        stack.callback(faults.uninstall)
        ending = EndingSignals()
        ending.install()
        stack.callback(ending.uninstall)
        if reset:
            restore_preferences()
            forget_shortcuts()
            take_preferred_theme()
        where = where_training_runs(mode)
        window = MainWindow(document, _worker_factory(where, launched if where == "process" else None, document))
        window.faults.listen(faults)
        _arrange(window, target, reset)
        with _session(window, ending):
            ending.came.connect(app.exit)
            status = _run(app, window, target)
        window.deleteLater()
        app.sendPostedEvents(window, QEvent.Type.DeferredDelete)
    return status


def _run(app: QApplication, window: MainWindow, target: str | None) -> int:
    """Show the window until it is closed or a signal comes; the exit status."""
    app.aboutToQuit.connect(window.bench.close)
    window.keep_on_screen()
    window.show()
    QTimer.singleShot(PLACED_MS, window, window.keep_on_screen)
    window.bench.start()
    _await_first_view(window)
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
    if target is not None and asks_first(Path(target)):
        # Its dialog finds its place only over a window that has one.
        QTimer.singleShot(PLACED_MS, window, lambda: window.experiments.open_path(Path(target)))
    status = app.exec()
    window.bench.close()
    return status


@contextmanager
def _session(window: MainWindow, ending: EndingSignals) -> Iterator[None]:
    """Keep what is unsaved while the window is open, and offer what an earlier one has left.

    Where nothing can be written, go without.
    """
    try:
        earlier = list(left_behind(state_folder()))
        session = SessionFolder.begun(state_folder())
        session.watch_for_crashes()
    except OSError as error:
        log.warning("nothing can be kept for a later start: %s", error)
        yield
        return
    recovery = Recovery(window.bench, session, window)
    ending.came.connect(recovery.keep_at_once)
    for each in earlier:
        say_of_crash(each, window.faults.say)
    _offer_newest(earlier, window, recovery)
    yield
    recovery.close()
    if ending.number is None:
        session.end()
    else:
        session.leave()


def _offer_newest(earlier: list[SessionFolder], window: MainWindow, recovery: Recovery) -> None:
    """One at a start; others wait for the next."""
    offered = False
    for session in earlier:
        note = note_of(session)
        if note is None:
            settle(session)
        elif offered:
            session.leave()
        else:
            offered = True
            ask = functools.partial(offer, session, note, window.bench, recovery, window, window.banner)
            # A dialog finds its place only over a window that has one.
            QTimer.singleShot(PLACED_MS, window, ask)
