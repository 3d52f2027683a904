"""What a session that ended hard has left: named with what would be gained, and restored as an untitled copy."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from PySide6.QtWidgets import QWidget

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import MAX_FILE_BYTES
from simulator.schema.parameter import is_live_change
from simulator.system.regular_file import read_regular
from ui.bench.document import Document
from ui.dialogs import files
from ui.settings.fault_log import log
from ui.settings.session_folder import SessionFolder
from ui.window.giving_up import trained
from ui.window.recovery import EXPERIMENT, MOST_NOTE, NOTE, NOTED, Recovery, RecoveryNote, run_name

# What reads runs is imported where one was left: other starts do not wait for it.
if TYPE_CHECKING:
    from simulator.running.nabla.run_file import SavedRun

DECLINED = "declined"
KEPT_DAYS = 30.0
"""So long stays what nobody wanted, or what could not be read."""
LONGEST_NAME = 200
LATER = "Changes after the run was kept"


class Restorable(Struct, frozen=True):
    """What can be restored."""

    note: RecoveryNote
    experiment: Experiment
    run: SavedRun | None

    @property
    def run_goes_on(self) -> bool:
        """Whether the run is the experiment's own, and not one that its last change has ended."""
        return self.run is not None and is_live_change(self.run.experiment, self.experiment)

    @property
    def gain(self) -> str:
        """``changes that are not saved and a run of 1 200 steps, 2 min 5 s of training``"""
        changes = ["changes that are not saved"] if self.note.changed else []
        if self.run is None or not self.run.checkpoint.step:
            return " and ".join(changes)
        steps = trained(self.run.checkpoint.step, self.run.record.seconds, self.note.saved_steps)
        back = "" if self.run_goes_on else ", which undo brings back"
        return " and ".join([*changes, f"a run of {steps}{back}"])


def note_of(session: SessionFolder) -> RecoveryNote | None:
    """What a dead session has left, unless it is nothing, or nobody wanted it."""
    if (session.path / DECLINED).exists():
        return None
    try:
        plain = msgspec.json.decode(read_regular(session.path / NOTE, MOST_NOTE), type=dict[str, Any])
        note = msgspec.convert(NOTED.brought_up(plain, plain.get("format", 1)), RecoveryNote)
        time.localtime(note.seconds)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        reason = getattr(error, "strerror", "") or str(error) or "there is not enough memory"
        log.warning("%s cannot be read: %s", session.path / NOTE, reason)
        return None
    return note


def left_by(session: SessionFolder, note: RecoveryNote) -> Restorable | None:
    """What can be restored of it; None where that is nothing."""
    try:
        experiment = Experiment.from_json(read_regular(session.path / EXPERIMENT, MAX_FILE_BYTES))
    except (OSError, ValueError, MemoryError) as error:
        log.warning("an experiment could not be restored: %s", error)
        return None
    left = Restorable(note, experiment, _run_of(session, note))
    return left if left.gain else None


def _run_of(session: SessionFolder, note: RecoveryNote) -> SavedRun | None:
    from simulator.running.nabla import run_file

    path = session.path / run_name(note.document)
    if not path.exists():
        return None
    try:
        run = run_file.read(path)
        run_file.taken_up(run)
    except (ExperimentError, MemoryError) as error:
        log.warning("a run could not be restored: %s", error)
        return None
    return run


def settle(session: SessionFolder) -> None:
    """Nothing of it is offered: what a person may still look for stays for a while, the rest goes."""
    kept = [path for name in (DECLINED, NOTE) if (path := session.path / name).exists()]
    if any(time.time() - path.stat().st_mtime < KEPT_DAYS * 86_400 for path in kept):
        session.leave()
    else:
        session.end()


def offer(session: SessionFolder, note: RecoveryNote, document: Document, recovery: Recovery, window: QWidget) -> None:
    """Ask whether what was left is to be restored, and do it, into an untitled copy; no file is changed either way."""
    left = left_by(session, note)
    if left is None:
        settle(session)
        return
    when = time.strftime("%d %b %Y, %H:%M", time.localtime(note.seconds))
    restored = files.ask_recover(window, " ".join(note.name[:LONGEST_NAME].split()), when, left.gain)
    if restored:
        restore(left, document)
        recovery.adopt(session, left.experiment, note)
        return
    if restored is not None:
        (session.path / DECLINED).touch()
    session.leave()


def restore(left: Restorable, document: Document) -> None:
    """Put it into the document, unsaved; the run goes on, or stands where undo finds it."""
    if left.run is None:
        document.replace(left.experiment, unsaved=True)
    else:
        document.replace(left.run.experiment, run=left.run, unsaved=True)
        document.propose(left.experiment.to_builtins(), LATER)
