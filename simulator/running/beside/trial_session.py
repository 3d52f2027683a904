"""The front of the trials: findings go in, and come back with remedies that have been tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.running.beside.side_session import SideSession
from simulator.running.beside.side_worker import Post, RequestProgress, SideInbox
from simulator.running.beside.trial_messages import Tried, Try
from simulator.running.messages import Cancel, Failed
from simulator.running.transport import WorkerFactory

if TYPE_CHECKING:
    from simulator.doctor.base import Finding
    from simulator.experiment.experiment import Experiment


def trial_process(inbox: SideInbox[Try], post: Post[Tried]) -> Callable[[], None]:
    """The loop of a worker that has a process of its own."""
    from simulator.running.beside.trial_worker import (  # The window, which only asks, does not wait for it.
        REST,
        TrialWorker,
    )

    return TrialWorker(inbox, post, REST).loop


def trial_thread(inbox: SideInbox[Try], post: Post[Tried]) -> Callable[[], None]:
    """The loop of a worker that shares the interpreter with the window."""
    from simulator.running.beside.trial_worker import REST_IN_THREAD, TrialWorker

    return TrialWorker(inbox, post, REST_IN_THREAD).loop


class TrialSession(SideSession[Try, Tried]):
    """One request is under way at a time."""

    name = "trial"
    niceness = 19

    def factory(self) -> WorkerFactory[Try | Cancel, Tried | RequestProgress | Failed]:
        return trial_process if self.mode == "process" else trial_thread

    def try_remedies(self, experiment: Experiment, findings: tuple[Finding, ...], steps: int, loss: float) -> None:
        """Try the remedies of ``findings`` about a run that has made ``steps`` and has this ``loss``.

        That takes the place of what is being tried.
        """
        self._ask(lambda number: Try(number, experiment, findings, steps, loss))

    def replies(self) -> list[Tried | RequestProgress | Failed]:
        """What has arrived about the last request, without waiting; with its end nobody waits any more."""
        concerning = super().replies()
        if any(not isinstance(reply, RequestProgress) for reply in concerning):
            self._first = None
        return concerning
