"""What is unsaved survives a hard end: kept now and then in the session's own folder, offered at the next start."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import msgspec
from msgspec import Struct
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from simulator.experiment.experiment import Experiment
from simulator.experiment.files import MAX_FILE_BYTES
from simulator.system.atomic import write_atomic
from simulator.system.regular_file import read_regular
from ui.bench.bench import Bench
from ui.chart.view import View
from ui.dialogs import files
from ui.settings.fault_log import log
from ui.settings.session_folder import SessionFolder
from ui.style.numbers import count
from ui.window.status import Banner

AUTOSAVE_MS = 20_000
"""From one look at whether anything has changed to the next."""
LAST_SECONDS = 1.0
"""How long a process that is told to end waits for the step in hand."""
DECLINED_DAYS = 30.0
"""So long stays what nobody wanted."""
EXPERIMENT, RUN, NOTE, DECLINED = "experiment.json", "run.nabla", "note.json", "declined"
MOST_NOTE = 2**16


class Note(Struct, frozen=True):
    """What a person is told of it."""

    name: str
    seconds: float
    """Since 1970, when it was kept."""
    changed: bool
    """Whether the experiment has changes that are in no file."""
    step: int
    """Of the run."""

    @property
    def gain(self) -> str:
        """``changes that are not saved, and its run of 1 200 steps``"""
        changes = ["changes that are not saved"] if self.changed else []
        return " and ".join([*changes, *([f"a run of {count(self.step, 'step')}"] if self.step else [])])


class Recovery(QObject):
    """Keeps document and run of one window in its session's folder, while there is anything to lose."""

    def __init__(self, bench: Bench, session: SessionFolder, parent: QObject) -> None:
        super().__init__(parent)
        self._bench, self._document, self._session = bench, bench.document, session
        self._known = self._present()
        """What is in a file, or in the folder."""
        self._writing: threading.Thread | None = None
        self._succeeded: SessionFolder | None = None
        """The session whose work is restored here: it goes when that stands in this one's folder."""
        self._timer = QTimer(self, interval=AUTOSAVE_MS)
        self._timer.timeout.connect(self.keep)
        self._timer.start()
        self._document.opened.connect(self._take_opened)
        self._document.saved.connect(self.forget)
        bench.updated.connect(self._take_update)
        bench.recovery_keeper.kept.connect(self._take_kept)
        bench.recovery_keeper.failed.connect(self._take_failed)

    def _take_opened(self, _experiment: Experiment) -> None:
        self.forget()

    def _take_failed(self, _path: Path, reason: str) -> None:
        log.warning("nothing kept of the run: %s", reason)

    def _present(self) -> tuple[Experiment, int]:
        view = self._bench.view
        return self._document.experiment, 0 if view is None else view.frame.step

    @property
    def worth(self) -> bool:
        """Whether anything would be lost."""
        return self._document.dirty or self._present()[1] > 0

    def keep(self) -> None:
        """Write what has changed since it was kept last, beside the window."""
        present = self._present()
        if present == self._known or not self.worth or self._bench.recovery_keeper.busy or self._busy:
            return
        self._known = present
        self._writing = threading.Thread(target=self._write, args=(self._note(),), name="nablascope-recovery")
        self._writing.start()
        if present[1] and not self._bench.refusal:
            self._bench.recovery_keeper.keep(self._session.path / RUN)

    @property
    def _busy(self) -> bool:
        return self._writing is not None and self._writing.is_alive()

    def _note(self) -> tuple[Experiment, Note]:
        experiment, step = self._present()
        return experiment, Note(self._document.name, time.time(), self._document.dirty, step)

    def _write(self, what: tuple[Experiment, Note]) -> None:
        try:
            write_atomic(self._session.path / EXPERIMENT, what[0].to_json())
            write_atomic(self._session.path / NOTE, msgspec.json.encode(what[1]))
        except OSError as error:
            log.warning("nothing kept for a later start: %s", error)

    def keep_at_once(self) -> None:
        """The process is about to end: what is unsaved, and the run as far as one step's time allows."""
        if not self.worth:
            return
        self._wait()
        self._write(self._note())
        keeper = self._bench.recovery_keeper
        if self._present()[1] and not self._bench.refusal and not self._bench.dead:
            if not keeper.busy:
                keeper.keep(self._session.path / RUN)
            keeper.wait(LAST_SECONDS)

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.join()

    def forget(self) -> None:
        """It is saved, or given up: nothing of it is offered again."""
        self._wait()
        self._known = self._present()
        for name in (NOTE, RUN, EXPERIMENT):
            (self._session.path / name).unlink(missing_ok=True)

    def succeed(self, session: SessionFolder) -> None:
        """What is restored from that session is kept here, at once; until then it stays there."""
        self._succeeded = session
        self._known = self._document.experiment, -1
        if not (session.path / RUN).exists():
            self._write(self._note())
            self._take_kept(self._session.path, self._document.experiment)

    def _take_update(self, view: View, _rate: float) -> None:
        if self._succeeded is not None and view.frame.step:
            self.keep()

    def _take_kept(self, _path: Path, _experiment: Experiment) -> None:
        self._wait()
        session, self._succeeded = self._succeeded, None
        if session is not None:
            session.end()

    def close(self) -> None:
        """The window ends: nothing is kept, or forgotten, any more."""
        self._timer.stop()
        self._document.opened.disconnect(self._take_opened)
        self._document.saved.disconnect(self.forget)
        self._wait()
        keeper = self._bench.recovery_keeper
        keeper.give_up()
        keeper.wait(LAST_SECONDS)
        self._bench.updated.disconnect(self._take_update)
        keeper.kept.disconnect(self._take_kept)
        keeper.failed.disconnect(self._take_failed)
        if self._succeeded is not None:
            self._succeeded.leave()


