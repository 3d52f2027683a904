"""Steps of a run computed again beside it and looked at one after the other: what an animation is made of."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from simulator.network.threads import limited_blas
from simulator.observations.base import Observation
from simulator.observations.observer import observe
from simulator.record.frame import Frame, frame_of
from simulator.running.beside.side_session import SideSession
from simulator.running.beside.side_worker import Post, SideInbox, SideWorker

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
    """How many were made to come here."""
    seconds: float
    """How long these took."""
    frame_seconds: float
    """How long it took to look at it."""
    lanes: tuple[tuple[str, Frame], ...] = ()
    """The same step of the networks beside the run."""


class RecomputationWorker(SideWorker[Recompute, Recomputed]):
    """One request after the other, each from where the one before has come if it says so."""

    def __init__(self, inbox: SideInbox[Recompute], post: Post[Recomputed]) -> None:
        super().__init__(inbox, post)
        self._replayer: Replayer | None = None
        self._lanes: dict[str, Replayer] = {}

    def answer(self, request: Recompute) -> None:
        from simulator.training.replay import Replayer  # The window, which only asks, does not wait for it.

        if request.replay is not None:
            self._replayer = Replayer(request.replay)
            self._lanes = {name: Replayer(replay) for name, replay in request.lanes}
        assert self._replayer is not None
        for step in request.steps:
            self.post(self._recomputed(self._replayer, step, request))

    def _recomputed(self, replayer: Replayer, step: int, request: Recompute) -> Recomputed:
        """The frames of one step, of the run and of the networks beside it."""
        own = recomputed(replayer, step, request)
        # One that begins later is not there yet.
        begun = {name: each for name, each in self._lanes.items() if each.training.step <= step}
        lanes = {name: recomputed(each, step, request) for name, each in begun.items()}
        if not lanes:
            return own
        return replace(
            own,
            lanes=tuple((name, each.frame) for name, each in lanes.items()),
            seconds=own.seconds + sum(each.seconds for each in lanes.values()),
            frame_seconds=own.frame_seconds + sum(each.frame_seconds for each in lanes.values()),
        )


def recomputed(replayer: Replayer, step: int, request: Recompute) -> Recomputed:
    """The frame of one step, measured as the run without a screen measures it."""
    before, began = replayer.training.step, time.perf_counter()
    training = replayer.go_to(step)
    arrived = time.perf_counter()
    with limited_blas(replayer.threads):
        training.look()
        observed = observe(training, request.observations)
        frame = frame_of(training, training.scalars(validate=request.validate), observed)
    return Recomputed(request.id, frame, step - before, arrived - began, time.perf_counter() - arrived)


class RecomputationSession(SideSession[Recompute, Recomputed]):
    """Requests are worked off in their order, until they are cancelled."""

    name = "recomputation"
    worker = RecomputationWorker

    def recompute(
        self, replay: Replay | None, steps: tuple[int, ...], observations: tuple[Observation[Any], ...],
        validate: bool, lanes: tuple[tuple[str, Replay], ...] = (),
    ) -> None:  # fmt: skip
        """Ask for these steps, ascending, from ``replay`` on, or from where the last request comes to."""
        self._ask(lambda number: Recompute(number, replay, steps, observations, validate, lanes), alone=False)
