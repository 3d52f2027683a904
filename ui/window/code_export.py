"""The run as a program for another library: asked for, written beside the window."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from simulator.experiment.experiment import ExperimentError
from ui.bench.bench import Bench
from ui.bench.run_keeper import NOT_SAVED
from ui.dialogs import files
from ui.dialogs.code import LIBRARIES, CodeDialog
from ui.style.numbers import count
from ui.window.status import Banner

if TYPE_CHECKING:
    from simulator.running.nabla.run_file import SavedRun


class CodeExport(QObject):
    """Writes one program at a time, of the run as it stands between two steps."""

    def __init__(self, bench: Bench, banner: Banner, window: QWidget) -> None:
        super().__init__(window)
        self._bench, self._banner, self._window = bench, banner, window
        self._folder: Path | None = None
        """Where one is being written."""
        self._library = ""
        bench.keeper.kept.connect(lambda path, _experiment, step, _content: self._finish(path, step))
        bench.keeper.failed.connect(self._fail)

    def open(self) -> None:
        """Ask for which library, and where to."""
        dialog = CodeDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._ask_where(dialog.library))
        dialog.open()

    def _ask_where(self, library: str) -> None:
        from simulator.code.export import MODEL

        path = self._bench.document.path
        folder = files.ask_folder(self._window, "Folder for the code", Path.home() if path is None else path.parent)
        if folder is None:
            return
        if not (folder / MODEL).exists() or files.ask_overwrite(self._window, folder / MODEL):
            self.write(folder, library)

    def write(self, folder: Path, library: str) -> None:
        """Write the run as it stands into a folder, while the window and the run go on."""
        if self._folder is not None:
            self._banner.say("The code of before is still being written.", holds=lambda: self._folder is not None)
            return
        self._folder, self._library = folder, library
        title = self._bench.document.name
        self._bench.keeper.keep(folder, write=partial(_write, title, library))

    def _finish(self, path: Path, step: int) -> None:
        if path == self._folder:
            self._folder = None
            proof = "there, python model.py --check proves it"
            self._banner.say(
                f"{LIBRARIES[self._library]} code after {count(step, 'update')} is in {path.name}: {proof}."
            )

    def _fail(self, path: Path, reason: str) -> None:
        if path == self._folder:
            self._folder = None
            self._banner.say(f"Not exported: {reason.removeprefix(NOT_SAVED)}")


def _write(title: str, library: str, saved: SavedRun, folder: Path) -> None:
    """In the keeper's thread; OSError where it cannot be written, or has no equivalent."""
    from simulator.code.export import export

    try:
        export(saved.checkpoint, title, folder, library)
    except ExperimentError as error:
        raise OSError(0, error.in_words, str(folder)) from None
