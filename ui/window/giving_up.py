"""Nothing is given up without a question: changes that stand in no file, and runs that took long; one at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count as counted
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from ui.bench.bench import Bench
from ui.bench.run_keeper import saved_run
from ui.bench.run_records import UnsavedRun
from ui.dialogs import files
from ui.style.numbers import count, duration

LONG_RUN_SECONDS = 60.0
"""A run that was trained for longer is not given up without a question."""


class GivingUp(QObject):
    """Asks over one window before its experiment is closed, or another takes its place.

    What undo brings back is not given up by an edit, and is not asked about then: it is when the experiment is.
    """

    def __init__(
        self, bench: Bench, save: Callable[[], bool], save_to: Callable[[Path], bool], suggest: Callable[[], Path],
        window: QWidget,
    ) -> None:  # fmt: skip
        """``save`` saves in the document's own kind of file, ``save_to`` in this one, ``suggest`` names one."""
        super().__init__(window)
        self._bench, self._document, self._window = bench, bench.document, window
        self._save, self._save_to, self._suggest = save, save_to, suggest

    def may(self) -> bool:
        """Whether experiment and runs may be given up: saved, unchanged, short, or so decided."""
        runs = self._bench.unsaved(LONG_RUN_SECONDS)
        if not self._document.dirty and not runs:
            return True
        answer = self._ask(unsaved_text(runs))
        if answer == "keep":
            return self._keep(runs)
        return answer == "discard" or (answer == "save" and self._save() and self.is_saved())

    def _ask(self, runs: str) -> files.UnsavedAnswer:
        ask = files.ask_unsaved if self._document.dirty else files.ask_run
        return ask(self._window, self._document.name, runs)

    def is_saved(self) -> bool:
        """Whether the experiment is, once all that is being written has been."""
        self._bench.keeper.wait()
        return not self._document.dirty

    def _keep(self, runs: tuple[UnsavedRun, ...]) -> bool:
        """Keep the present run, if it or its experiment is unsaved, and those put aside; whether all is written."""
        path = files.ask_keep(self._window, self._suggest())
        if path is None:
            return False
        aside, paths = [run for run in runs if run.kept is not None], numbered(path)
        present = self._document.dirty or len(aside) < len(runs)
        kept = not present or (self._save_to(next(paths)) and self._bench.keeper.wait())
        return kept and all(self._keep_aside(run, next(paths)) for run in aside)

    def _keep_aside(self, run: UnsavedRun, path: Path) -> bool:
        kept, record = run.kept, run.record
        if kept is not None:
            saved = saved_run(kept.checkpoint, record, kept.threads, kept.lanes, run.lanes, kept.coming)
            self._bench.keeper.keep(path, saved)
        written = self._bench.keeper.wait()
        if written:
            record.saved_steps = record.steps
        return written


def unsaved_text(runs: tuple[UnsavedRun, ...]) -> str:
    """``12 400 steps, 3 min 20 s of training``, for each of them, with how much of it is not saved."""
    return "; ".join(map(_run_text, runs))


def _run_text(run: UnsavedRun) -> str:
    back = " (undo would bring it back)" if run.kept is not None else ""
    return f"{trained(run.record.steps, run.record.seconds, run.record.saved_steps)}{back}"


def trained(steps: int, seconds: float, saved: int) -> str:
    """How long a run was trained, and how much of it is beyond the ``saved`` steps that stand in a file."""
    time = f", {duration(seconds)} of training" if seconds >= 1 else ""
    lately = f", the last {count(steps - saved, 'step')} of which are not saved" if 0 < saved < steps else ""
    return f"{count(steps, 'step')}{time}{lately}"


def numbered(path: Path) -> Iterator[Path]:
    """The path, and then others beside it that are still free: ``name-2.nabla``, ``name-3.nabla``."""
    yield path
    others = (path.with_stem(f"{path.stem}-{number}") for number in counted(2))
    yield from (other for other in others if not other.exists())
