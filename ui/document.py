"""The experiment being edited: its file, its past (undo) and whether it has unsaved changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from simulator.experiment import Experiment
from simulator.files.experiments import read, write


class _Edit(QUndoCommand):
    """One entry of the past; the steps of a drag merge into one."""

    def __init__(self, document: Document, after: Experiment, description: str, key: str | None) -> None:
        super().__init__(description)
        self._document = document
        self._before = document.experiment
        self._after = after
        self.key = key

    def id(self) -> int:
        return -1 if self.key is None else 1

    def close(self) -> None:
        """The drag has ended: nothing merges into this entry any more."""
        self.key = None

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Edit) or other.key != self.key or self.key is None:
            return False
        self._after = other._after
        self.setObsolete(self._after == self._before)
        return True

    def redo(self) -> None:
        self._document._set(self._after, self.text())

    def undo(self) -> None:
        self._document._set(self._before, f"Undo: {self.text()}")


class Document(QObject):
    """Holds one valid :class:`Experiment`; every change goes through :meth:`propose` and can be undone."""

    changed = Signal(object, object)
    """(old, new) experiment, after an edit, an undo or a redo."""
    opened = Signal(object)
    """Another experiment took the place of the old one: a run of its own begins."""
    title_changed = Signal()

    def __init__(self, experiment: Experiment, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._experiment = experiment
        self.path: Path | None = None
        self.described = ""
        """What the last edit, undo or redo was called."""
        self.goes_on = False
        """Whether the edit that is being made goes on with the one before it, as the steps of a drag do."""
        self.undo_stack = QUndoStack(self)
        # A method, not a lambda: the stack tells once more while this object is being destroyed.
        self.undo_stack.cleanChanged.connect(self._clean_changed)

    @property
    def experiment(self) -> Experiment:
        return self._experiment

    @property
    def dirty(self) -> bool:
        return not self.undo_stack.isClean()

    @property
    def name(self) -> str:
        """What the title shows: the file's name, else the experiment's."""
        return self.path.stem if self.path is not None else self._experiment.name or "untitled"

    def propose(
        self, builtins: Mapping[str, Any], description: str, merge_key: str | None = None, final: bool = True
    ) -> str | None:
        """Take over a changed experiment, or return the sentence that says why it cannot be.

        Proposals with one ``merge_key`` become one undo entry until one of them is ``final``.
        """
        try:
            new = Experiment.from_builtins(dict(builtins))
        except ValueError as error:
            if final:
                self._close_edit()
            return str(error)
        if new != self._experiment:
            self.goes_on = self._continues(merge_key)
            self.undo_stack.push(_Edit(self, new, description, merge_key))
            self.goes_on = False
        if final:
            self._close_edit()
        return None

    @Slot(bool)
    def _clean_changed(self, _clean: bool) -> None:
        self.title_changed.emit()

    def _continues(self, merge_key: str | None) -> bool:
        edit = self._last_edit()
        return merge_key is not None and edit is not None and edit.key == merge_key

    def _last_edit(self) -> _Edit | None:
        index = self.undo_stack.index()
        command = self.undo_stack.command(index - 1) if index else None
        return command if isinstance(command, _Edit) else None

    def _close_edit(self) -> None:
        edit = self._last_edit()
        if edit is not None:
            edit.close()

    def _set(self, experiment: Experiment, description: str) -> None:
        self.described = description
        old, self._experiment = self._experiment, experiment
        self.changed.emit(old, experiment)
        if old.name != experiment.name:
            self.title_changed.emit()

    # -- files ---------------------------------------------------------------------------------------------------

    def replace(self, experiment: Experiment, path: Path | None = None) -> None:
        """Begin anew with another experiment (new, preset, file): no past, nothing unsaved."""
        self._experiment = experiment
        self.path = path
        self.undo_stack.clear()
        self.undo_stack.setClean()
        self.opened.emit(experiment)
        self.title_changed.emit()

    def open(self, path: Path) -> str | None:
        """Open a file; on failure return one sentence and leave everything as it was."""
        try:
            experiment = read(path)
        except ValueError as error:
            return str(error)
        self.replace(experiment, path.absolute())
        return None

    def save(self, path: Path | None = None) -> str | None:
        """Write to ``path`` or the present file, whole or not at all; the sentence of a failure."""
        target = path or self.path
        if target is None:
            return "The experiment has no file yet."
        try:
            write(self._experiment, target.absolute())
        except OSError as error:
            return f"{target}: cannot be written: {error.strerror or error}"
        self.path = target.absolute()
        self._close_edit()
        self.undo_stack.setClean()
        self.title_changed.emit()
        return None
