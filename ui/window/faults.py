"""What has gone wrong inside: said once over the window, and what of it may be passed on."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, qVersion
from PySide6.QtGui import QDesktopServices, QGuiApplication

from simulator.system.environment import environment
from ui.bench.bench import Bench
from ui.settings.fault_log import FILE, FaultLog, tail_of
from ui.settings.session_folder import SessionFolder
from ui.settings.state_folder import state_folder
from ui.window.status import Banner

worker_log = logging.getLogger("nablascope.worker")
NOTHING = "The log is empty: nothing has gone wrong yet."
COPIED = "The report is in the clipboard: versions, platform, the end of the log, and the experiment. Nothing was sent."


class Faults(QObject):
    """Opens the log and makes a report of it, over one window."""

    def __init__(self, bench: Bench, banner: Banner, parent: QObject) -> None:
        super().__init__(parent)
        self._bench, self._banner = bench, banner
        bench.failed.connect(lambda message, trace, _fatal: worker_log.warning("%s\n%s", message, trace))
        bench.refused.connect(lambda refused: self._take_refusal(refused.message, refused.traceback))

    def _take_refusal(self, message: str, trace: str) -> None:
        if trace:
            worker_log.warning("%s\n%s", message, trace)

    def listen(self, log: FaultLog) -> None:
        """Say what it tells: later, since it may be raised in the midst of painting."""
        log.reported.connect(self.say, Qt.ConnectionType.QueuedConnection)

    def say(self, sentence: str, details: str) -> None:
        self._banner.say(sentence, details)

    def open_log(self) -> None:
        """Show the file in whatever shows such files here."""
        path = log_path()
        if not path.exists():
            self._banner.say(NOTHING)
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self._banner.say(f"Nothing here opens such a file: {path}")
        else:
            # Whether something has come of it nobody is told.
            self._banner.say(f"The log is {path}.")

    def copy_report(self) -> None:
        """Into the clipboard: what whoever mends a fault wants to know."""
        QGuiApplication.clipboard().setText(report(self._bench))
        self._banner.say(COPIED, passes=True)


def log_path() -> Path:
    """Where the log stands."""
    return state_folder() / FILE


def report(bench: Bench) -> str:
    """Versions, platform, the end of the log, the experiment."""
    here = environment(0)
    known = {name: getattr(here, name) for name in here.__struct_fields__ if name != "threads"}
    facts = {
        **known,
        "qt": qVersion(),
        "screen": QGuiApplication.platformName(),
        "machine": platform.platform(),
        "worker": bench.link.mode,
    }
    lines = "\n".join(f"{name}: {value}" for name, value in facts.items())
    experiment = bench.document.experiment.to_json().decode()
    return f"{lines}\n\n-- log\n{tail_of(log_path())}\n-- experiment\n{experiment}"


def say_of_crash(session: SessionFolder, say: Callable[[str, str], None]) -> None:
    """Write down how an earlier session ended, if it was by a fault, and say so."""
    crash = session.crash
    if crash:
        worker_log.warning("an earlier session ended by a fault\n%s", crash)
        say("The last session was ended by a fault inside. What is known of it is in the log (Help › Log).", crash)
