"""A race on a slice of a network's loss: computed beside the window, it comes piece by piece."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from simulator.landscape.function import Window
from simulator.landscape.landscape import Landscape
from simulator.landscape.network_slice import Trail
from simulator.landscape.race import RacedPath
from simulator.landscape.readings import Curvature
from simulator.running.beside.side_worker import RequestProgress
from simulator.running.beside.slicing_messages import Contoured, Curvatures, Raced, Sliced
from simulator.running.messages import Failed
from simulator.running.progress_text import progress_text
from ui.landscape.course import RaceCourse
from ui.landscape.relief import relief, relief_mark
from ui.landscape.slicer import Slicer


class SliceCourse(RaceCourse):
    """What has come of it; what was there of the same plane stays until better comes."""

    def __init__(self, landscape: Landscape, slicer: Slicer, parent: QObject, before: RaceCourse | None = None) -> None:
        super().__init__(landscape, parent)
        self._slicer = slicer
        self._paths: Sequence[RacedPath] = ()
        self._curvatures: Curvatures | None = None
        self._step = landscape.steps
        self._window: Window | None = None
        """What a hand has zoomed to."""
        if isinstance(before, SliceCourse) and before.landscape.function == landscape.function:
            self.relief, self.mark, self.window, self.trail = before.relief, before.mark, before.window, before.trail
            self._window, self._paths, self.note = before._window, before._paths, before.note
        slicer.answered.connect(self._take)
        slicer.taken.connect(self._begin)
        if slicer.beside_a_run and slicer.cut is None:
            self.status = "Waiting for the run."
            if not slicer.waiting:
                slicer.take()
        else:
            self._begin()

    def _begin(self) -> None:
        """With the network that was taken."""
        self.status = self._slicer.failure
        if not self._slicer.failure:
            self._ask()
        self.arrived.emit()

    def _ask(self) -> None:
        self._slicer.ask(self.landscape, self._window, self._step)

    @property
    def paths(self) -> Sequence[RacedPath]:
        return self._paths

    def curvatures(self, step: int) -> Sequence[Curvature | None]:
        if self._curvatures is not None and self._curvatures.step == step:
            return self._curvatures.curvatures
        return [None] * len(self._paths)

    def stand_at(self, step: int) -> None:
        if step != self._step:
            self._step = step
            self._ask()

    def look(self, window: Window) -> None:
        self._window = None if window == self.window else window
        self._ask()

    def _take(self, reply: object) -> None:
        match reply:
            case Sliced():
                self.window, self.trail, self.note = reply.window, Trail(reply.steps, reply.places), reply.note
            case Raced():
                self._paths, self.status = reply.paths, ""
                self.count_from_least()
            case Curvatures():
                self._curvatures = reply
            case Contoured():
                self.relief = relief(reply.window, reply.values, None)
                self.mark = relief_mark(self.relief)
                self.count_from_least()
                self.status = ""
            case RequestProgress():
                self.status = progress_text(reply.progress)
            case Failed():
                self.status = reply.message
        self.arrived.emit()

    def close(self) -> None:
        self._slicer.answered.disconnect(self._take)
        self._slicer.taken.disconnect(self._begin)
        super().close()
