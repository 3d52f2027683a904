"""The application: made once, dressed, and ended cleanly."""

from __future__ import annotations

import functools
import gc
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, QTimer, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from simulator.experiment.embedded import extract, is_container
from simulator.experiment.experiment import ExperimentError
from simulator.experiment.files import RUN_ENDING, Preset, find, is_table, presets, reach_from, reach_of
from simulator.lessons.ending import is_lesson
from simulator.running.messages import Command, Reply
from simulator.running.session import Mode, Session
from simulator.running.transport import Transport
from ui.bench.document import Document
from ui.bench.link import SessionFactory
from ui.plots.accessible import make_plots_accessible
from ui.settings.fault_log import FaultLog, log_qt
from ui.settings.preferences import WORKER, preferred, restore_preferences
from ui.settings.session_folder import SessionFolder, left_behind
from ui.settings.settings_file import set_unfit_aside
from ui.settings.shortcuts import forget_shortcuts
from ui.settings.state_folder import state_folder
from ui.style.icons import app_icon
from ui.style.text_size import measure_text
from ui.window.ending import EndingSignals
from ui.window.faults import say_of_crash
from ui.window.main_window import MainWindow
from ui.window.preference_effects import take_preferred_theme
from ui.window.recovery import Recovery
from ui.window.recovery_offer import note_of, offer, settle

log = logging.getLogger("nablascope")
UNFIT = "unfitSettings"
"""Property of the application: what is said where the settings' file is none."""
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
    app.setProperty(UNFIT, app.property(UNFIT) or set_unfit_aside())
    app.setWindowIcon(app_icon())
    take_preferred_theme()
    return app


def start_document(target: str | None) -> Document:
    """The document of a file or preset; of the first preset without one. ExperimentError if there is none.

    The first preset stands in for a run too: that is opened by the window, which says how it goes on, or why it cannot.
    """
    if target is None or is_run(Path(target)) or asks_first(Path(target)):
        return Document(presets()[0].load())
    document = Document(find(target))
    if Path(target).exists() and not is_container(Path(target)):
        document.path = Path(target).absolute()
    return document


def asks_first(path: Path) -> bool:
    """Whether the window opens what a file names, since a person is asked something on the way.

    What a table means, what may be read elsewhere, or what a lesson's or a course's pupil is to choose.
    """
    if is_run(path):
        return _run_reaches(path)
    if is_lesson(path):
        return path.exists()
    return is_table(path) or path.is_dir() or (path.is_file() and reach_of(path) is not None)


def is_run(path: Path) -> bool:
    """Whether a file is taken for a run, which goes on."""
    return path.suffix.lower() == RUN_ENDING and path.exists()


def _run_reaches(path: Path) -> bool:
    """Whether a run's data lie elsewhere; one that cannot be read reaches nowhere."""
    from simulator.running.nabla.run_file import described

    try:
        return reach_from(path, described(path)) is not None
    except ExperimentError:
        return False


def preset_of(target: str | None) -> Preset | None:
    """The preset that is opened; None where none is."""
    named = [] if target is None or Path(target).exists() else [p for p in presets() if p.id == target]
    return named[0] if named else None


def where_training_runs(mode: Mode | None) -> Mode:
    """As the command line says, else as is preferred."""
    return mode or ("process" if preferred(WORKER) == "process" else "thread")


def _first_session(mode: Mode, transport: Transport[Command, Reply] | None) -> Session:
    """A worker that may be at work before there is a window."""
    first = Session(mode, transport=transport)
    first.start()
    return first


def _worker_factory(mode: Mode, first: Session) -> SessionFactory:
    """How the bench gets its workers; the first is there already."""
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
    """Let the first picture be a full one where the worker is quick: painting an empty one first would take longer.

    Not below the start page, which shows nothing of it.
    """
    if window.first_hour.page is not None:
        return
    end = time.monotonic() + FIRST_VIEW_SECONDS
    while window.bench.view is None and not window.bench.dead and time.monotonic() < end:
        window.bench.link.take()
        time.sleep(0.002)


