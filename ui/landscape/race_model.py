"""The race that the view shows: what is described, the step that is shown, playback, and its own undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from simulator.experiment.experiment import ExperimentError
from simulator.landscape.function import Window
from simulator.landscape.landscape import Landscape
from simulator.landscape.slice import Slice
from simulator.schema.parameter import builtins_of, replaced
from simulator.schema.plain import FieldPath
from ui.landscape.course import QuickCourse, RaceCourse
from ui.landscape.slice_course import SliceCourse
from ui.landscape.slicer import Slicer
from ui.landscape.state import LandscapeState

FRAME_MS = 16
SPEEDS = (1, 5, 20, 60, 240, 1000)
"""Steps per second."""
MOST_UNDONE = 200


class RaceModel(QObject):
    """Edits go through :meth:`propose`; what is shown comes with :attr:`shown`."""

    described = Signal()
    """Another landscape is described."""
    shown = Signal()
    """Another step, or more of the race, is to be seen."""
    playing_changed = Signal(bool)

    def __init__(self, landscape: Landscape, slicer: Slicer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.slicer = slicer
        slicer.taken.connect(self._name_network)
        self.landscape = landscape
        self.step = landscape.steps
        self.chosen = 0
        """Whose step is taken apart, and whose knobs are shown."""
        self.speed = 20
        self.refusal: Callable[[Landscape], str] = lambda _landscape: ""
        """Why a landscape may not be described for now, in a sentence."""
        self._undo: list[tuple[str, Landscape]] = []
        self._redo: list[Landscape] = []
        self._key = ""
        """What the last edit was of, while the hand has not let go."""
        self._timer = QTimer(self, interval=FRAME_MS)
        self._timer.timeout.connect(self._play_on)
        self._since = QElapsedTimer()
        self._begun = 0.0
        self.course = self._begin(landscape, None)

    def _begin(self, landscape: Landscape, before: RaceCourse | None) -> RaceCourse:
        course: RaceCourse
        if landscape.function.slow:
            course = SliceCourse(landscape, self.slicer, self, before)
        else:
            course = QuickCourse(landscape, self, before)
        course.arrived.connect(self.shown)
        if before is not None:
            before.close()
        return course

    # -- what is described -------------------------------------------------------------------------------------------

    def plain(self) -> dict[str, Any]:
        """The landscape's fields as forms edit them."""
        return builtins_of(self.landscape)

    def edit(self, path: FieldPath, value: Any, final: bool) -> str:
        """Set one field; why it is refused, or nothing. Another function begins where it begins by itself."""
        plain = replaced(self.plain(), path, value)
        if path in (("function",), ("function", "kind")):
            plain = {**plain, "start": None}
        return self.propose(plain, ".".join(map(str, path)), final)

    def propose(self, plain: dict[str, Any], key: str, final: bool = True) -> str:
        """Describe another landscape; why it is refused, or nothing. Edits of one ``key`` are one until it is final."""
        try:
            landscape = Landscape.of(plain)
        except ExperimentError as error:
            return error.message
        if reason := self.refusal(landscape):
            return reason
        self._remember(key, final)
        self._take(landscape)
        return ""

    def _remember(self, key: str, final: bool) -> None:
        if key != self._key or not self._undo:
            self._undo = [*self._undo[-MOST_UNDONE:], (key, self.landscape)]
        self._key = "" if final else key
        self._redo.clear()

    def _take(self, landscape: Landscape) -> None:
        at_end = self.step >= self.landscape.steps
        self.landscape = landscape
        self.step = landscape.steps if at_end else min(self.step, landscape.steps)
        self.chosen = min(self.chosen, len(landscape.optimizers) - 1)
        self.course = self._begin(landscape, self.course)
        self.described.emit()
        self.shown.emit()

    @property
    def moving(self) -> bool:
        """Whether a hand has not let go yet."""
        return bool(self._key)

    def undo(self) -> None:
        """Take the last edit back."""
        if self._undo and not self.refusal(self._undo[-1][1]):
            self._redo.append(self.landscape)
            self._key = ""
            self._take(self._undo.pop()[1])

    def redo(self) -> None:
        if self._redo and not self.refusal(self._redo[-1]):
            self._undo.append(("", self.landscape))
            self._take(self._redo.pop())

    def _name_network(self) -> None:
        """Let what is described say which network is cut: the run as it was taken."""
        function, cut = self.landscape.function, self.slicer.cut
        if isinstance(function, Slice) and cut is not None:
            named = replace(function, experiment=cut.replay.experiment.to_builtins(), trained=cut.end)
            if named != function:
                self._take(replace(self.landscape, function=named))

    # -- the step that is shown --------------------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def toggle(self) -> None:
        """Play, from the start where the end is shown, or hold."""
        if self.playing:
            self.hold()
            return
        if self.step >= self.landscape.steps:
            self.go_to(0)
        self._begun = self.step
        self._since.start()
        self._timer.start()
        self.playing_changed.emit(True)

    def hold(self) -> None:
        if self.playing:
            self._timer.stop()
            self.course.stand_at(self.step)
            self.playing_changed.emit(False)
            self.shown.emit()

    def set_speed(self, steps_per_second: int) -> None:
        self.speed, self._begun = steps_per_second, self.step
        self._since.start()

    def go_to(self, step: int) -> None:
        """Show another step."""
        step = min(max(step, 0), self.landscape.steps)
        if step != self.step:
            self.step = step
            if not self.playing:
                self.course.stand_at(step)
            self.shown.emit()

    def _play_on(self) -> None:
        self.go_to(round(self._begun + self._since.elapsed() / 1000 * self.speed))
        if self.step >= self.landscape.steps:
            self.hold()

    def choose(self, index: int) -> None:
        """Take the step of another optimiser apart."""
        if index != self.chosen and 0 <= index < len(self.landscape.optimizers):
            self.chosen = index
            self.shown.emit()

    def look(self, window: Window) -> None:
        """Have the contours of what is seen."""
        self.course.look(window)
        self.shown.emit()

    @property
    def state(self) -> LandscapeState | None:
        """What both plots draw; None while there is nothing."""
        course = self.course
        if course.relief is None or course.mark is None:
            return None
        paths, landscape = course.paths, self.landscape
        chosen = -1 if self.playing else self.chosen
        return LandscapeState(
            self.step, landscape.function, course.relief, course.mark, paths, landscape.begin, course.window,
            landscape.epsilon, course.trail, course.note, course.race, chosen,
        )  # fmt: skip
