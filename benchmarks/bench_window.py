"""The real window under observation: what arrives, what is painted, how late the event loop is."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QSettings, Qt, QTimer

from simulator.experiment.experiment import Experiment
from simulator.running.session import Mode, Session
from ui.app import create_app
from ui.bench.document import Document
from ui.plots.base import View
from ui.window.main_window import MainWindow

TICK_MS = 5


def isolate(folder: Path) -> None:
    """Settings in a folder of their own: the person's arrangement is neither used nor changed."""
    QCoreApplication.setOrganizationName("Nablascope")
    QCoreApplication.setApplicationName("Nablascope")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
        QSettings.setPath(QSettings.Format.IniFormat, scope, str(folder))


def wait(milliseconds: float) -> None:
    """Let the event loop run."""
    loop = QEventLoop()
    QTimer.singleShot(int(milliseconds), loop.quit)
    loop.exec()


class Lateness(QObject):
    """How late a precise timer fires, in milliseconds, measured against when it was due."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.late: list[float] = []
        self._due = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._due = time.perf_counter() + TICK_MS / 1e3
        self._timer.start(TICK_MS)

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        self.late.append(max(0.0, (time.perf_counter() - self._due) * 1e3))
        self.start()


class Watch(QObject):
    """Counts frames that reach the screen and calls back when a certain one has been painted."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self.window, self.session = window, session
        self.frames = 0
        """Frames taken and painted."""
        self.last: View | None = None
        self._brought = False
        """Whether all plots have been brought to the last view, and are painted before the next turn."""
        self._turns = QTimer(self, interval=0)
        self._turns.timeout.connect(self._turn)
        self._awaited: Callable[[View], bool] | None = None
        self._matched = False
        self._loop = QEventLoop()
        # Connected after the window's own slot: the plots have been refreshed when this one is told.
        window.bench.updated.connect(self._take)

    def _take(self, view: View, _rate: float) -> None:
        if self._brought:
            self._painted()  # The next answer has come before the turn that would have told so.
        self.last, self._brought = view, False
        self._turns.start()
        if self._awaited is not None and self._awaited(view):
            self._matched = True

    def _turn(self) -> None:
        # A plot that shows nothing new asks for no painting, and it may be the last: what is counted is the turn after.
        if self.window.plot_area.feed.refreshing:
            return
        if self._brought:
            self._painted()
        else:
            self._brought = True

    def _painted(self) -> None:
        self._turns.stop()
        self._brought = False
        self.frames += 1
        if self._matched:
            self._loop.quit()

    def until_painted(self, wanted: Callable[[View], bool], act: Callable[[], None], limit: float = 10.0) -> float:
        """Seconds from just before ``act`` until a view that is ``wanted`` has been painted; TimeoutError."""
        self._awaited, self._matched = wanted, False
        self._loop = QEventLoop()
        QTimer.singleShot(int(limit * 1e3), self._loop.quit)
        start = time.perf_counter()
        act()
        self._loop.exec()
        self._awaited = None
        if not self._matched:
            raise TimeoutError(f"nothing was shown within {limit:g} s")
        return time.perf_counter() - start


class Paints(QObject):
    """Counts how often each of the plots that are seen is painted."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        # What draws the past alone waits for a further place, and what reads the numbers is painted with them.
        plots = [plot for plot in window.plot_area.feed.visible_plots() if not (plot.reads or plot.recorded)]
        self._painted: dict[QObject, int] = {}
        for plot in plots:
            self._painted[plot.canvas.viewport()] = 0
            plot.canvas.viewport().installEventFilter(self)

    @property
    def frames(self) -> float:
        """How many times as many plots were painted as there are."""
        return sum(self._painted.values()) / len(self._painted)

    @property
    def of_most(self) -> float:
        """How often at least half of the plots were painted: some are rarer, as what they show takes long."""
        return median(self._painted.values())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._painted[watched] += 1
        return super().eventFilter(watched, event)


@contextmanager
def opened(experiment: Experiment, mode: Mode) -> Iterator[Watch]:
    """The window with its default plots, standing at step 0; its worker runs in ``mode``."""
    with TemporaryDirectory() as folder:
        isolate(Path(folder))
        app = create_app()
        session = Session(mode)

        def worker(notify: Callable[[], None]) -> Session:
            session.notify = notify
            return session

        window = MainWindow(Document(experiment), worker)
        window.show()
        watch = Watch(window, session)
        watch.until_painted(lambda view: view.frame.step == 0, window.bench.start, limit=30)
        # As the program does once its window stands: what a start has made is not looked over for garbage again.
        gc.freeze()
        try:
            yield watch
        finally:
            window.document.replace(window.document.experiment)
            window.close()
            window.bench.close()
            window.deleteLater()
            app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            app.processEvents()
            gc.unfreeze()


def turn(window: MainWindow, path: tuple[str, ...], value: Any) -> None:
    """What dragging the slider at ``path`` in the training panel does."""
    window.training.form(path[0]).edited.emit(path, value, False)
