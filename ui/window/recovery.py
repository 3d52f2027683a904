"""What is unsaved is kept beside the window, now and then, in the session's own folder: a hard end loses little."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

import msgspec
from msgspec import Struct
from PySide6.QtCore import QObject, QTimer, Signal

from simulator.experiment.experiment import Experiment
from simulator.system.atomic import write_atomic
from simulator.system.file_format import FileFormat
from ui.bench.bench import Bench
from ui.settings.fault_log import log
from ui.settings.preferences import AUTOSAVE, preference_changed, preferred
from ui.settings.session_folder import SessionFolder

SECOND_MS = 1000
LAST_SECONDS = 0.7
"""How long a process that is told to end waits for the step in hand."""
EXPERIMENT, NOTE = "experiment.json", "note.json"
MOST_NOTE = 2**16
NOTED = FileFormat()


class RecoveryNote(Struct, frozen=True):
    """What a person is told of it; what would be gained is read from the files themselves."""

    name: str
    seconds: float
    """Since 1970, when it was kept."""
    changed: bool
    """Whether the experiment has changes that are in no file."""
    format: int = NOTED.number
    needs: str = NOTED.needs
    document: int = 0
    """Which of the session's documents it is of: so the file of its run is called."""
    saved_steps: int = -1
    """How many steps of the run stand in a file of the person's."""


def run_name(document: int) -> str:
    """What the file of a document's run is called."""
    return f"run-{document}.nabla"


class Recovery(QObject):
    """Keeps document and run of one window in its session's folder, while there is anything to lose."""

    failed = Signal(str)
    """Why nothing can be kept; said once."""

    def __init__(self, bench: Bench, session: SessionFolder, parent: QObject) -> None:
        super().__init__(parent)
        self._bench, self._document, self._folder = bench, bench.document, session.path
        self._keeper = bench.recovery_keeper
        self._number = 0
        """Of the document."""
        self._kept: tuple[Experiment, int, bool] | None = self._present()
        """What is in a file, or in the folder."""
        self._late = False
        """Whether it was time to keep something while the last was still being written."""
        self._warned = False
        self._writing: threading.Thread | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.keep)
        self._take_preference(AUTOSAVE.key)
        self._connect()

    def _connect(self) -> None:
        preference_changed.connect(self._take_preference)
        self._document.opened.connect(self._take_opened)
        self._document.saved.connect(self._take_saved)
        self._keeper.kept.connect(self._take_kept)
        self._keeper.failed.connect(self._take_failed)

    def _take_preference(self, key: str) -> None:
        if key == AUTOSAVE.key:
            seconds = preferred(AUTOSAVE)
            self._timer.stop() if seconds == "off" else self._timer.start(SECOND_MS * int(seconds))

    def _present(self) -> tuple[Experiment, int, bool]:
        return self._document.experiment, self._bench.step, self._document.dirty

    @property
    def worth(self) -> bool:
        """Whether anything would be lost: changes, or steps, that stand in no file."""
        _, step, changed = self._present()
        return changed or step > max(self._bench.record.saved_steps, 0)

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._keeper.busy or (self._writing is not None and self._writing.is_alive())

    # -- keeping -------------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Write what has changed since it was kept last, beside the window."""
        present = self._present()
        if present == self._kept:
            return
        if not self.worth:
            self.forget()
        elif self.busy:
            self._late = True
        else:
            self._kept, self._late = present, False
            self._writing = threading.Thread(target=self._write, args=(self._note(),), name="nablascope-recovery")
            self._writing.start()
            if present[1] and not self._bench.refusal:
                self._keeper.keep(self._run)

    @property
    def _run(self) -> Path:
        return self._folder / run_name(self._number)

    def _note(self) -> tuple[Experiment, RecoveryNote]:
        document, saved = self._document, self._bench.record.saved_steps
        note = RecoveryNote(document.name, time.time(), document.dirty, document=self._number, saved_steps=saved)
        return document.experiment, note

    def _write(self, what: tuple[Experiment, RecoveryNote]) -> bool:
        """Whether it could be written; in a thread of its own, too."""
        try:
            write_atomic(self._folder / EXPERIMENT, what[0].to_json())
            write_atomic(self._folder / NOTE, msgspec.json.encode(what[1]))
        except (OSError, MemoryError) as error:
            self._fail(getattr(error, "strerror", "") or str(error) or "there is not enough memory")
            return False
        return True

    def _fail(self, reason: str) -> None:
        """It is tried again when it is time."""
        log.warning("nothing kept for a later start: %s", reason)
        self._kept = None
        if not self._warned:
            self._warned = True
            self.failed.emit(f"Nothing can be kept for the case of a hard end: {reason}.")

    def _take_kept(self, path: Path) -> None:
        if path != self._run:
            path.unlink(missing_ok=True)  # Of a document that was saved, or given up, meanwhile.
        if self._late:
            self.keep()

    def _take_failed(self, _path: Path, reason: str) -> None:
        log.warning("nothing kept of the run: %s", reason)
        self._kept = None

    def keep_at_once(self) -> None:
        """The process is about to end: what is unsaved, and the run as far as one step's time allows."""
        if not self.worth:
            return
        self._wait()
        self._write(self._note())
        if self._present()[1] and not self._bench.refusal:
            if not self._keeper.busy:
                self._keeper.keep(self._run)
            self._keeper.settle(LAST_SECONDS)

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.join()

    # -- what is not needed any more -----------------------------------------------------------------------------

    def _take_opened(self, _experiment: Experiment) -> None:
        self.forget()

    def _take_saved(self) -> None:
        """An experiment that is saved has still its run to lose."""
        if self.worth:
            self._kept = None
            self.keep()
        else:
            self.forget()

    def forget(self) -> None:
        """It is saved, or given up: nothing of it is offered again."""
        self._wait()
        self._kept = self._present()
        for name in (NOTE, run_name(self._number), EXPERIMENT):
            (self._folder / name).unlink(missing_ok=True)
        self._number += 1

    def adopt(self, session: SessionFolder, experiment: Experiment, note: RecoveryNote) -> None:
        """What is restored from a session that has died stands in this one's folder at once, and goes there."""
        self._wait()
        run = session.path / run_name(note.document)
        try:
            if run.exists():
                _copy(run, self._run)
        except OSError as error:
            log.warning("a run stays where it was kept: %s", error)
            session.leave()
            return
        mine = msgspec.structs.replace(note, document=self._number, changed=True, saved_steps=-1)
        session.end() if self._write((experiment, mine)) else session.leave()

    def close(self) -> None:
        """The window ends: nothing is kept, or forgotten, any more."""
        self._timer.stop()
        preference_changed.disconnect(self._take_preference)
        self._document.opened.disconnect(self._take_opened)
        self._document.saved.disconnect(self._take_saved)
        self._wait()
        self._keeper.abandon()
        self._keeper.wait(LAST_SECONDS)
        self._keeper.kept.disconnect(self._take_kept)
        self._keeper.failed.disconnect(self._take_failed)


def _copy(source: Path, target: Path) -> None:
    """Another name for the file, where that can be had: then it takes neither time nor room."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
