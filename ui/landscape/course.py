"""A race as it is computed: contours and as much of the paths as there is; here of a function that is quick."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from simulator.landscape.function import Window
from simulator.landscape.landscape import Landscape
from simulator.landscape.network_slice import Trail
from simulator.landscape.race import RacedPath, runners
from simulator.landscape.readings import Curvature, base_of, curvature
from ui.landscape.relief import Relief, ReliefMark, counted_from_least, relief_mark, relief_of
from ui.landscape.state import CELLS, window_of

TURN_SECONDS = 0.008
"""So long steps are made without a look at the window."""
BLOCK = 32
"""Steps between two looks at the clock."""
TOLD_SECONDS = 0.15
"""So often a long race is drawn as far as it is."""


class RaceCourse(QObject):
    """What the view asks of a race."""

    arrived = Signal()
    """There is more than before."""
    relief: Relief | None = None
    mark: ReliefMark | None = None
    status = ""
    """What is waited for, or why there is nothing; empty where all is there."""
    trail: Trail | None = None
    """The run's own path, on a slice of its network's loss."""
    note = ""
    """What is to be known of the plane."""

    def __init__(self, landscape: Landscape, parent: QObject) -> None:
        super().__init__(parent)
        self.landscape = landscape
        self.race = object()
        """Known by what is painted of it."""
        self.window: Window = ((-1.0, 1.0), (-1.0, 1.0))
        """What is shown until a hand zooms."""

    @property
    def paths(self) -> Sequence[RacedPath]:
        """As far as they are."""
        raise NotImplementedError

    def curvatures(self, step: int) -> Sequence[Curvature | None]:
        """Of each path where it stands then; None where that is not known yet."""
        raise NotImplementedError

    def count_from_least(self) -> None:
        """Let the contours know of the paths."""
        if self.relief is not None and (counted := counted_from_least(self.relief, self.paths)) is not self.relief:
            self.relief, self.mark = counted, relief_mark(counted)

    def stand_at(self, step: int) -> None:
        """Curvatures will be asked for at this step."""

    def look(self, window: Window) -> None:
        """Have the contours of what is seen."""
        raise NotImplementedError

    def close(self) -> None:
        """Nobody waits for more."""
        self.deleteLater()


class QuickCourse(RaceCourse):
    """Computed between two looks at the window: all of a short race at once."""

    def __init__(self, landscape: Landscape, parent: QObject, before: RaceCourse | None = None) -> None:
        """``before``: the course whose contours stay where function and window do."""
        super().__init__(landscape, parent)
        self._objective = landscape.function.objective()
        self.window = window_of(landscape, self._objective)
        self._runners = runners(landscape, self._objective)
        if before is not None and (before.landscape.function, before.window) == (landscape.function, self.window):
            self.relief, self.mark = before.relief, before.mark
        else:
            self.look(self.window)
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._advance)
        self._reported_at = 0.0
        self._advance()

    def look(self, window: Window) -> None:
        self.relief = relief_of(self._objective, window, base_of(self.landscape.function, self._objective), CELLS)
        self.mark = relief_mark(self.relief)
        self.count_from_least()

    @property
    def paths(self) -> Sequence[RacedPath]:
        return [runner.path() for runner in self._runners]

    def curvatures(self, step: int) -> Sequence[Curvature | None]:
        places = [runner.places[min(step, runner.step)] for runner in self._runners]
        return [curvature(self._objective, (x, y)) for x, y in places]

    def _advance(self) -> None:
        end, steps = time.perf_counter() + TURN_SECONDS, self.landscape.steps
        while time.perf_counter() < end and (waiting := [each for each in self._runners if each.step < steps]):
            runner = min(waiting, key=lambda each: each.step)
            runner.go_to(min(runner.step + BLOCK, steps))
        if any(runner.step < steps for runner in self._runners):
            self._timer.start()
        else:
            self._timer.stop()
        if not self._timer.isActive():
            self.count_from_least()
        if not self._timer.isActive() or end > self._reported_at + TOLD_SECONDS:
            self._reported_at = end
            self.arrived.emit()

    def close(self) -> None:
        self._timer.stop()
        super().close()
