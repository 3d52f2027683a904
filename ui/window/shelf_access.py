"""The way to the shelf, and from it into the plots: as a ghost, or as a lane."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from simulator.experiment.experiment import in_words
from simulator.experiment.files import RUN_ENDING
from simulator.running.beside.recomputation import RecomputationSession, Recomputed
from simulator.running.messages import Failed
from ui.bench.bench import Bench
from ui.bench.chosen_lane import ChosenLane
from ui.bench.shelf import ShelvedRun, lost_text
from ui.board.plot_area import PlotArea
from ui.chart.view import View
from ui.dialogs import files
from ui.plots.base import Plot
from ui.settings.settings import Settings
from ui.style.numbers import count, integer, size_text
from ui.style.theme import current_theme
from ui.window.status import Banner

# The dialog, and what reads run files, are imported when they are asked for.
if TYPE_CHECKING:
    from ui.dialogs.shelf import ShelfDialog

MOST_BYTES = 64 * 2**20
"""Of a run file that is read to be shown on the shelf."""


class ShelfAccess(QObject):
    """Opens the shelf beside the window, and brings its runs back into the plots."""

    _notified = Signal()
    """From the thread that hears the worker."""

    def __init__(self, bench: Bench, plots: PlotArea, chosen: ChosenLane, banner: Banner, window: QWidget) -> None:
        super().__init__(window)
        self._bench, self._plots, self._chosen = bench, plots, chosen
        self._banner, self._window = banner, window
        self.dialog: ShelfDialog | None = None
        self._session: RecomputationSession | None = None
        self._ghost: ShelvedRun | None = None
        """Whose last step is a ghost, or is being computed."""
        self._drawn: dict[str, Any] = {}
        """By the keys of plots: what is pinned there of it."""
        self._awaiting: list[Plot[Any]] = []
        """Plots in which it is to be pinned."""
        self._files: dict[tuple[Path, float], ShelvedRun | None] = {}
        """Run files that have been read, as of when they were written."""
        self._notified.connect(self._take, Qt.ConnectionType.QueuedConnection)
        bench.closed.connect(self._close)
        bench.started.connect(lambda _info: self._refresh())
        bench.keeper.kept.connect(lambda *_its: self._refresh())
        bench.memory.shelf.changed.connect(self._refresh)
        plots.plot_made.connect(self._draw_in)

    def open(self) -> None:
        """Show the shelf."""
        from ui.dialogs.shelf import ShelfDialog

        if self.dialog is not None:
            self.dialog.close()
        bench = self._bench
        self.dialog = dialog = ShelfDialog(lambda: tuple(self.runs()), self._differs, self._lost, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.ghost_wanted.connect(self.draw_ghost)
        dialog.lane_wanted.connect(self.add_lane)
        dialog.keep_wanted.connect(self._ask_keep)
        dialog.pin_wanted.connect(bench.memory.shelf.pin)
        dialog.off_wanted.connect(self._take_off)
        dialog.destroyed.connect(self._forget)
        dialog.show()

    def _forget(self) -> None:
        self.dialog = None

    def _refresh(self) -> None:
        if self.dialog is not None:
            self.dialog.refresh()

    def _differs(self, run: ShelvedRun) -> str:
        return self._chosen.apart(run.experiment, run.changes, run.changes.entries, run.step)

    def _lost(self) -> str:
        use = self._bench.memory.use
        return lost_text(use.lost, size_text(use.budget))

    def runs(self) -> Iterator[ShelvedRun]:
        """Those that undo would bring back, the newest first, those of the session, then those in recent files."""
        memory = self._bench.memory
        yield from reversed([memory.shelf.aside(run) for run in memory.use.runs])
        yield from memory.shelf
        for path in Settings().recent_files():
            if path.suffix.lower() == RUN_ENDING and (run := self._read(path)) is not None:
                yield run

    def _read(self, path: Path) -> ShelvedRun | None:
        """The run in a file; None where there is none, or it is too large to be read for this."""
        from simulator.running.nabla.shared_file import read

        try:
            status = path.stat()
            key = path, status.st_mtime
            if key not in self._files:
                shared = read(path) if status.st_size <= MOST_BYTES else None
                run = None if shared is None else shared.run
                self._files[key] = None if run is None else ShelvedRun.saved(run, path)
            return self._files[key]
        except (OSError, ValueError):
            return None

    def _ask_keep(self) -> None:
        folder = self._bench.document.path.parent if self._bench.document.path else Path.home()
        path = files.ask_keep(self._window, folder / f"{files.file_stem(self._bench.document.name)}{RUN_ENDING}")
        if path is not None:
            self.keep(path)

    def keep(self, path: Path) -> None:
        """Write the present run into a file; the document stays where it is."""
        self._bench.keeper.keep(path.absolute())

    # -- back in the plots ---------------------------------------------------------------------------------------

    def draw_ghost(self, run: ShelvedRun) -> None:
        """Compute the end of a run again, and pin it in every plot."""
        self._ghost, self._drawn = run, {}
        self._awaiting = list(self._plots.made.values())
        self._compute(run)

    def _draw_in(self, plot: Plot[Any]) -> None:
        """A plot has been made: what is pinned in the others comes into it too."""
        if self._ghost is not None and self.draws_ghosts:
            self._awaiting.append(plot)
            self._compute(self._ghost)

    @property
    def draws_ghosts(self) -> bool:
        """Whether a run is pinned in some plot, or will be."""
        plots = [(self._plots.made[key], state) for key, state in self._drawn.items()]
        return bool(self._awaiting) or any(state is plot.ghost or state is plot.absent_ghost for plot, state in plots)

    def _compute(self, run: ShelvedRun) -> None:
        if self._session is None:
            self._session = RecomputationSession(self._bench.link.mode, self._notified.emit)
        self._session.cancel()
        wanted = dict.fromkeys(each for plot in self._awaiting for each in plot.observations if not each.initial)
        self._session.recompute(run.replay, (run.step,), tuple(wanted), True)

    def _take(self) -> None:
        for reply in () if self._session is None else self._session.replies():
            run = self._ghost
            if run is not None and isinstance(reply, Recomputed):
                self._pin(run, View(reply.frame, run.record, reply.frame))
            elif isinstance(reply, Failed):
                self._banner.say(f"“{run.name if run else ''}” cannot be drawn: {reply.message.rstrip('.')}.")

    def _pin(self, run: ShelvedRun, view: View) -> None:
        begins = not self._drawn
        for plot in self._awaiting:
            other = type(plot)(theme=current_theme(), bare=True)
            other.start(view.frame.info)
            other.refresh(view)
            if other.state is not None:
                plot.pin_state(other.state)
                self._drawn[plot.key] = other.state
            other.deleteLater()
        self._awaiting = []
        if begins:
            text = f"“{run.name}” is a ghost in {self._where()}."
            self._banner.say(text, holds=lambda: self._ghost is run and self.draws_ghosts)

    def _where(self) -> str:
        """In how many plots it is drawn, as of which step, and how many need a network of as many layers for that."""
        assert self._ghost is not None
        waiting = sum(self._plots.made[key].absent_ghost is state for key, state in self._drawn.items())
        more = f"; {count(waiting, 'plot')} will show it where the network has as many layers" if waiting else ""
        return f"{count(len(self._drawn) - waiting, 'plot')}, as of its step {integer(self._ghost.step)}{more}"

    def _take_off(self, run: ShelvedRun) -> None:
        self._bench.memory.shelf.take_off(run)
        self._bench.memory.share()

    def add_lane(self, run: ShelvedRun) -> None:
        """Train a run's network beside the present one."""
        names = self._chosen.names
        name = next(each for each in (run.name, *(f"{run.name} ({n})" for n in range(2, 99))) if each not in names)
        try:
            reason = self._chosen.add(run.lane(name), f"Add lane {name}", shown=False)
        except ValueError as error:
            reason = in_words(error)
        if reason is not None:
            self._banner.say(f"“{run.name}” cannot be a lane: {reason.rstrip('.')}.")

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