def _arrange(window: MainWindow, target: str | None, reset: bool) -> None:
    """What stands in the window before it is shown."""
    if reset:
        window.reset_everything()
    window.first_hour.begin(asked=target is not None)
    if (preset := preset_of(target)) is not None:
        window.experiments.preset_opened.emit(preset)
    if target is not None and Path(target).exists() and is_container(Path(target)):
        window.banner.say(extract(Path(target)).sentence)


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
        stack.push(faults.take_end)
        ending = EndingSignals()
        ending.install()
        stack.callback(ending.uninstall)
        if reset:
            restore_preferences()
            forget_shortcuts()
            take_preferred_theme()
        where = where_training_runs(mode)
        path = None if target is None else Path(target)
        goes_on = path is not None and is_run(path) and not asks_first(path)
        first = _first_session(where, launched if where == "process" else None)
        if not goes_on:
            first.change(document.experiment)
        window = MainWindow(document, _worker_factory(where, first))
        window.faults.listen(faults)
        if unfit := app.property(UNFIT):
            app.setProperty(UNFIT, "")
            window.banner.say(unfit)
        _arrange(window, target, reset)
        if path is not None and goes_on:
            window.experiments.open_path(path)
        elif document.path is not None:
            window.settings.add_recent(document.path)
        with _session(window, ending) as offer:
            ending.came.connect(app.exit)
            status = _run(app, window, (offer, _question_about(path, window)))
        window.deleteLater()
        app.sendPostedEvents(window, QEvent.Type.DeferredDelete)
    return status


def _question_about(path: Path | None, window: MainWindow) -> Callable[[], None]:
    """Asks what is to be asked before a file is opened, if anything is, and opens it."""
    return (lambda: None) if path is None or not asks_first(path) else lambda: window.experiments.open_path(path)


def _run(app: QApplication, window: MainWindow, questions: Sequence[Callable[[], None]]) -> int:
    """Show the window, with one question after the other, until it is closed or a signal comes; the exit status."""
    app.aboutToQuit.connect(window.bench.close)
    window.keep_on_screen()
    window.show()
    QTimer.singleShot(PLACED_MS, window, window.keep_on_screen)
    window.bench.start()
    _await_first_view(window)
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
    # Dialogs find their place only over a window that has one.
    QTimer.singleShot(PLACED_MS, window, lambda: [ask() for ask in questions])
    status = app.exec()
    window.bench.close()
    return status


@contextmanager
def _session(window: MainWindow, ending: EndingSignals) -> Iterator[Callable[[], None]]:
    """Keep what is unsaved while the window is open; gives what offers that which an earlier one has left.

    Where nothing can be written, go without.
    """
    try:
        earlier = list(left_behind(state_folder()))
        session = SessionFolder.begun(state_folder())
        session.watch_for_crashes()
    except OSError as error:
        log.warning("nothing can be kept for a later start: %s", error)
        yield lambda: None
        return
    recovery = Recovery(window.bench, session, window)
    ending.came.connect(recovery.keep_at_once)
    recovery.failed.connect(window.banner.say)
    for each in earlier:
        say_of_crash(each, window.faults.say)
    yield _offer_of_newest(earlier, window, recovery)
    recovery.close()
    if ending.number is None:
        session.end()
    else:
        session.leave()


def _offer_of_newest(earlier: list[SessionFolder], window: MainWindow, recovery: Recovery) -> Callable[[], None]:
    """One at a start; others wait for the next."""
    ask: Callable[[], None] | None = None
    for session in earlier:
        note = note_of(session)
        if note is None:
            settle(session)
        elif ask is not None:
            session.leave()
        else:
            ask = functools.partial(offer, session, note, window.document, recovery, window)
    return ask or (lambda: None)
