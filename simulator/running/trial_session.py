"""The front of the trials: findings go in, and come back with mends that have been tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.running.inbox import Inbox
from simulator.running.messages import Failed
from simulator.running.side_session import Cancel, SideSession
from simulator.running.transport import Mode, Notify
from simulator.running.trial_messages import Reply, Try, Trying

if TYPE_CHECKING:
    from simulator.doctor.base import Finding
    from simulator.experiment.experiment import Experiment


def trial_worker(inbox: Inbox[Try | Cancel], post: Callable[[Reply | Failed], None]) -> Callable[[], None]:
    """Hires one that has a process of its own."""
    from simulator.running.trial_worker import REST, TrialWorker

    return TrialWorker(inbox, post, REST).loop


def trial_thread(inbox: Inbox[Try | Cancel], post: Callable[[Reply | Failed], None]) -> Callable[[], None]:
    """Hires one that shares the interpreter."""
    from simulator.running.trial_worker import REST_IN_THREAD, TrialWorker

    return TrialWorker(inbox, post, REST_IN_THREAD).loop


class TrialSession(SideSession[Try, Reply]):
    """One request is under way at a time."""

    name = "trial"
    niceness = 19

    def __init__(self, mode: Mode, notify: Notify) -> None:
        super().__init__(mode, notify, trial_worker, trial_thread)

    def try_remedies(self, experiment: Experiment, findings: tuple[Finding, ...], steps: int, loss: float) -> None:
        """Try the mends of ``findings`` about a run that has made ``steps`` and has this ``loss``.

        That takes the place of what is being tried.
        """
        self._ask(lambda number: Try(number, experiment, findings, steps, loss))

    def replies(self) -> list[Reply | Failed]:
        """What has arrived about the last request, without waiting; with its end nobody waits any more."""
        concerning = super().replies()
        if any(not isinstance(reply, Trying) for reply in concerning):
            self._first = None
        return concerning
