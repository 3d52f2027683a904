"""An experiment with all that belongs to it as one file for somebody else, and such a file from somebody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.lane import OWN_NAME
from simulator.system.fingerprint import Fingerprint, fingerprint_of
from simulator.system.progress import CancelledError, Progress, ProgressMeter, listening
from simulator.training.run_info import RunInfo
from ui.bench.bench import Bench
from ui.bench.run_keeper import NOT_SAVED
from ui.board.plot_area import PlotArea
from ui.board.shared_workspace import SharedWorkspace
from ui.dialogs import files
from ui.plots.base import Plot
from ui.plots.pinned import PinnedError, packed_pins, pins_in, state_of
from ui.style.numbers import count, integer, size_text
from ui.window.experiments import Experiments
from ui.window.progress_line import ProgressLine
from ui.window.status import Banner

# Zip, safetensors and the dialog are imported when something is shared: the first window does not wait for them.
if TYPE_CHECKING:
    from simulator.record.record import Record
    from simulator.running.nabla.presentation import Presentation
    from simulator.running.nabla.run_file import SavedRun
    from simulator.running.nabla.shared_file import Shared
    from ui.dialogs.share import SharePart

SAMPLE_BYTES = 8
"""For each sample, of the order in which they come."""
NOTHING = np.zeros(0, np.uint8)


class Sharing(QObject):
    """Asks, writes beside the window, and brings back what came with a file that is opened."""

    working = Signal(object)
    """:class:`Progress` of what is written; None: no more."""
    _written = Signal(object, str)
    """Path, and why nothing was written, from the thread that writes."""

    def __init__(
        self, bench: Bench, plots: PlotArea, experiments: Experiments, banner: Banner, progress: ProgressLine,
        window: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._bench, self._document, self._plots = bench, bench.document, plots
        self._banner, self._window, self._experiments = banner, window, experiments
        self._thread: threading.Thread | None = None
        self._path: Path | None = None
        """Where something is being written."""
        self._summary = ""
        """What that is, in words."""
        self._cancelled = False
        self._pins: tuple[Mapping[str, Any], NDArray[np.uint8]] = {}, NOTHING
        """What is to be pinned when the run has begun."""
        experiments.shared_opened.connect(self._take_opened)
        self._document.opened.connect(lambda _experiment: self._forget_pins())
        bench.started.connect(self._pin)
        bench.keeper.kept.connect(lambda path, *_its: self._finish(path, ""))
        bench.keeper.failed.connect(self._finish)
        bench.closed.connect(self._join)
        self._written.connect(self._finish, Qt.ConnectionType.QueuedConnection)
        self.working.connect(progress.show_progress)
        progress.cancelled.connect(self.cancel)

    @property
    def busy(self) -> bool:
        """Whether a file is still being written."""
        return self._path is not None

    # -- to a file -----------------------------------------------------------------------------------------------

    def share(self) -> None:
        """Ask what goes along and where to, and write it."""
        from ui.dialogs.share import ShareDialog

        dialog = ShareDialog(self.parts, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._ask_where(dialog.chosen))
        dialog.open()

    @property
    def parts(self) -> tuple[SharePart, ...]:
        """What can go along, and what cannot."""
        return tuple(self._parts())

    def _parts(self) -> Iterator[SharePart]:
        from ui.dialogs.share import SharePart

        experiment = self._document.experiment
        layers = count(experiment.depth, "layer")
        yield SharePart("experiment", "Experiment", f"{layers}, all settings", len(experiment.to_json()), needed=True)
        yield from self._data_part(experiment)
        yield self._run_part()
        workspace = self._workspace
        contents = f"“{workspace.title}”, {count(len(workspace.arrangement.keys), 'plot')}"
        yield SharePart("workspace", "Workspace", contents, len(workspace.to_json()))
        pinned = [plot.title for plot in self._pinned]
        content, arrays = packed_pins(self._pinned)
        contents = ", ".join(pinned) or "No plot has anything pinned."
        yield SharePart("pins", "What is pinned", contents, len(content) + arrays.nbytes, possible=bool(pinned))

    def _data_part(self, experiment: Experiment) -> Iterator[SharePart]:
        """None where the program has the data of all networks."""
        from simulator.running.nabla.packed_data import own_files
        from ui.dialogs.share import SharePart

        try:
            files = own_files(experiment).values()
        except ExperimentError as error:
            yield SharePart("data", "Data", f"{error.in_words}.", possible=False)
            return
        if files:
            names, what = " and ".join(own.name for own in files), "that file" if len(files) == 1 else "those files"
            contents = f"{names}, all of it; without it, whoever opens the file needs {what} too"
            yield SharePart("data", "Data", contents, sum(own.size for own in files))

    def _run_part(self) -> SharePart:
        from ui.dialogs.share import SharePart

        bench, view = self._bench, self._bench.view
        if view is None or bench.info is None or bench.refusal or bench.dead:
            return SharePart("run", "Run", "There is no run.", possible=False)
        contents = f"At step {integer(view.frame.step)}: weights, optimiser and all curves; it goes on from there."
        own = self._document.experiment.all_lanes()
        size = _size_of_run(own[OWN_NAME], bench.info, bench.record)
        beside = ((name, lane) for name, lane in view.lanes.items() if name in own)
        size += sum(_size_of_run(own[name], lane.frame.info, lane.record) for name, lane in beside)
        return SharePart("run", "Run", contents, size, about=True, chosen=False)

    @property
    def _workspace(self) -> SharedWorkspace:
        return SharedWorkspace.of(self._plots.workspaces.present)

    @property
    def _pinned(self) -> list[Plot[Any]]:
        return [plot for plot in self._plots.made.values() if plot.pinned]

    def _ask_where(self, chosen: frozenset[str]) -> None:
        path = files.ask_share(self._window, self._experiments.suggestion("-shared.nabla"))
        if path is not None:
            self.write(path, chosen)

    def write(self, path: Path, chosen: frozenset[str]) -> None:
        """Write the parts of these keys into a file, while the window and the run go on."""
        from simulator.running.nabla.shared_file import Shared

        path = path.absolute()
        if (writing := self._path) is not None:
            text = f"Not shared: {writing.name} is still being written."
            self._banner.say(text, holds=lambda: self._path == writing)
        elif path == self._document.path:
            self._banner.say(f"Not shared: {path.name} is the file of this experiment. Choose another name.")
        else:
            shared = Shared(self._document.experiment, None, self._shown(chosen), "data" in chosen)
            self._path, self._cancelled, self._summary = path, False, self._words_of(shared, "run" in chosen)
            if "run" in chosen:
                self._bench.keeper.keep(path, write=partial(self._write_with_run, shared))
            else:
                self._thread = threading.Thread(target=self._write_alone, args=(shared, path), name="nablascope-share")
                self._thread.start()

    def _shown(self, chosen: frozenset[str]) -> Presentation:
        from simulator.running.nabla.presentation import Presentation

        content, arrays = packed_pins(self._pinned if "pins" in chosen else [])
        return Presentation(self._workspace.to_json() if "workspace" in chosen else b"", content, arrays)

    def _words_of(self, shared: Shared, run: bool) -> str:
        """``experiment, data, workspace``"""
        shown = shared.shown
        parts = {"data": shared.data, "run": run, "workspace": shown.workspace, "what is pinned": shown.ghosts}
        return ", ".join(["experiment", *(name for name, content in parts.items() if content)])

    def _write_with_run(self, shared: Shared, saved: SavedRun, path: Path) -> Fingerprint | None:
        """In the keeper's thread; OSError where it cannot be written."""
        self._write(replace(shared, experiment=saved.experiment, run=saved), path)
        return fingerprint_of(path)

    def _write_alone(self, shared: Shared, path: Path) -> None:
        """In a thread of its own."""
        try:
            self._write(shared, path)
        except OSError as error:
            self._written.emit(path, f"{path}: cannot be written: {error.strerror or error}")
        except MemoryError:
            self._written.emit(path, f"{path}: there is not enough memory to write it")
        else:
            self._written.emit(path, "")

    def _write(self, shared: Shared, path: Path) -> None:
        from simulator.running.nabla.shared_file import write

        try:
            with listening(ProgressMeter(self._tell)):
                write(shared, path)
        except (ExperimentError, CancelledError) as error:
            reason = error.in_words if isinstance(error, ExperimentError) else "it was cancelled"
            raise OSError(0, reason, str(path)) from None

    def _tell(self, progress: Progress) -> None:
        """In the thread that writes."""
        if self._cancelled:
            raise CancelledError
        self.working.emit(progress)

    def cancel(self) -> None:
        """Leave what is being written; the file of before stays."""
        self._cancelled = True

    def _finish(self, path: Path, reason: str) -> None:
        """Something has been written, by the keeper too, or could not be."""
        if path != self._path:
            return
        self._join()
        self._path = None
        self.working.emit(None)
        if reason:
            reason = "it was cancelled" if self._cancelled else reason.removeprefix(NOT_SAVED).rstrip(".")
            self._banner.say(f"Not shared: {reason}.")
        else:
            self._banner.say(f"Shared as {path.name}, {size_text(path.stat().st_size)}: {self._summary}.")

    def _join(self) -> None:
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    # -- from a file ---------------------------------------------------------------------------------------------

    def _take_opened(self, shared: Shared, path: Path) -> None:
        """Bring back how it was looked at: the arrangement at once, what was pinned when the run has begun."""
        for plot in self._plots.made.values():
            plot.unpin()
        lacks = [self._take_workspace(shared.shown, path.stem), self._take_pins(shared.shown)]
        but = " and ".join(filter(None, lacks))
        contents = f"{path.name} is open as an untitled copy: {self._words_of(shared, shared.run is not None)}."
        self._banner.say(f"{contents} But {but}." if but else contents)

    def _take_workspace(self, shown: Presentation, source: str) -> str:
        """Why the arrangement cannot be brought back; ``""`` where it can, or there is none."""
        if not shown.workspace:
            return ""
        try:
            workspace = SharedWorkspace.from_json(shown.workspace)
        except ValueError as error:
            return str(error)
        self._plots.workspaces.take_in(workspace.title, workspace.arrangement, source)
        return ""

    def _take_pins(self, shown: Presentation) -> str:
        """Why nothing will be pinned; ``""`` where it will, or there is nothing."""
        try:
            self._pins = pins_in(shown.ghosts), shown.arrays
        except PinnedError as error:
            return str(error)
        return ""

    def _forget_pins(self) -> None:
        self._pins = {}, NOTHING

    def _pin(self, info: RunInfo) -> None:
        """What can be drawn is pinned; what cannot is said."""
        (pins, arrays), refused = self._pins, []
        self._forget_pins()
        for key, pinned in pins.items():
            if not self._plots.has(key):
                continue
            try:
                plot = self._plots.plot(key)
                plot.pin_state(state_of(type(plot), pinned, arrays, info))
            except PinnedError as error:
                refused.append(str(error))
        if refused:
            self._banner.say(f"{self._banner.text} But {'; '.join(refused)}.".lstrip())


def _size_of_run(experiment: Experiment, info: RunInfo, record: Record) -> int:
    """About: how large what layers remember is, only the worker knows."""
    from simulator.record.files import size_of

    arrays = info.parameter_count * np.dtype(experiment.precision).itemsize * (1 + experiment.optimizer.slots)
    return arrays + SAMPLE_BYTES * info.train_samples + size_of(record)