def note_of(session: SessionFolder) -> Note | None:
    """What a dead session has left, unless it is nothing, or nobody wanted it."""
    if (session.path / DECLINED).exists():
        return None
    try:
        return msgspec.json.decode(read_regular(session.path / NOTE, MOST_NOTE), type=Note)
    except (OSError, ValueError):
        return None


def settle(session: SessionFolder) -> None:
    """Nothing of it is offered: what was declined stays for a while, the rest goes."""
    declined = session.path / DECLINED
    if declined.exists() and time.time() - declined.stat().st_mtime < DECLINED_DAYS * 86_400:
        session.leave()
    else:
        session.end()


def offer(
    session: SessionFolder, note: Note, bench: Bench, recovery: Recovery, window: QWidget, banner: Banner
) -> None:
    """Ask whether what was left is to be restored, and do it, into an untitled copy; no file is changed either way."""
    when = time.strftime("%d %b %Y, %H:%M", time.localtime(note.seconds))
    if not files.ask_recover(window, note.name, when, note.gain):
        (session.path / DECLINED).touch()
        session.leave()
        return
    reason = restore(session.path, bench)
    if reason:
        banner.say(f"Not restored: {reason}")
        session.leave()
    else:
        recovery.succeed(session)


def restore(folder: Path, bench: Bench) -> str:
    """Put what stands in a session's folder into the document, unsaved; why that cannot be, or ``""``."""
    from simulator.running import run_file

    document = bench.document
    try:
        experiment = Experiment.from_json(read_regular(folder / EXPERIMENT, MAX_FILE_BYTES))
    except (OSError, ValueError) as error:
        return " ".join(str(error).split())
    try:
        run = run_file.read(folder / RUN) if (folder / RUN).exists() else None
    except ValueError as error:
        run = None
        log.warning("a run could not be restored: %s", error)
    if run is None:
        document.replace(experiment, unsaved=True)
        return ""
    document.replace(run.experiment, run=run, unsaved=True)
    return document.propose(experiment.to_builtins(), "Changes after the run was kept") or ""
