"""Experiments from and to files: new, presets, open, save; nothing is lost without a question."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from simulator.data import Csv, Data
from simulator.data.image_files import holds_images
from simulator.data.images import check_images
from simulator.data.table import changed, forget, has_changed
from simulator.experiment.embedded import extract, is_container
from simulator.experiment.experiment import Experiment, in_words
from simulator.experiment.files import RUN_ENDING, Preset, is_table, reach_from, reach_of, read
from simulator.lessons.ending import is_lesson
from simulator.schema.parameter import replaced
from simulator.system.fingerprint import Fingerprint, fingerprint_of, free_name_beside
from simulator.system.progress import CancelledError
from ui.bench.bench import Bench
from ui.dialogs import files
from ui.dialogs.waiting import waiting
from ui.forms.training import with_fitting_loss
from ui.settings.preferences import PRECISION, SEED, preferred
from ui.settings.settings import Settings
from ui.window.giving_up import GivingUp
from ui.window.status import Banner

# Dialogs are imported when they are asked for: the first window does not wait for them.
if TYPE_CHECKING:
    from simulator.running.nabla.shared_file import Shared
    from ui.dialogs.table import TableDialog


NEW = {
    "data": {"kind": "digits"},
    "layers": [{"kind": "dense", "units": 64, "repeat": 4, "activation": {"kind": "tanh"}}],
}
"""What File → New begins with."""


def new_experiment(data: str) -> Experiment:
    """A small network to build on, for a data set by its kind: through time where samples are sequences."""
    plain = {**NEW, "data": {"kind": data}, "seed": int(preferred(SEED)), "precision": preferred(PRECISION)}
    shape = Experiment.from_builtins(plain).data.input_shape
    if shape is not None and len(shape) == 2:
        plain["layers"] = [{"kind": "lstm", "units": 32}]
    return Experiment.from_builtins(plain)


class Experiments(QObject):
    """Puts experiments into the bench's document and takes them out of it, asking over one window."""

    preset_opened = Signal(object)
    """The :class:`Preset` that has just been opened."""
    shared_opened = Signal(object, object)
    """A :class:`Shared`, with more than a run in it, that has just been opened, and its path."""
    lesson_chosen = Signal(Path)
    """A lesson's file that is to be opened."""
    leaving = Signal()
    """The present experiment is about to be given up for another, or has just been saved."""

    def __init__(self, bench: Bench, banner: Banner, window: QWidget) -> None:
        super().__init__(window)
        self.bench, self.document = bench, bench.document
        self._banner, self._window = banner, window
        self._settings = Settings()
        save, suggest = functools.partial(self.save, leaving=True), functools.partial(self.suggestion, RUN_ENDING)
        self._giving_up = GivingUp(bench, save, self._save_to, suggest, window)
        self.may_replace = self._giving_up.may
        """Whether another experiment may take the place of the present one and its runs, or nothing may."""
        self._asked: set[Path] = set()
        """Where the present run is to be saved."""
        self.document.opened.connect(lambda _experiment: self._asked.clear())
        self.document.settled.connect(self._take_settled)
        self.bench.keeper.kept.connect(self._take_kept)
        self.bench.keeper.failed.connect(lambda _path, reason: banner.say(reason))

    def new(self, data: str = "digits") -> None:
        """Begin with a small network on a data set, by its kind."""
        if self.may_replace():
            self._replace(new_experiment(data))

    def open_experiment(self, experiment: Experiment) -> bool:
        """Put one that was made elsewhere, and has no name, in the present one's place; whether it may be."""
        may = self.may_replace()
        if may:
            self._replace(experiment)
        return may

    def _replace(self, experiment: Experiment) -> None:
        self.leaving.emit()
        self.document.replace(experiment)

    def open_preset(self, preset: Preset) -> bool:
        """Whether it could be read, and the present experiment may be given up for it."""
        try:
            experiment = preset.load()
        except ValueError as error:
            self._banner.say(in_words(error))
            return False
        may = self.may_replace()
        if may:
            self._replace(experiment)
            self.preset_opened.emit(preset)
        return may

    def ask_open(self) -> None:
        path = files.ask_open(self._window, self._settings.folder())
        if path is not None:
            self.open_path(path)

    def ask_data(self, kind: str = "csv") -> None:
        """Ask for data of the person's own, by the kind of data set that reads it, and begin a small network on it."""
        folder = self._settings.folder()
        path = files.ask_images(self._window, folder) if kind == "images" else files.ask_table(self._window, folder)
        if path is None:
            return
        if kind == "images":
            self._use_images(path, anew=True)
        elif is_table(path):
            self._open_table(path, anew=True)
        else:
            self.open_path(path)

    def open_path(self, path: Path) -> None:
        """Open an experiment, or take a table as data; what cannot be read is said, and nothing is lost."""
        try:
            self._open_kind(path)
        except MemoryError:
            self._banner.say(f"Not opened: there is not enough memory for {path.name}")

    def _open_kind(self, path: Path) -> None:
        """As what its name, or what it holds, says that it is."""
        if holds_images(path):
            self._use_images(path)
            return
        if is_table(path):
            self._open_table(path)
            return
        if is_lesson(path):
            self.lesson_chosen.emit(path)
            return
        if path.suffix.lower() == RUN_ENDING:
            self._open_run(path)
            return
        if is_container(path):
            self._open_carried(path)
            return
        reason = self.document.open(path, lambda: self._may_reach(path) and self._may_leave())
        if reason is not None:
            self._banner.say(f"Not opened: {reason}")
        elif self.document.path == path.absolute():
            self._settings.add_recent(path)
            if news := self._news_of(path):
                self._banner.say(news)

    def _open_run(self, path: Path) -> None:
        """Go on with a saved run, or open what was shared; what is neither is said, and nothing is lost."""
        content = fingerprint_of(path)
        try:
            with waiting(self._window, "Open"):
                opened = self._read_run(path)
        except ValueError as error:
            self._banner.say(f"Not opened: {in_words(error)}")
            return
        if opened is None or not self._may_leave():
            return
        shared, news = opened
        if shared.is_run:
            self.document.replace(shared.experiment, path.absolute(), shared.run, content=content)
        else:
            # A copy without a name: saving it must not write over what somebody has packed.
            self.document.replace(shared.experiment, run=shared.run)
            self.shared_opened.emit(shared, path)
        self._settings.add_recent(path)
        if news:
            self._banner.say(f"{self._banner.text} {news}".lstrip())

    def _read_run(self, path: Path) -> tuple[Shared, str] | None:
        """What is in a file, and why its run may go on otherwise; None where it may not be read, or nobody waits."""
        from simulator.network.threads import blas_threads
        from simulator.running.nabla.run_file import described, taken_up
        from simulator.running.nabla.shared_file import read
        from simulator.system.environment import environment

        reach = reach_from(path, described(path))
        if reach is not None and not files.ask_reach(self._window, path, reach.target):
            return None
        try:
            shared = read(path)
            if shared.run is None:
                return shared, ""
            training = taken_up(shared.run)
        except CancelledError:
            return None
        return shared, shared.run.news(environment(blas_threads(training.network)), training.data.digest)

    def _open_carried(self, path: Path) -> None:
        """The experiment in a picture or a report, as an untitled copy: saving it must not replace what carried it."""
        try:
            carried = extract(path)
        except ValueError as error:
            self._banner.say(f"Not opened: {in_words(error)}")
            return
        if self._may_reach(path) and self._may_leave():
            self.document.replace(carried.experiment.beside(path.parent))
            self._settings.add_recent(path)
            self._banner.say(f"{carried.sentence} {self._news_of(path)}".rstrip())

    def _news_of(self, path: Path) -> str:
        """What has changed of a file's data since its run; of what takes long to read, the worker tells that later."""
        try:
            data = read(path).data
        except ValueError:
            return ""
        return changed(data) if data.settles_soon else ""

    def _take_settled(self, asked: Data, data: Data) -> None:
        """The worker has read what takes long."""
        if isinstance(asked, Csv) and isinstance(data, Csv) and asked.hash not in ("", data.hash):
            self._banner.say(has_changed(asked))

    def _may_reach(self, path: Path) -> bool:
        """Whether an experiment may read what it names outside of its own folder; nothing is read before."""
        reach = reach_of(path)
        return reach is None or files.ask_reach(self._window, path, reach.target)

    def _use_images(self, path: Path, *, anew: bool = False) -> None:
        """Take a folder, or an archive, with a sub-folder of pictures for each class as data."""
        try:
            check_images(str(path))
        except ValueError as error:
            self._banner.say(f"Not opened: {error}")
            return
        self._use({"kind": "images", "path": str(path.absolute())}, f"Use images from {path.name}", anew=anew)

    def _open_table(self, path: Path, *, anew: bool = False) -> None:
        from ui.dialogs.table import TableDialog

        dialog = TableDialog(path.absolute(), self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.refused.connect(self._banner.say)
        dialog.accepted.connect(lambda: self._use_table(dialog, anew=anew))
        dialog.finished.connect(lambda _result: forget() if self.bench.link.mode == "process" else None)
        dialog.open()

    def _use_table(self, dialog: TableDialog, *, anew: bool) -> None:
        self.bench.pause()  # Training begins with other data only where it is told to.
        self._use(dialog.data(), f"Use data from {dialog.path.name}", anew=anew)

    def _use(self, data: Mapping[str, Any], description: str, *, anew: bool) -> None:
        """Give the present network other data, or ``anew`` a small one to build on."""
        old = new_experiment("digits") if anew else self.document.experiment
        plain = with_fitting_loss(old, replaced(old.to_builtins(), ("data",), data))
        if anew:
            self._begin_with(plain)
        elif (reason := self.document.propose(plain, description)) is not None:
            self._banner.say(reason)

    def _begin_with(self, plain: Mapping[str, Any]) -> None:
        try:
            experiment = Experiment.from_builtins(plain)
        except ValueError as error:
            self._banner.say(in_words(error))
            return
        self.open_experiment(experiment)

    def save(self, *, leaving: bool = False) -> bool:
        """Whether it is saved; asks where if there is no file yet, and what to do if another program has changed it."""
        path = self.document.path
        if path is None:
            return self.save_as()
        if change := self.document.changed_on_disk:
            return self._save_changed(path, gone=change == "gone", leaving=leaving)
        return self._save_to(path)

    def _save_changed(self, path: Path, *, gone: bool, leaving: bool) -> bool:
        """Whether it is saved, though another program has changed its file since, or taken it away."""
        match files.ask_changed(self._window, path, gone=gone, reload=not leaving):
            case "overwrite":
                return self._save_to(path)
            case "save as":
                return self.save_as(free_name_beside(path))
            case "reload":
                kept = self.save_as(free_name_beside(path)) and self._giving_up.is_saved()
                if kept and self.document.path != path:
                    self.open_path(path)
                return kept
        return False

    def save_as(self, suggested: Path | None = None) -> bool:
        """Whether it is saved where a person says."""
        start = suggested or self.document.path
        start = start or self.suggestion(".json")
        path = files.ask_save(self._window, start)
        return path is not None and self._save_to(path)

    def _save_to(self, path: Path) -> bool:
        """Whether it is saved, or will be: a run is written while it goes on."""
        if path.suffix.lower() == RUN_ENDING:
            self._asked.add(path.absolute())
            self.bench.keeper.keep(path.absolute())
            return True
        reason = self.document.save(path)
        if reason is None:
            self._settings.add_recent(path)
            self.leaving.emit()
        else:
            self._banner.say(reason)
        return reason is None

    def _take_kept(self, path: Path, experiment: Experiment, step: int, content: Fingerprint | None) -> None:
        """A run stands in a file now: the document's, unless another has been opened meanwhile."""
        if path.is_file():
            self._settings.add_recent(path)
        if path in self._asked:
            self._asked.discard(path)
            self.bench.record.saved_steps = step
            self.document.saved_in(path, experiment, content)
            self.leaving.emit()

    def suggestion(self, ending: str) -> Path:
        """A name for another file of this experiment, beside its own."""
        path = self.document.path
        stem = files.file_stem(self.document.name) if path is None else path.stem
        return self._settings.folder(path) / f"{stem}{ending}"

    def _may_leave(self) -> bool:
        may = self.may_replace()
        if may:
            self.leaving.emit()
        return may
