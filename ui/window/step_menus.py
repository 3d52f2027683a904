"""What can be done at a step: the menu of the time line and of plots through time."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu, QWidget

from simulator.experiment.lane import OWN_NAME
from ui.board.plot_area import PlotArea
from ui.style.numbers import integer
from ui.timeline.bar import TimelineBar
from ui.timeline.marks import BY_HAND
from ui.window.branch_access import BranchAccess
from ui.window.changes_access import ChangesAccess


class StepMenus(QObject):
    """Shows a step, branches at it, and opens what was changed there."""

    def __init__(
        self, timeline: TimelineBar, plots: PlotArea, branches: BranchAccess, changes: ChangesAccess, window: QWidget
    ) -> None:
        super().__init__(window)
        self._timeline, self._branches, self._changes, self._window = timeline, branches, changes, window
        timeline.track.menu_asked.connect(self.open)
        plots.step_menu_asked.connect(self.open)
        timeline.branch_wanted.connect(branches.branch_here)
        timeline.track.change_opened.connect(changes.open)

    def open(self, step: int, at: QPoint) -> None:
        """Show the menu of a step at a point of the screen."""
        menu = QMenu(self._window)
        menu.aboutToHide.connect(menu.deleteLater)
        self.fill(menu, step)
        menu.popup(at)

    def fill(self, menu: QMenu, step: int) -> None:
        """What can be done at a step, or at the present one where that lies before it."""
        first, last = self._timeline.scrubber.range
        step = min(max(step, first), last)
        scrubber, marks = self._timeline.scrubber, self._timeline.track.marks
        menu.addAction(f"Show step {integer(step)}", lambda: scrubber.go_to(step))
        parent = self._branches.branches.parent_at(step)
        whose = f" {parent}" if parent not in ("", OWN_NAME) else ""
        menu.addAction(f"Continue{whose} from step {integer(step)} with…", lambda: self._branches.branch_here(step))
        changed = any(mark.step == step and mark.kind in BY_HAND for mark in marks)
        menu.addAction("Changes…", lambda: self._changes.open(step)).setEnabled(changed)
        menu.addSeparator()
        self._timeline.fill_playback(menu.addMenu("Playback"))
        menu.addAction("Live", scrubber.go_live).setEnabled(scrubber.step is not None)
