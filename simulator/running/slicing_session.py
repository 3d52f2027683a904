"""The front of the slicing: a landscape goes in, and plane, paths, curvatures and contours come back."""

from __future__ import annotations

from simulator.landscape.function import Window
from simulator.landscape.landscape import Landscape
from simulator.running.side_session import SideSession
from simulator.running.slicing import slicing_worker
from simulator.running.slicing_messages import AskSlice, Cut, Reply
from simulator.running.transport import Mode, Notify


class SlicingSession(SideSession[AskSlice, Reply]):
    """A newer request takes the place of what is being done."""

    name = "slicing"
    niceness = 5

    def __init__(self, mode: Mode, notify: Notify) -> None:
        super().__init__(mode, notify, slicing_worker)

    def ask(self, landscape: Landscape, cut: Cut | None, window: Window | None, step: int) -> None:
        """Ask for all of a landscape; see :class:`AskSlice`."""
        self._ask(lambda number: AskSlice(number, landscape, cut, window, step))
