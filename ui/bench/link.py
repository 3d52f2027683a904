"""The worker while there is one: started, ended, and asked for a frame as often as someone can look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from simulator.running.messages import Failed, Reply, Update, Working
from simulator.schema.numbers import GROUPINGS
from simulator.training.checkpoints import USUAL_BYTES

if TYPE_CHECKING:
    from simulator.observations.base import Observation
    from simulator.running.session import Session
    from simulator.running.transport import Mode
    from simulator.system.progress import Progress

ACTIVE_MS = 17
"""While something moves: display rate."""
SETTLED_MS = 250
"""Paused and all shown: only the worker's death could be news."""
BUSY_MS = 1000
"""An answer that takes longer is said to be awaited."""
HIDDEN_MS = 500
"""Nobody looks: just often enough that the scalars of the steps do not pile up."""


SessionFactory = Callable[[Callable[[], None]], "Session"]
"""Makes the front of a worker, given what it calls, in any thread, when a reply has arrived."""


class Seen(NamedTuple):
    """An answer beside what was asked for."""

    up_to_date: bool
    """Whether it is of after all that was asked for."""
    overtaken: bool
    """Whether one that was asked for since, when a hand had changed something, is on its way."""
    by_hand: bool
    """Whether a hand waits to see it."""


class WorkerLink(QObject):
    """Starts and ends a worker, takes its replies by a timer and asks for the next frame."""

    waiting = Signal(float)
    """Seconds since an answer was asked for that takes long; again and again until it comes."""
    working = Signal(object)
    """:class:`~simulator.system.progress.Progress` of what takes long; None when it is over."""
    _notified = Signal()
    """A reply has come; emitted in the worker's or the reader's thread, at most once per answer."""

    def __init__(
        self, factory: SessionFactory, on_reply: Callable[[Reply], None], parent: QObject | None = None
    ) -> None:
        """``on_reply`` is called with each reply, in the thread of the window."""
        super().__init__(parent)
        self.worker: Session | None = None
        self.observations: Callable[[], Sequence[Observation[Any]]] = tuple
        """What is to be seen of the run beside its measures: each comes as often as the worker finds time."""
        self.of_run_alone: Callable[[], Iterable[Observation[Any]]] = tuple
        """What of it is wanted of no network beside the run."""
        self.painting: Callable[[], bool] = lambda: False
        """Whether some of what the last update brought is not on its way to the screen yet."""
        self.playing = self.dead = False
        self.hand_waits = False
        """Whether a hand has changed something while a run goes on, and no answer of after it has come yet."""
        self._factory, self._on_reply = factory, on_reply
        self._limit: float | None = None
        self._guarded = False
        self._budget = USUAL_BYTES
        self._blas_threads: int | None = None
        self._grouping = next(iter(GROUPINGS))
        self._frame_ms = ACTIVE_MS
        self._visible = True
        self._frames_due = 1
        """How many more answers are to be seen before what was asked for is: one may be on its way from before."""
        self._awaiting = False
        """Whether an answer is on its way, and since when it was asked for."""
        self._works = False
        """Whether something takes long, and is said to."""
        self._hand_look = 0
        """The request that was made for what a hand has changed: whatever was asked for before comes too late."""
        self._since_look = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.pull)
        self._painted = QTimer(self, singleShot=True, interval=0)
        """Fires when what was asked to be painted has been: painting comes before timers."""
        self._painted.timeout.connect(self._resume)
        self._last_plot_due = False
        """Whether the last plot may be brought to what came in the present turn, and not be painted yet."""
        self._notified.connect(self.take, Qt.ConnectionType.QueuedConnection)

    def start_worker(self) -> Session:
        """A worker, from now on; it is told what was set before."""
        self.dead = self._awaiting = self.hand_waits = False
        self._hand_look = 0
        self.worker = worker = self._factory(self._notified.emit)
        worker.start()
        worker.limit(self._limit)
        worker.guard(self._guarded)
        worker.set_budget(self._budget)
        worker.configure(self._blas_threads, self._grouping)
        self._timer.start(self._frame_ms)
        return worker

    @property
    def mode(self) -> Mode:
        """Where the worker runs."""
        return "thread" if self.worker is None else self.worker.mode

    def close(self) -> None:
        """End the worker and stop polling; may be called twice."""
        self._timer.stop()
        worker, self.worker = self.worker, None
        if worker is not None:
            worker.close()

    def set_limit(self, steps_per_second: float | None) -> None:
        self._limit = steps_per_second
        if self.worker is not None:
            self.worker.limit(steps_per_second)
            self.wake()

    def set_guard(self, on: bool) -> None:
        """Whether to pause at the first loss or parameter of a run that is not finite."""
        self._guarded = on
        if self.worker is not None:
            self.worker.guard(on)

    def configure(self, blas_threads: int | None, grouping: str) -> None:
        """How the worker works: threads of a matrix product (None: as many as pay), and how numbers are written."""
        self._blas_threads, self._grouping = blas_threads, grouping
        if self.worker is not None:
            self.worker.configure(blas_threads, grouping)

    @property
    def blas_threads(self) -> int | None:
        """Threads of the worker's matrix products; None: as many as pay."""
        return self._blas_threads

    def set_budget(self, nbytes: int) -> None:
        """How much the worker's checkpoints and kept runs may take together."""
        if nbytes != self._budget:
            self._budget = nbytes
            if self.worker is not None:
                self.worker.set_budget(nbytes)
                self.wake()

    def keep_before(self, run: int, step: int) -> None:
        """The doctor has found something that began at this step of a run: what was before it is worth keeping."""
        if self.worker is not None:
            self.worker.keep_before(run, step)

    @property
    def copies(self) -> int:
        """How often what both sides hold is in memory: twice where the worker has a process of its own."""
        return 2 if self.worker is not None and self.worker.mode == "process" else 1

    def find_replay(self, step: int) -> None:
        """Ask from where a step of the present run is computed again; a :class:`ReplayAnswer` will say so."""
        if self.worker is not None:
            self.worker.find_replay(step)
            self.wake()

    def set_frames_per_second(self, frames: int) -> None:
        """How often someone looks while training, at most."""
        self._frame_ms = round(1000 / frames)
        self._set_interval()

    def set_visible(self, visible: bool) -> None:
        """Whether anyone can see the window."""
        if visible != self._visible:
            self._visible = visible
            self.wake()

    def wake(self) -> None:
        """Something was asked for: look until it is seen (one answer may still be on its way from before)."""
        self.look_anew()
        self._set_interval()

    def look_anew(self) -> None:
        """What is on its way may be from before."""
        self._frames_due = 2 if self._awaiting else max(self._frames_due, 1)

    def seen(self, update: Update) -> Seen:
        """An answer has come; what it is beside what was asked for."""
        if update.id < self._hand_look:
            return Seen(up_to_date=False, overtaken=True, by_hand=True)
        seen = Seen(up_to_date=self._frames_due < 2, overtaken=False, by_hand=self.hand_waits and self.playing)
        self._frames_due = max(0, self._frames_due - 1)
        if seen.up_to_date:
            self.hand_waits, self._hand_look = False, 0
        return seen

    def look_again(self) -> None:
        """More is on its way than the last answer has brought, for whoever looks."""
        if self._visible:
            self.look_on()

    def look_on(self) -> None:
        """What has been told needs an answer yet; one that is on its way is of after it."""
        self._frames_due = max(self._frames_due, 1)

    def pull(self) -> None:
        """Take what has arrived, ask for the next frame."""
        self.take()
        if self.playing or self._frames_due:
            self.look()
        if self._awaiting and self._since_look.hasExpired(BUSY_MS) and not self.dead:
            self.waiting.emit(self._since_look.elapsed() / 1000)
        self._set_interval()

    def take(self) -> None:
        """Take what has arrived, once the last frame is whole on screen; where more is due, look again at once."""
        worker = self.worker
        if worker is None or self._must_wait:
            return
        replies = worker.replies()
        if any(isinstance(reply, Update) and reply.id >= self._hand_look for reply in replies):
            worker.yield_to_gui()
            self._painted.start()
        for reply in replies:
            if isinstance(reply, Failed) or (isinstance(reply, Update) and reply.id >= self._hand_look):
                self._awaiting = False
            self._say_working(reply.progress if isinstance(reply, Update | Working) else None)
            self._on_reply(reply)
            if self.worker is not worker:
                return  # what was told made someone close the bench or replace the worker
        if self._frames_due == 1 or (self.playing and self._since_look.hasExpired(self._frame_ms)):
            self.look()

    def _say_working(self, progress: Progress | None) -> None:
        if progress is not None or self._works:
            self._works = progress is not None
            self.working.emit(progress)

    def look(self) -> None:
        """Ask for a frame."""
        if self.worker is not None:
            wanted = (self.observations(), self.of_run_alone()) if self._visible else ((), ())
            before, for_hand = self._awaiting, self.hand_waits and not self._hand_look
            if for_hand or not before:
                self._awaiting = True
                self._since_look.start()
            if for_hand:
                self._hand_look, self._frames_due = self.worker.look(*wanted, anew=before) or 0, 1
            else:
                self.worker.look(*wanted)

    @property
    def _must_wait(self) -> bool:
        """Whether an answer would be shown by some plots only, as others still show the last; a hand waits for none."""
        return self.playing and not self._frames_due and (self._last_plot_due or self.painting())

    def _resume(self) -> None:
        painting = self.painting()
        if painting or self._last_plot_due:
            self._last_plot_due = painting
            self._painted.start()
        elif self.worker is not None:
            self.worker.resume()
            self.take()

    def _set_interval(self) -> None:
        if self.worker is None:
            return
        active = self.playing or self._frames_due
        interval = HIDDEN_MS if not self._visible else self._frame_ms if active else SETTLED_MS
        if not self._timer.isActive() or self._timer.interval() != interval:
            self._timer.start(interval)
