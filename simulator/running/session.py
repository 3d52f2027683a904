"""The front of the worker: what a screen or a script holds. Commands go in, replies come out, nothing else."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy  # noqa: F401  (here, not below: at the end of the chain of imports that follows it takes 15 ms longer)

from simulator.running.messages import (
    Budget,
    Cancel,
    Command,
    Configure,
    Failed,
    FindReplay,
    Forget,
    GoBack,
    Guard,
    Keep,
    KeepBefore,
    Limit,
    Look,
    Operate,
    Pause,
    Play,
    Refused,
    Reply,
    Restart,
    Resume,
    Revive,
    Started,
    TakeSnapshot,
    Train,
    Update,
)
from simulator.running.transport import MODES, Mode, Notify, Transport, trainer, transport_of, usual_mode

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment
    from simulator.observations.base import Observation
    from simulator.record.record import Record
    from simulator.running.kept_runs import KeptRun
    from simulator.running.lane_state import LaneState
    from simulator.running.resumption import CheckpointWanted, Resumption
    from simulator.running.stop_rules import StopRule
    from simulator.training.checkpoint import Checkpoint
    from simulator.training.live_change import LiveChange, LiveChanges
    from simulator.training.surgery import Operation

CLOSE_SECONDS = 0.5
"""For the step in hand; a window that is closed is gone within two."""
CHECKPOINT_SECONDS = 5.0
"""What may be lost with a process that dies. A checkpoint of a wide network is megabytes."""
RUNS = itertools.count(1)
"""Ids of runs, which no two sessions share."""
__all__ = ["MODES", "Mode", "Session", "usual_mode"]


class Session:
    """Commands and requests in, frames and replies out.

    ``look`` asks for an :class:`Update`; at most one request is under way, and one more for what a hand has changed: a
    slow reader never floods and a fast one is never behind. Every step's scalars arrive with the next Update.
    """

    def __init__(
        self,
        mode: Mode = "thread",
        notify: Notify = lambda: None,
        transport: Transport[Command, Reply] | None = None,
    ) -> None:
        """``transport``: one that has been launched before."""
        self.mode = mode
        self.notify = notify
        """Called, in any thread, whenever a reply has arrived."""
        self.notice = ""
        """Why the worker is a thread although a process was asked for."""
        self._transport = transport or transport_of(mode, trainer)
        self._started = False
        self._looks = itertools.count(1)
        self._pending: int | None = None
        self._before = 0
        """The last request that was made when training was told to go on or to pause: its answer may be of before."""
        self._closed = False
        self._next_checkpoint = 0.0
        self.resumption: Resumption | None = None
        """From where the present run goes on in another worker, as was told last."""
        self.playing = False
        """As of the last reply or command."""

    def start(self) -> None:
        """Start the worker; where no process can be had, as a thread. May be called again."""
        if self._started:
            return
        self._started = True
        try:
            self._transport.start(self._tell)
        except OSError as error:
            self.notice = f"training in a thread: no process could be started ({error.strerror or error})"
            self.mode, self._transport = "thread", transport_of("thread", trainer)
            self._transport.start(self._tell)

    @property
    def pid(self) -> int | None:
        """Id of the worker's own process; None where it is a thread."""
        return self._transport.pid

    @property
    def waiting(self) -> bool:
        """Whether an Update is still to come."""
        return self._pending is not None

    def _tell(self) -> None:
        self.notify()

    def change(self, experiment: Experiment, edit: int = 0, back: bool = False, over: bool = False) -> int:
        """Train this from now on: live where only live parameters differ and it is not to begin ``over``, else anew.

        A run that it ends is kept under ``edit``, if that is not 0, and goes on where the edit is gone over ``back``.
        The id of the run that it begins, if it does.
        """
        run = next(RUNS)
        self._transport.send(Train(run, experiment, edit, back, over))
        return run

    def restart(self) -> None:
        """Back to step 0 with the same weights."""
        self._transport.send(Restart(next(RUNS)))

    def keep(self, kept: KeptRun) -> None:
        """Let a run that was kept by another worker go on in this one, when its edit is undone."""
        self._transport.send(Keep(kept))

    def forget(self, run: int) -> None:
        """Keep a run no longer that an edit has put aside."""
        self._transport.send(Forget(run))

    def keep_before(self, run: int, step: int) -> None:
        """The doctor has found something that began at ``step`` of this run: what was before it is worth keeping."""
        self._transport.send(KeepBefore(run, step))

    def set_budget(self, nbytes: int) -> None:
        """How much the worker's checkpoints and kept runs may take together."""
        self._transport.send(Budget(nbytes))

    def find_replay(self, step: int) -> None:
        """Ask from where a step of the present run is computed again; :class:`ReplayAnswer` says so."""
        self._transport.send(FindReplay(step))

    def play(self, steps: int | None = None) -> None:
        """Train, for ever or so many steps."""
        self.playing, self._before = True, self._pending or 0
        self._transport.send(Play(steps))

    def play_until(self, rule: StopRule, record: Record | None = None) -> None:
        """Train until a rule holds; ``record`` is the past of the run, where it is not at its first step."""
        self.playing, self._before = True, self._pending or 0
        self._transport.send(Play(None, rule, deepcopy(record)))

    def pause(self) -> None:
        self.playing, self._before = False, self._pending or 0
        self._transport.send(Pause())

    def cancel(self) -> None:
        """End what takes long at this moment, as :class:`Working` has told of it."""
        self._transport.send(Cancel())

    def limit(self, steps_per_second: float | None) -> None:
        self._transport.send(Limit(steps_per_second))

    def guard(self, on: bool) -> None:
        """Whether to pause at the first loss or parameter of a run that is not finite."""
        self._transport.send(Guard(on))

    def configure(self, blas_threads: int | None, grouping: str) -> None:
        """How many threads a matrix product may use (None: as the network deserves), and how numbers are written."""
        self._transport.send(Configure(blas_threads, grouping))

    def look(
        self,
        observations: Sequence[Observation[Any]] = (),
        of_run_alone: Iterable[Observation[Any]] = (),
        anew: bool = False,
    ) -> int | None:
        """Ask for an Update with these, unless one is under way; some nobody wants of the networks beside the run.

        ``anew``: even then, for what has been changed since. The one under way comes before it, if it comes at all.
        The id of the Update that is to come.
        """
        if (self._pending is None or anew) and not self._closed:
            self._pending = next(self._looks)
            look = Look(self._pending, tuple(observations), self._checkpoint_wanted(), tuple(of_run_alone))
            self._transport.send(look)
        return self._pending

    def _checkpoint_wanted(self) -> CheckpointWanted:
        """Only a process can die alone; a checkpoint now and then is worth its copy, and one where the run pauses."""
        now = time.monotonic()
        if self.mode != "process" or (self.playing and now < self._next_checkpoint):
            return ""
        self._next_checkpoint = now + CHECKPOINT_SECONDS
        return "soon" if self.playing else "paused"

    def resume_from(
        self, checkpoint: Checkpoint, changes: LiveChanges | None = None, lanes: tuple[LaneState, ...] = (),
        coming: tuple[LiveChange, ...] = (), edit: int = 0,
    ) -> int:  # fmt: skip
        """Go on from a checkpoint in place of the present run, if there is one; the id of the run that begins.

        ``changes`` say what was trained until there, if that is known; ``lanes`` are the networks beside it. ``coming``
        is changed on the way as in :meth:`go_back`. The run that it ends is kept under ``edit``, if that is not 0.
        """
        run = next(RUNS)
        self._transport.send(Resume(run, checkpoint, changes, lanes, coming, edit))
        return run

    def take_snapshot(self) -> None:
        """Ask for the run as it stands between two steps; a :class:`Snapshot` brings it."""
        self._transport.send(TakeSnapshot())

    def go_back(self, step: int, experiment: Experiment, edit: int = 0, coming: tuple[LiveChange, ...] = ()) -> int:
        """Go on from the last checkpoint kept at or before ``step``, or from step 0, with ``experiment``.

        The run that it ends is kept under ``edit``, if that is not 0. ``coming`` is changed on the way, each in its
        step, until a hand changes anything. The id of the run that it begins.
        """
        run = next(RUNS)
        self._transport.send(GoBack(run, step, experiment, edit, coming))
        return run

    def operate(self, experiment: Experiment, surgery: Operation, edit: int = 0) -> int:
        """Go on as ``experiment`` with what an operation makes of the running network; the id of the run that does.

        The run that it ends is kept under ``edit``, if that is not 0.
        """
        run = next(RUNS)
        self._transport.send(Operate(run, experiment, surgery, edit))
        return run

    def revive(self, run: int, layer: str, units: tuple[int, ...]) -> None:
        """Draw the incoming weights of these units anew, where this run still goes on."""
        self._transport.send(Revive(run, layer, units))

    def yield_to_gui(self) -> None:
        """The screen is about to paint: a worker in the same interpreter waits, between steps, until :meth:`resume`."""
        self._transport.yield_to_gui()

    def resume(self) -> None:
        """The screen has painted."""
        self._transport.resume()

    def replies(self) -> list[Reply]:
        """All replies that have arrived, without waiting."""
        arrived = self._transport.receive()
        for reply in arrived:
            match reply:
                case Update():
                    self._pending = None if reply.id == self._pending else self._pending
                    self.playing = self.playing if reply.id <= self._before else reply.playing
                    self.resumption = reply.resumption or self.resumption
                case Started():
                    self.resumption = None
                case Refused():
                    self.resumption, self.playing = None, False
                case Failed():
                    self._pending = None
                    self.playing = False
        return arrived

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """End the worker; may be called again."""
        if not self._closed:
            self._closed = True
            self._transport.close(timeout)
