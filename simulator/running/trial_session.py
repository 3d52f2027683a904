"""The front of the trials: findings go in, and come back with mends that have been tried."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.running.inbox import Inbox
from simulator.running.messages import Failed
from simulator.running.side_worker import SideWorker
from simulator.running.transport import Mode, Notify
from simulator.running.trial_messages import Cancel, Command, Reply, Tried, Try, Trying

if TYPE_CHECKING:
    from simulator.doctor.base import Finding
    from simulator.experiment.experiment import Experiment

NAME = "trial"
NICENESS = 19
"""Whatever else the machine has to do comes first."""


def trial_worker(inbox: Inbox[Command], post: Callable[[Reply | Failed], None]) -> Callable[[], None]:
    """Hires one that has a process of its own."""
    from simulator.running.trial_worker import REST, TrialWorker

    return TrialWorker(inbox, post, REST).loop


def trial_thread(inbox: Inbox[Command], post: Callable[[Reply | Failed], None]) -> Callable[[], None]:
    """Hires one that shares the interpreter."""
    from simulator.running.trial_worker import REST_IN_THREAD, TrialWorker

    return TrialWorker(inbox, post, REST_IN_THREAD).loop


class TrialSession:
    """One request is under way at a time; answers to older ones are dropped.

    The worker is started with the first request: a process of its own, or a thread where none can be had.
    """

    def __init__(self, mode: Mode, notify: Notify) -> None:
        self._worker: SideWorker[Command, Reply | Failed] = SideWorker(
            mode, trial_worker, trial_thread, NAME, NICENESS, notify
        )
        self._ids = itertools.count(1)
        self._waiting: int | None = None

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._waiting is not None

    @property
    def pid(self) -> int | None:
        """Id of the worker's own process; None where there is none."""
        return self._worker.pid

    @property
    def mode(self) -> Mode:
        """Where it runs."""
        return self._worker.mode

    def try_remedies(self, experiment: Experiment, findings: tuple[Finding, ...], steps: int, loss: float) -> None:
        """Try the mends of ``findings`` about a run that has made ``steps`` and has this ``loss``.

        That takes the place of what is being tried.
        """
        self._waiting = next(self._ids)
        self._worker.send(Try(self._waiting, experiment, findings, steps, loss))

    def cancel(self) -> None:
        """Nobody waits any more."""
        if self._waiting is not None:
            self._waiting = None
            self._worker.tell(Cancel())

    def replies(self) -> list[Reply | Failed]:
        """What has arrived about the last request, without waiting."""
        arrived = self._worker.replies()
        concerning = [reply for reply in arrived if self.waiting and self._concerns(reply)]
        if any(not isinstance(reply, Trying) for reply in concerning):
            self._waiting = None
        if any(isinstance(reply, Failed) and reply.fatal for reply in arrived):
            self._waiting = None
        return concerning

    def _concerns(self, reply: Reply | Failed) -> bool:
        return not isinstance(reply, Trying | Tried) or reply.id == self._waiting

    def close(self) -> None:
        """End the worker; the next request starts another."""
        self._waiting = None
        self._worker.close()
