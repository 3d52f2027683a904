"""Whatever is raised where nobody takes it, and what Qt says: with its traceback in a rotating file, told once."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections import Counter
from copy import copy
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal

from simulator.system.machine import out_of_memory
from simulator.system.regular_file import check_regular, regular
from simulator.system.text import capitalized

FILE = "nablascope.log"
MOST_BYTES = 2**20
"""Of the file; then another one begins."""
OLDER_FILES = 3
MOST_TIMES, MOST_KNOWN = 10, 1000
"""So often is one thing written in full, and of so many things it is known how often they came."""
TAIL_BYTES = 16 * 2**10
FORM = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
log = logging.getLogger("nablascope")
qt_log = logging.getLogger("nablascope.qt")


def log_qt(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    """Pass on what Qt says."""
    qt_log.log(LEVELS.get(kind, logging.WARNING), text)


class FaultLog(QObject):
    """Writes the log while it is installed."""

    reported = Signal(str, str)
    """A sentence and the details, the first time that something goes wrong in one place; in any thread."""

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = folder / FILE
        self._known: set[str] = set()
        self._handler: logging.Handler | None = None
        self._before: tuple[Any, Any, Any] | None = None

    def install(self) -> None:
        """Take from now on what nobody else takes, in every thread. A log that cannot be written is none."""
        self._handler = _Telling(self)
        log.addHandler(self._handler)
        log.setLevel(logging.INFO)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists():
                check_regular(self.path.stat(), self.path)
            file = _LogFile(self)
        except OSError as error:
            self.tell_unwritten(error)
        else:
            file.setFormatter(logging.Formatter(FORM))
            log.addHandler(file)
        self._before = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook = self.take_exception
        threading.excepthook = lambda given: self.take_exception(given.exc_type, given.exc_value, given.exc_traceback)
        sys.unraisablehook = lambda given: self.take_exception(given.exc_type, given.exc_value, given.exc_traceback)

    def uninstall(self) -> None:
        """Leave all to whoever had it before."""
        if self._before is not None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
            self._before = None
        for handler in list(log.handlers):
            if handler is self._handler or getattr(handler, "baseFilename", None) == str(self.path.absolute()):
                log.removeHandler(handler)
                handler.close()

    def take_exception(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """An exception that nobody else takes."""
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            sys.__excepthook__(kind, error or kind(), trace)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        if isinstance(error, MemoryError):
            # Foreseen, though not where: the file alone has the place.
            log.info("%s", details.rstrip())
            self.take(out_of_memory(error, "what was asked for"), "")
            return
        print(details, end="", file=sys.stderr)
        self.take(f"{kind.__name__}: {error}" if str(error) else kind.__name__, details)

    def take_end(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write down what ends the program, such as one before there is a window; it is raised all the same."""
        if kind is not None and issubclass(kind, Exception):
            self.take(f"{kind.__name__}: {error}", "".join(traceback.format_exception(kind, error, trace)))

    def take(self, what: str, details: str) -> None:
        """Write down what went wrong; ``details`` is a traceback."""
        log.error("%s\n%s", what, details.rstrip())

    def tell_unwritten(self, error: BaseException | None) -> None:
        """Say that there is no log, the first time."""
        reason = getattr(error, "strerror", "") or str(error)
        if (known := "no log") not in self._known:
            self._known.add(known)
            self.reported.emit(f"No log can be written: {reason} ({self.path}).", "")

    def tell(self, record: logging.LogRecord) -> None:
        """Say it in words, unless it is what has been said before."""
        what, _, details = record.getMessage().partition("\n")
        foreseen = what.startswith("there is not enough memory")
        if (known := details or what) not in self._known:
            self._known.add(known)
            whose = "Qt warns" if record.name == qt_log.name else "Something went wrong inside"
            inside = f"{whose}: {what.rstrip('.')}. It is in the log (Help › Log)."
            self.reported.emit(f"{capitalized(what)}." if foreseen else inside, details)


def tail_of(path: Path) -> str:
    """The end of a log."""
    try:
        with open(path, "rb", opener=regular) as file:
            file.seek(max(0, file.seek(0, 2) - TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


class _LogFile(RotatingFileHandler):
    """Where it cannot be written, that is said once, and nothing on the terminal.

    What comes again and again, as from a paint, is soon only counted: it would drive out what came before.
    """

    def __init__(self, owner: FaultLog) -> None:
        super().__init__(
            owner.path,
            maxBytes=MOST_BYTES,
            backupCount=OLDER_FILES,
            encoding="utf-8",
            delay=True,
            errors="backslashreplace",
        )
        self._owner = owner
        self._seen: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if len(self._seen) > MOST_KNOWN:
            self._seen.clear()
        self._seen[text] += 1
        times = self._seen[text]
        if times <= MOST_TIMES:
            super().emit(record)
        elif str(times).strip("0") == "1":
            again = copy(record)
            again.msg, again.args = f"{text.partition(chr(10))[0]} (so often until now: {times})", ()
            super().emit(again)

    def handleError(self, record: logging.LogRecord) -> None:
        self._owner.tell_unwritten(sys.exc_info()[1])


class _Telling(logging.Handler):
    """Says what is an error, and what Qt warns of; of the worker's warnings the bench tells."""

    def __init__(self, owner: FaultLog) -> None:
        super().__init__(logging.WARNING)
        self._owner = owner

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR or record.name == qt_log.name:
            self._owner.tell(record)
