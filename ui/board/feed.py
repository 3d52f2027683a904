"""Brings what the bench shows to the plots that are seen: nothing is asked for or drawn for any other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from ui.board.brought_pasts import BroughtPasts
from ui.plots.veil import StepVeils, Veils

if TYPE_CHECKING:
    from simulator.observations.base import Observation
    from simulator.training.run_info import RunInfo
    from ui.board.plot_set import PlotSet
    from ui.plots.base import Plot, View

AT_ONCE = 10
"""While training, so many plots are brought to each view; where more are seen, they take turns with it."""

TURN_SECONDS = 1e-3
"""No further plot is brought to a view in a turn that has lasted so long: painting them takes as long again."""


class Feed(QObject):
    """One view for all plots, in turns of the event loop while training goes on."""

    wanted_changed = Signal()
    """Other plots are looked at: the next frame may need other parts."""

    def __init__(self, plots: PlotSet, seen: Callable[[], Sequence[str]], parent: QObject) -> None:
        """``seen``: the keys of the plots that can be seen now."""
        super().__init__(parent)
        self.info: RunInfo | None = None
        self._plots, self._seen = plots, seen
        self._view: View | None = None
        self._want_all = False
        self._pasts = BroughtPasts()
        self._veils, self._step_veils = Veils(), StepVeils()
        self._due: list[Plot[Any]] = []
        """Plots that have not been brought to the present view yet."""
        self._order: list[Plot[Any]] = []
        """All that are looked at, longest waiting first."""
        self._turns = QTimer(self, interval=0)
        self._turns.timeout.connect(self.refresh_next)
        plots.made.connect(self._take_in)

    def _take_in(self, plot: Plot[Any]) -> None:
        assert plot.header is not None
        plot.header.pause_toggled.connect(lambda _on: self.wanted_changed.emit())
        plot.header.option_toggled.connect(lambda _key, _on: self.wanted_changed.emit())
        plot.observations_changed.connect(self.wanted_changed)
        if self.info is not None:
            plot.start(self.info)
        self._veils.cover(plot)

    def visible_plots(self) -> list[Plot[Any]]:
        """Plots that can be seen now: not closed, not behind a tab, not scrolled out."""
        return [self._plots.plot(key) for key in self._seen()]

    @property
    def _looked_at(self) -> list[Plot[Any]]:
        return [self._plots.plot(key) for key in self._plots.kinds] if self._want_all else self.visible_plots()

    def observations(self) -> tuple[Observation[Any], ...]:
        """What the plots which are seen and not paused show of the run."""
        plots = [plot for plot in self._looked_at if not plot.paused]
        return tuple(dict.fromkeys(each for plot in plots for each in plot.observations))

    def want_all(self, on: bool) -> None:
        """Keep all plots up to date, for an export of all."""
        self._want_all = on
        self.wanted_changed.emit()

    def start(self, info: RunInfo) -> None:
        self.info, self._view = info, None
        self._pasts.forget()
        self._finish_turns()
        self._veils.lift()
        self._step_veils.lift()
        for plot in self._plots.existing.values():
            if plot.info is not info:
                plot.start(info)

    def forget(self) -> None:
        """Another experiment was opened: show nothing of the one before, not even what is held."""
        self.info = self._view = None
        self._pasts.forget()
        self._finish_turns()
        self._veils.lift()
        self._step_veils.lift()
        for plot in self._plots.existing.values():
            plot.forget()

    def veil(self, why: str, empty: str) -> None:
        """Until a run begins, dim what is shown and say ``why``; ``empty`` stands where nothing is."""
        if self._view is not None:
            for plot in self._order:
                plot.refresh(self._view)
        self._finish_turns()
        self._veils.lay(self._plots.existing.values(), why, empty)

    def catch_up(self, key: str) -> None:
        """Bring a plot that has just come into sight to the present view."""
        plot = self._plots.plot(key)
        if self._view is not None:
            self._bring(plot, self._view)
            self._veils.cover(plot)

    def refresh(self, view: View, spread: bool = False) -> None:
        """Bring the plots that are looked at to this view: at once, or one after the other.

        ``spread`` lets the event loop turn between a few plots, which are painted together: a hand on a knob waits for
        these, not for all. A view that comes meanwhile is taken up by those that are still due. What reads
        the toolbar's numbers is painted with the toolbar.
        """
        before, self._view = self._view, view
        looking = self._looked_at
        if spread:
            read = before is None or before.reading is not view.reading
            brought = [plot for plot in looking if plot.reads] if read else []
            for plot in brought:
                self._bring(plot, view)
            waiting = [plot for plot in self._order if plot in looking and plot not in brought]
            new = [plot for plot in looking if plot not in waiting and plot not in brought]
            self._due = [plot for plot in (*waiting, *new) if self._has_news(plot, view)][:AT_ONCE]
            self._order = [*waiting, *new, *brought]
            self._turns.start()
            return
        self._finish_turns()
        for plot in looking:
            self._bring(plot, view)

    def _has_news(self, plot: Plot[Any], view: View) -> bool:
        """Whether more of a view is to be seen of it than of the last one."""
        return self._want_all or not self._pasts.is_up_to_date(plot, view)

    def _bring(self, plot: Plot[Any], view: View) -> None:
        """One plot to a view; where that lacks what it draws, it says so."""
        plot.refresh(view)
        self._pasts.note(plot, view)
        self._step_veils.cover(plot, view)

    @property
    def refreshing(self) -> bool:
        """Whether some plots that this view is meant for still show an older one."""
        return bool(self._due)

    def refresh_next(self) -> None:
        """The turn of the next plot, and of as many more as there is time for."""
        end = time.perf_counter() + TURN_SECONDS
        while self._due and self._view is not None:
            plot = self._due.pop(0)
            self._order.remove(plot)
            self._order.append(plot)
            self._bring(plot, self._view)
            if time.perf_counter() >= end:
                break
        if not self._due:
            self._turns.stop()

    def _finish_turns(self) -> None:
        self._due.clear()
        self._order.clear()
        self._turns.stop()

    def highlight(self, layer: int) -> None:
        for plot in self.visible_plots():
            if not plot.lane_plots.in_place:
                plot.highlight(layer)
