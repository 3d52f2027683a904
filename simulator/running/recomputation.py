"""Steps of a run computed again beside it and looked at one after the other: what an animation is made of."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from simulator.network.threads import limited_blas
from simulator.observations.base import Observation
from simulator.observations.observer import observe
from simulator.record.frame import Frame, frame_of
from simulator.running.inbox import CancellableInbox, Inbox
from simulator.running.messages import Failed, Stop
from simulator.running.side_session import Cancel
from simulator.system.progress import CancelledError, Meter, Progress, listening

if TYPE_CHECKING:
    from simulator.training.replay import Replay, Replayer


class Recompute(Struct, frozen=True):
    """Bring the run to these steps, ascending, and look at each."""

    id: int
    replay: Replay | None
    """From where; None: from where the last request has come."""
    steps: tuple[int, ...]
    observations: tuple[Observation[Any], ...] = ()
    """What each frame brings beside its measures."""
    validate: bool = False
    """Whether the data held out are scored too."""
    lanes: tuple[tuple[str, Replay], ...] = ()
    """From where the networks beside the run, with their names; those of the last request where :attr:`replay` is."""


class Recomputed(Struct, frozen=True):
    """One step, as it was."""

    id: int
    frame: Frame
    steps: int
    """How many were made to come here, …"""
    seconds: float
    """… and how long that took."""
    frame_seconds: float
    """How long it took to look at it."""
    lanes: tuple[tuple[str, Frame], ...] = ()
    """The same step of the networks beside the run."""


class Recomputing(Struct, frozen=True):
    """How far it is, where that takes long."""

    id: int
    progress: Progress


Command = Recompute | Cancel
Reply = Recomputed | Recomputing
TOLD_AFTER = 0.2
"""Seconds: what takes longer is told of."""


class RecomputationWorker:
    """One request after the other; to cancel ends the present one."""

    def __init__(self, inbox: Inbox[Command], post: Callable[[Reply | Failed], None]) -> None:
        self._inbox, self._post = CancellableInbox(inbox, Cancel, Stop), post
        self._replayer: Replayer | None = None
        self._lanes: dict[str, Replayer] = {}
        self._id = 0
        """Of the request that is worked at."""
        self._meter = Meter(lambda progress: self._post(Recomputing(self._id, progress)), TOLD_AFTER)

    def loop(self) -> None:
        """Work until told to stop."""
        while not isinstance(command := self._inbox.get(None), Stop):
            if isinstance(command, Recompute):
                self._recompute(command)

    def _recompute(self, command: Recompute) -> None:
        from simulator.training.replay import Replayer  # The window, which only asks, does not wait for it.

        self._id = command.id
        try:
            with listening(self._listen):
                if command.replay is not None:
                    self._replayer = Replayer(command.replay)
                    self._lanes = {name: Replayer(replay) for name, replay in command.lanes}
                assert self._replayer is not None
                for step in command.steps:
                    self._post(self._recomputed(self._replayer, step, command))
        except CancelledError:
            return
        except ValueError as error:
            self._post(Failed(str(error)))
        except Exception as error:
            self._post(Failed(f"{type(error).__name__}: {error}", traceback.format_exc()))

    def _recomputed(self, replayer: Replayer, step: int, command: Recompute) -> Recomputed:
        """The frames of one step, of the run and of the networks beside it."""
        own = recomputed(replayer, step, command)
        # One that begins later is not there yet.
        begun = {name: each for name, each in self._lanes.items() if each.training.step <= step}
        lanes = {name: recomputed(each, step, command) for name, each in begun.items()}
        if not lanes:
            return own
        return replace(
            own,
            lanes=tuple((name, each.frame) for name, each in lanes.items()),
            seconds=own.seconds + sum(each.seconds for each in lanes.values()),
            frame_seconds=own.frame_seconds + sum(each.frame_seconds for each in lanes.values()),
        )

    def _listen(self, doing: str, done: float, total: float, unit: str) -> None:
        if self._inbox.cancelled():
            raise CancelledError(doing)
        self._meter(doing, done, total, unit)


def recomputed(replayer: Replayer, step: int, command: Recompute) -> Recomputed:
    """The frame of one step, measured as the run without a screen measures it."""
    before, began = replayer.training.step, time.perf_counter()
    training = replayer.go_to(step)
    arrived = time.perf_counter()
    with limited_blas(replayer.threads):
        training.look()
        observed = observe(training, command.observations)
        frame = frame_of(training, training.scalars(validate=command.validate), observed)
    return Recomputed(command.id, frame, step - before, arrived - began, time.perf_counter() - arrived)


def recomputation_worker(inbox: Inbox[Command], post: Callable[[Reply | Failed], None]) -> Callable[[], None]:
    """Hires one."""
    return RecomputationWorker(inbox, post).loop
