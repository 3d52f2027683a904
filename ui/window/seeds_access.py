"""The way to each network from several seeds: asking for them, how far they are, and showing or hiding them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from ui.bench.bench import Bench
from ui.board.plot_area import PlotArea
from ui.chart.view import View
from ui.style.actions import action
from ui.style.numbers import count, duration
from ui.window.progress_line import ProgressLine
from ui.window.status import Banner

if TYPE_CHECKING:  # The first window does not wait for it.
    from simulator.observations.base import Observation
    from ui.bench.seed_fans import SeedFans
    from ui.dialogs.seeds import SeedsDialog

USUAL_SEEDS, USUAL_STEPS = 5, 500
TIP = (
    "Train each network from several seeds in the background: curves as medians with quartiles, and a verdict on them."
)
SHOWN_TIP = "Draw the median and quartiles of the seeds in place of the curves of the run."


class SeedsAccess(QObject):
    """Makes what trains them when it is first wanted."""

    changed = Signal()
    """Others are to be drawn in place of the run's curves, or none any more."""

    def __init__(self, bench: Bench, plots: PlotArea, banner: Banner, window: QWidget) -> None:
        super().__init__(window)
        self._bench, self._plots, self._banner, self._window = bench, plots, banner, window
        self.fans: SeedFans | None = None
        self.dialog: SeedsDialog | None = None
        self.line = ProgressLine()
        self.line.setAccessibleName("Training of seeds")
        self.line.button.setToolTip("End the training of seeds; the run goes on.")
        self.line.cancelled.connect(self.cancel)
        self.train = action(window, "S&eeds…", self.open, tip=TIP)
        self.toggle: QAction = action(window, "Show see&ds", lambda: self._show(self.toggle.isChecked()), tip=SHOWN_TIP)
        self.toggle.setCheckable(True)
        self.toggle.setEnabled(False)

    def open(self) -> None:
        """Ask how many, and how far."""
        if self._bench.hold.stops():
            return
        from ui.dialogs.seeds import SeedsDialog

        if self.dialog is not None:
            self.dialog.close()
        view = self._bench.view
        steps = USUAL_STEPS if view is None or not view.frame.step else view.frame.step
        self.dialog = dialog = SeedsDialog(steps, USUAL_SEEDS, self._estimate, self._window)
        dialog.accepted.connect(lambda: self.begin(dialog.seeds.value(), dialog.steps.value()))
        dialog.finished.connect(self._forget)
        dialog.open()

    def _forget(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def begin(self, seeds: int, steps: int) -> None:
        """Train so many of each network, to this step."""
        if self._bench.hold.stops():
            return
        self._made().train(seeds, steps, self._observations())

    def cancel(self) -> None:
        if self.fans is not None:
            self.fans.cancel()

    def seen(self, view: View) -> View:
        """The view with what is drawn in place of curves."""
        return view if self.fans is None else self.fans.seen(view)

    def _made(self) -> SeedFans:
        from ui.bench.seed_fans import SeedFans

        if self.fans is None:
            self.fans = SeedFans(self._bench, self)
            self.fans.progressed.connect(self.line.show_progress)
            self.fans.failed.connect(self._banner.say)
            self.fans.changed.connect(self._take)
        return self.fans

    def _observations(self) -> tuple[Observation[Any], ...]:
        """What plots on the board that draw seeds show beside the measures."""
        plots = (self._plots.plot(key) for key in self._plots.arranged)
        wanted = (each for plot in plots if plot.spans_seeds for each in plot.observations if each.spans_seeds)
        return tuple(dict.fromkeys(wanted))

    def _estimate(self, seeds: int, steps: int) -> tuple[str, bool]:
        """What so many come to, and whether that can be."""
        fans = self._made()
        reason = fans.refusal(seeds)
        if reason:
            return reason, False
        networks, lanes = len(fans.described), self._bench.lanes
        each = [lanes.own_step_seconds, *(update.step_seconds for update in lanes.updates.values())]
        runs = f"{count(seeds * networks, 'run')} of {count(steps, 'step')}"
        if not all(each):
            return f"{runs}.", True
        least = duration(max(seeds * steps * sum(each), 1))
        return f"{runs}: {least} at least; the status bar says how long is left.", True

    def _show(self, on: bool) -> None:
        if self.fans is not None:
            self.fans.show(on)

    def _take(self) -> None:
        assert self.fans is not None
        networks = self.fans.networks
        self.toggle.setEnabled(bool(networks))
        self.toggle.setChecked(self.fans.shown)
        self.changed.emit()
