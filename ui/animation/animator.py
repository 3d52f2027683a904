"""Makes an animation beside a run that may go on: steps are asked for, drawn in turns of the loop, written."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from simulator.experiment.embedded import Embedded, embed
from simulator.record.changes import Change
from simulator.record.record import Record
from simulator.record.rewound import RewoundRecord
from simulator.running.beside.recomputation import Recomputed
from simulator.system.animated_png import AnimatedPng, Pixels
from simulator.system.atomic import replacing
from simulator.system.progress import CancelledError, Progress
from ui.animation.beside import LaneStates, NetworksBeside
from ui.animation.plan import Plan
from ui.animation.recomputer import Recomputer
from ui.chart.view import Comparing, View
from ui.export import ExportError
from ui.export.pictures import PictureSettings, picture, pixels_of
from ui.plots.base import Plot
from ui.style.numbers import count, integer
from ui.style.theme import LIGHT, Theme

MILLISECONDS = 1000
TURN_SECONDS = 0.03
"""So long pictures are drawn without a look at the window, which stays usable."""


@dataclass(frozen=True)
class Animation:
    """Where it goes, and how it looks."""

    path: Path
    frames_per_second: int = 10
    width: int = 800
    height: int = 500
    scale: float = 1.0
    theme: Theme = LIGHT


@dataclass(frozen=True)
class AnimatedRun:
    """The past that is shown, those of the networks beside it, and how these are held against it."""

    record: Record
    lanes: Mapping[str, Record] = field(default_factory=dict)
    comparing: Comparing = field(default_factory=Comparing)


@dataclass(frozen=True)
class AnimatedMoment:
    """What the plot shows at one step."""

    state: Any
    changes: tuple[Change, ...]
    lanes: LaneStates = field(default_factory=dict)
    """The states of the networks beside the run."""

    @property
    def states(self) -> list[Any]:
        """All that is drawn, the run's first."""
        return [self.state, *(state for state in self.lanes.values() if state is not None)]


