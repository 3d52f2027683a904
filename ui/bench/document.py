"""The experiment being edited: its file, its past (undo) and whether it has unsaved changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from simulator.data import AnyData, Csv
from simulator.experiment.experiment import Experiment, ExperimentError, in_words
from simulator.experiment.files import MAX_FILE_BYTES, read, write
from simulator.system.fingerprint import DiskChange, Fingerprint, fingerprint, fingerprint_of

if TYPE_CHECKING:
    from simulator.running.nabla.run_file import SavedRun
    from simulator.training.surgery import Operation

NUMBERS = itertools.count(1)


class Edit(Struct, frozen=True):
    """What was done to the document last."""

    description: str = ""
    """What undo calls it."""
    number: int = 0
    """The same each time that one entry of the past is done, undone and redone; 0 for none."""
    again: bool = False
    """Whether it is undone or redone, or a drag that comes back to where it began."""
    back_to: int | None = None
    """The step that the run goes back to with it; None where that is left to what has changed."""
    goes_on: bool = False
    """Whether it is a further stage of a drag."""
    surgery: Operation | None = None
    """What it does to the running network, which goes on from there."""
    undone: bool = False
    """Whether it takes back what was done."""

    @property
    def begins_a_run(self) -> bool:
        """Whether a run begins or comes back with it, whatever has changed."""
        return self.back_to is not None or self.surgery is not None


def leaving() -> Edit:
    """What ends the run of an experiment whose place another one takes; no undo takes it back."""
    return Edit(number=next(NUMBERS), back_to=0)


class _Entry(QUndoCommand):
    """One entry of the past; the steps of a drag merge into one."""

    def __init__(self, document: Document, after: Experiment, edit: Edit, key: str | None = None) -> None:
        super().__init__(edit.description)
        self._document = document
        self._edit = edit
        self._done = False
        self._key = key
        self.before = document.experiment
        self.after = after

    @property
    def number(self) -> int:
        return self._edit.number

    def id(self) -> int:
        return -1 if self._key is None else 1

    def close(self) -> None:
        """The drag has ended: nothing merges into this entry any more."""
        self._key = None

    def takes(self, key: str | None) -> bool:
        """Whether an edit with this key is a stage of the same drag."""
        return key is not None and key == self._key

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Entry) or not self.takes(other._key):
            return False
        self.after = other.after
        self.setObsolete(self.after == self.before)
        return True

    def redo(self) -> None:
        edit = replace(self._edit, again=True, goes_on=False) if self._done else self._edit
        self._done = True
        self._document._set(self.after, edit)

    def undo(self) -> None:
        edit = replace(self._edit, description=f"Undo: {self.text()}", again=True, undone=True, goes_on=False)
        self._document._set(self.before, edit)


class Document(QObject):
    """Holds one valid :class:`Experiment`; every change goes through :meth:`propose` and can be undone."""

    changed = Signal(object, object)
    """(old, new) experiment, after an edit, an undo or a redo."""
    opened = Signal(object)
    """Another experiment took the place of the old one: a run of its own begins."""
    settled = Signal(object, object)
    """(asked, taken) data: what reading them has decided stands in the experiment now; nothing was edited."""
    locked = Signal(str)
    """The lesson's lock that has kept an edit off, in a sentence."""
    followed = Signal()
    """What is described has become what the run was changed to, as was planned; nothing was edited."""
    title_changed = Signal()
    saved = Signal()
    """What there is stands in a file."""

    def __init__(self, experiment: Experiment, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._experiment = settled(experiment)
        self._saved: Experiment | None = self._experiment
        """What stands in a file; None where nothing of it does."""
        self._path: Path | None = None
        self._fingerprint: Fingerprint | None = None
        """Of its file, when that was opened or saved; None where it is not known."""
        self._run: SavedRun | None = None
        self.edit = Edit()
        """The last edit, undo or redo."""
        self.undo_stack = QUndoStack(self)

    @property
    def experiment(self) -> Experiment:
        return self._experiment

    @property
    def dirty(self) -> bool:
        """Whether it differs from what was opened or saved."""
        return self._experiment != self._saved

    @property
    def path(self) -> Path | None:
        """Of its file; None where it has none yet."""
        return self._path

    @path.setter
    def path(self, path: Path | None) -> None:
        self._stands_in(path, None)

    def _stands_in(self, path: Path | None, content: Fingerprint | None) -> None:
        """Its file is the one at ``path``, with that content; None: what is there now."""
        self._path = path
        self._fingerprint = fingerprint_of(path) if content is None and path is not None else content

    @property
    def changed_on_disk(self) -> DiskChange:
        """What another program has done to its file since it was opened or saved."""
        if self._path is None or self._fingerprint is None or not self._path.parent.is_dir():
            return ""
        try:
            return self._fingerprint.change_of(self._path)
        except OSError:
            return ""  # What is no place for a file is said when it is written.

    @property
    def name(self) -> str:
        """What the title shows: the file's name, else the experiment's."""
        return self.path.stem if self.path is not None else self._experiment.name or "untitled"

    def propose(
        self,
        builtins: Mapping[str, Any],
        description: str,
        merge_key: str | None = None,
        final: bool = True,
        back_to: int | None = None,
        surgery: Operation | None = None,
    ) -> str | None:
        """Take over a changed experiment, or return the sentence that says why it cannot be.

        Proposals with one ``merge_key`` become one undo entry until one of them is ``final``. With ``back_to`` the run
        goes back to that step, or to the last one before it that can be had; with a ``surgery`` it goes on from what
        that makes of its network.
        """
        try:
            new = settled(self._checked(builtins, surgery), self._experiment)
        except ValueError as error:
            if final:
                self._close_edit()
            self._tell_lock(error)
            return in_words(error)
        if new != self._experiment or back_to is not None or surgery is not None:
            self._push(new, description, merge_key, back_to, surgery)
        if final:
            self._close_edit()
        return None

    def _checked(self, builtins: Mapping[str, Any], surgery: Operation | None) -> Experiment:
        """What is proposed; ExperimentError where it cannot be, or would get round the locks of its lesson."""
        new, locks = Experiment.from_builtins(dict(builtins)), self._experiment.locks
        by_hand = surgery is not None and locks and not locks.knobs.may_change(("layers",))
        if locks and (new.locks != locks or by_hand):
            raise ExperimentError(locks.because)
        return new

    def _tell_lock(self, error: ValueError) -> None:
        locks = self._experiment.locks
        if locks and isinstance(error, ExperimentError) and error.message == locks.because:
            self.locked.emit(f"This is {locks.because}.")

    def unlock(self, description: str) -> None:
        """From now on no lesson's lock holds, as an edit that can be undone; nothing is unsaved by it."""
        clean = not self.dirty
        self._push(self._experiment.unlocked, description, None, None)
        self._close_edit()
        if clean:
            self._saved = self._experiment
            self.title_changed.emit()

    def settle(self, asked: AnyData, data: AnyData) -> None:
        """Take in what reading the data has decided, wherever they are described as they were ``asked`` for.

        It is no edit: what was saved stays saved, and undo does not take it back.
        """

        def taken(experiment: Experiment) -> Experiment:
            try:
                return experiment.with_data(data) if experiment.data == asked else experiment
            except ValueError:
                return experiment  # Of an entry of the past that could not be trained on them.

        for index in range(self.undo_stack.count()):
            entry = self.undo_stack.command(index)
            if isinstance(entry, _Entry):
                entry.before, entry.after = taken(entry.before), taken(entry.after)
        self._saved = None if self._saved is None else taken(self._saved)
        before, self._experiment = self._experiment, taken(self._experiment)
        if self._experiment != before:
            self.settled.emit(asked, data)

    def follow(self, experiment: Experiment) -> None:
        """The run has been changed as was planned: that is described now, in the last entry of the past too."""
        before = self._experiment
        after = structs.replace(experiment, name=before.name, lanes=before.lanes, locks=before.locks)
        if after == before:
            return
        last = self._last_entry()
        if last is not None and last.after == before:
            last.after = after
        self._experiment = after
        self.followed.emit()

    def restart(self) -> None:
        """Let the same experiment begin again, as an edit that can be undone."""
        self._push(self._experiment, "Restart, same weights", None, 0)

    def _push(
        self, new: Experiment, description: str, key: str | None, back_to: int | None, surgery: Operation | None = None
    ) -> None:
        last = self._last_entry()
        if last is not None and last.takes(key):
            edit = Edit(description, last.number, new == last.before, back_to, True)
        else:
            edit = Edit(description, next(NUMBERS), False, back_to, surgery=surgery)
        self.undo_stack.push(_Entry(self, new, edit, key))

    def _last_entry(self) -> _Entry | None:
        index = self.undo_stack.index()
        command = self.undo_stack.command(index - 1) if index else None
        return command if isinstance(command, _Entry) else None

    def _close_edit(self) -> None:
        if (last := self._last_entry()) is not None:
            last.close()

    def _set(self, experiment: Experiment, edit: Edit) -> None:
        self.edit = edit
        old, was_dirty = self._experiment, self.dirty
        self._experiment = experiment
        self.changed.emit(old, experiment)
        if old.name != experiment.name or was_dirty != self.dirty:
            self.title_changed.emit()

    # -- files ---------------------------------------------------------------------------------------------------

    def replace(
        self, experiment: Experiment, path: Path | None = None, run: SavedRun | None = None, unsaved: bool = False,
        content: Fingerprint | None = None,
    ) -> None:  # fmt: skip
        """Begin anew with another experiment (new, preset, file): no past, nothing unsaved, unless all of it is.

        With a saved ``run`` of it, that goes on. ``content`` is that of the file when it was read.
        """
        self._experiment = settled(experiment) if run is None else experiment
        self._saved = None if unsaved else self._experiment
        self._stands_in(path, content)
        self._run = run
        if run is not None and not unsaved:
            run.record.saved_steps = run.checkpoint.step
        self.edit = Edit()
        self.undo_stack.clear()
        self.opened.emit(self._experiment)
        self.title_changed.emit()

    def open(self, path: Path, agreed: Callable[[], bool] = lambda: True) -> str | None:
        """Open a file; on failure return one sentence and leave everything as it was.

        ``agreed`` is asked when the file has been read, and may still keep what there is.
        """
        content = fingerprint_of(path, MAX_FILE_BYTES)
        try:
            experiment = read(path)
        except ValueError as error:
            return in_words(error)
        if agreed():
            self.replace(experiment, path.absolute(), content=content)
        return None

    def take_run(self) -> SavedRun | None:
        """The saved run that is to go on, once."""
        run, self._run = self._run, None
        return run

    def save(self, path: Path | None = None) -> str | None:
        """Write to ``path`` or the present file, whole or not at all; the sentence of a failure."""
        target = path or self.path
        if target is None:
            return "The experiment has no file yet."
        try:
            write(self._experiment, target.absolute())
        except OSError as error:
            return f"{target}: cannot be written: {error.strerror or error}"
        except MemoryError:
            return f"{target}: there is not enough memory to write it"
        self.saved_in(target.absolute(), self._experiment, fingerprint(self._experiment.to_json()))
        return None

    def saved_in(self, path: Path, experiment: Experiment, content: Fingerprint | None = None) -> None:
        """From now on the file at ``path``, of this ``content``, is the document's, and holds ``experiment``."""
        self._stands_in(path, content)
        self._close_edit()
        self._saved = experiment
        self.title_changed.emit()
        self.saved.emit()


def settled(experiment: Experiment, before: Experiment | None = None) -> Experiment:
    """With what reading its data decides, so that the forms show what was taken; as it is where they cannot be read.

    What takes long to read is left to the worker, which tells how far it is: see :meth:`Document.settle`.

    Of another file than that of ``before``, or read in another way, nothing is kept that was taken then.
    """
    if before is not None and before.data == experiment.data:
        return experiment
    data = experiment.data
    if isinstance(data, Csv) and before is not None and isinstance(before.data, Csv):
        data = data.reopened(before.data)
    try:
        described = experiment if data == experiment.data else experiment.with_data(data)
        return described.settled() if data.settles_soon else described
    except (ValueError, MemoryError):
        return experiment