class Animator(QObject):
    """Draws one plot at the planned steps; the file is whole or not there."""

    progressed = Signal(object)
    """:class:`~simulator.system.progress.Progress`."""
    finished = Signal(str)
    """One sentence: what was written and where."""
    failed = Signal(str)
    """Why nothing was."""

    def __init__(
        self, plot: Plot[Any], run: AnimatedRun, recomputer: Recomputer, animation: Animation, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._animation, self._recomputer = animation, recomputer
        self._plot = plot.twin(animation.theme, lanes=False)
        self._plot.seeds = 1
        self._record = RewoundRecord(run.record)
        self._beside = NetworksBeside(self._plot, run.lanes, run.comparing)
        self._moments: list[AnimatedMoment] = []
        self._arrived = self._drawn = self._total = 0
        self._refusal = ""
        """Why the plot shows nothing of the last step, if it says so."""
        self._carried: Embedded | None = None
        self._began = time.monotonic()
        self._stack = ExitStack()
        """Closed, it leaves the file as it was."""
        self._writer: AnimatedPng | None = None
        self._turns = QTimer(self, interval=0)
        self._turns.timeout.connect(self._draw_some)
        recomputer.arrived.connect(self._take)
        recomputer.failed.connect(self._fail)

    @property
    def moments(self) -> tuple[AnimatedMoment, ...]:
        """What will be drawn, as far as it is there."""
        return tuple(self._moments)

    def start(self, plan: Plan) -> None:
        """Have the planned steps computed again; :attr:`finished` or :attr:`failed` tells when all is over."""
        self._total, self._began = len(plan.steps), time.monotonic()
        self._tell("Computing steps again", 0)
        self._recomputer.ask(plan.stretches, self._plot)

    def cancel(self) -> None:
        """Nobody waits for it any more; nothing is written."""
        self._recomputer.cancel()
        self._end()
        self._discard()

    def _take(self, reply: Recomputed) -> None:
        frame = self._record.with_first(reply.frame)
        record = self._record.at(frame)
        view = View(frame, record)
        state = self._plot.capture(view)
        if state is not None:
            self._moments.append(AnimatedMoment(state, record.changes.entries, self._beside.take(view, reply.lanes)))
        else:
            results = (frame.observed(each) for each in self._plot.observations)
            self._refusal = next((each.refusal for each in results if each is not None and each.refusal), self._refusal)
        if frame.experiment is not None:
            self._carried = Embedded(frame.experiment, self._plot.title, frame.step)
        self._arrived += 1
        self._tell("Computing steps again", self._arrived)
        if self._arrived == self._total:
            self._begin_drawing()

    def _begin_drawing(self) -> None:
        moments = self._moments
        if not moments:
            why = f": {self._refusal}" if self._refusal else ""
            self._fail(f"“{self._plot.title}” shows nothing of these steps{why}")
            return
        self._plot.adapt(moments[-1].state)
        self._beside.begin([moment.lanes for moment in moments])
        self._plot.hold_axes([state for moment in moments for state in moment.states])
        self._plot.canvas.lay_out(self._animation.width, self._animation.height)
        for moment in (moments[0], moments[len(moments) // 2], moments[-1]):
            # So that the legend has the room that it will need.
            self._show(moment)
        self._began = time.monotonic()
        try:
            stream = self._stack.enter_context(replacing(self._animation.path))
        except OSError as error:
            self._fail(f"{self._animation.path} cannot be written: {error.strerror or error}")
            return
        milliseconds = round(MILLISECONDS / self._animation.frames_per_second)
        self._writer = AnimatedPng(stream, len(moments), milliseconds, self._with_experiment)
        self._turns.start()

    def _draw_some(self) -> None:
        """The turn of one picture, or of as many as are drawn quickly."""
        assert self._writer is not None
        end = time.monotonic() + TURN_SECONDS
        try:
            while self._drawn < len(self._moments):
                self._writer.add(self._picture(self._moments[self._drawn]))
                self._drawn += 1
                if time.monotonic() > end:
                    break
            if self._drawn == len(self._moments):
                self._finish()
                return
        except OSError as error:
            self._fail(f"{self._animation.path} cannot be written: {error.strerror or error}")
        except MemoryError:
            self._fail("there is not enough memory for it")
        except ExportError as error:
            self._fail(str(error))
        else:
            self._tell("Drawing and writing", self._drawn)

    def _picture(self, moment: AnimatedMoment) -> Pixels:
        """What the plot shows at one step."""
        plot, animation = self._plot, self._animation
        plot.show_changes(moment.changes)
        if plot.picture_title is not None:
            plot.picture_title.note = f"step {integer(moment.state.step)}"
        self._show(moment)
        settings = PictureSettings(animation.width, animation.height, animation.scale, light=False)
        return pixels_of(picture(plot, settings))

    def _show(self, moment: AnimatedMoment) -> None:
        self._beside.show(moment.lanes)
        self._plot.show_state(moment.state)
        self._beside.shown()

    def _with_experiment(self, png: bytes) -> bytes:
        """The beginning of a PNG with the experiment that it shows."""
        return png if self._carried is None else embed(png, ".png", self._carried)

    def _finish(self) -> None:
        """All is written: it takes the place of what was there."""
        self._stack.close()
        self._end()
        first, last = self._moments[0].state.step, self._moments[-1].state.step
        frames = count(len(self._moments), "frame")
        steps = f"steps {integer(first)} … {integer(last)}" if first != last else f"step {integer(first)}"
        self.finished.emit(f"{frames} of “{self._plot.title}”, {steps}, are in {self._animation.path}.")

    def _fail(self, why: str) -> None:
        self._end()
        self._discard()
        self.failed.emit(f"The animation was not written: {why}.")

    def _discard(self) -> None:
        """Leave the file as it was; what a full disk has no room for is not to be written any more."""
        stack, self._stack = self._stack, ExitStack()
        with suppress(CancelledError, OSError):
            stack.__exit__(CancelledError, CancelledError(), None)

    def _end(self) -> None:
        """Hear and draw no more."""
        self._turns.stop()
        self._recomputer.arrived.disconnect(self._take)
        self._recomputer.failed.disconnect(self._fail)
        self._plot.deleteLater()

    def _tell(self, doing: str, done: int) -> None:
        total = self._total if doing.startswith("Computing") else len(self._moments)
        self.progressed.emit(Progress(doing, done, total, "frames", time.monotonic() - self._began))
