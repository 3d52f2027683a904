"""The judgement about a run, from trials in the background: which findings hold, and which mends cure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from msgspec import UNSET, Struct
from msgspec.structs import replace as with_fields
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from simulator.doctor.base import USUAL_STEPS, Finding, Remedy
from simulator.experiment.experiment import Experiment
from simulator.running.beside.side_worker import RequestProgress
from simulator.running.beside.trial_messages import Tried
from simulator.running.beside.trial_session import TrialSession
from simulator.running.messages import Failed
from simulator.running.transport import Mode
from simulator.system.progress import Progress

QUIET_MS = 500
"""Trials begin so long after something new is found, and not while the experiment changes."""
GROWTH = 1.25
"""A run that has become so many times as long as the last copies is tried with longer copies."""
COSTLY = "too costly"
"""Why nothing was tried where no copy could be afforded."""

TrialKey = tuple[str, str, int]
"""Rule and blamed setting of a finding, and its place among those that have these in common."""


@dataclass(frozen=True)
class Offer:
    """A finding with those of its mends that have cured a copy."""

    finding: Finding
    trying: int = 0
    """How many mends are being tried, or are about to be."""
    note: str = ""
    """Why there is nothing to choose, if all mends have been tried."""
    back_to: int | None = None
    """The step that mends which begin at a checkpoint go back to; None where there is no checkpoint from before."""
    since: tuple[int, int] = (0, 0)
    """The first and the last step of which one is where it began."""
    experiment: Experiment | None = None
    """What the mends change."""
    suspected: bool = False
    """Whether copies have yet to show that it holds; what is not finite needs no copies."""


class TrialResult(Struct, frozen=True):
    """What copies have left of some findings."""

    asked: dict[TrialKey, Finding]
    findings: tuple[Finding, ...]
    """Most pressing first, with the mends that cured."""
    why_not: str = ""
    """Why no copies could be made; ``""`` if they were."""

    def offers(self, present: dict[TrialKey, Finding]) -> list[Offer]:
        """What is offered about what has been found and is still ``present``."""
        by_key = keyed(self.findings)
        return [self._offer(key, proven, present[key]) for key, proven in by_key.items() if key in present]

    def _offer(self, key: TrialKey, proven: Finding, now: Finding) -> Offer:
        """In the words and numbers of ``now``."""
        applications = {paths_of(remedy): remedy.application for remedy in now.remedies}
        remedies = tuple(
            replace(remedy, application=applications.get(paths_of(remedy), remedy.application))
            for remedy in proven.remedies
        )
        # Where one setting explains the run, the mends of what remains have not been tried.
        explained = self.findings[0].cause is not None and proven is not self.findings[0]
        note = "" if remedies or explained else note_of(ways_out(self.asked.get(key, proven)), self.why_not)
        suspected = bool(self.why_not) and now.began is None
        return Offer(replace(now, remedies=remedies, cause=proven.cause), note=note, suspected=suspected)


def paths_of(remedy: Remedy) -> tuple[str, ...]:
    """What a mend sets, whatever to."""
    return tuple(path for path, _ in remedy.settings)


def keyed(findings: Sequence[Finding]) -> dict[TrialKey, Finding]:
    """Findings of one key are one finding at several times."""
    by_key: dict[TrialKey, Finding] = {}
    for finding in findings:
        path = "" if finding.cause is None else finding.cause.path
        alike = sum(key[:2] == (finding.rule, path) for key in by_key)
        by_key[finding.rule, path, alike] = finding
    return by_key


def ways_out(finding: Finding) -> int:
    """How many there are to try; what began in the course of a run may be gone without any change."""
    return len(finding.remedies) or int(finding.severity == "severe" and finding.since > 0)


class BackgroundTrials(QObject):
    """Has the present findings tried on copies, again where others come up."""

    known = Signal()
    """More is known than before."""
    progressed = Signal()
    """More of what is being tried is done."""
    _notified = Signal()

    def __init__(self, mode: Callable[[], Mode], parent: QObject | None = None) -> None:
        """``mode``: where they run, when they are first needed."""
        super().__init__(parent)
        self._mode = mode
        self._session: TrialSession | None = None
        self._experiment: Experiment | None = None
        self._findings: dict[TrialKey, Finding] = {}
        """As they are now, untried."""
        self._asked: dict[TrialKey, Finding] = {}
        """Those that are being tried."""
        self._judged: TrialResult | None = None
        self._step = self._steps = 0
        """Of the run now, and when it was tried last."""
        self._loss = 0.0
        self.progress = Progress("", 0.0, 1.0)
        """How far it is with what is being tried."""
        self._since = QElapsedTimer()
        self._quiet = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._quiet.timeout.connect(self._request)
        self._notified.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def consider(
        self, experiment: Experiment, findings: Sequence[Finding], step: int, loss: float
    ) -> tuple[Offer, ...]:
        """What is offered about these findings at a step with this loss; what is not known yet is found out."""
        alone = with_fields(experiment, lanes=UNSET)
        if alone != self._experiment:
            self.forget()
            self._experiment, self._steps = alone, step
        self._step, self._loss = step, loss
        self._findings = keyed(findings)
        keys = self._findings.keys()
        if not keys or (self._judged is not None and keys == self._judged.asked.keys()):
            self._stop()
        elif keys != self._asked.keys() and not self._quiet.isActive():
            self._quiet.start()
        judged = [] if self._judged is None else self._judged.offers(self._findings)
        return (*judged, *self._suspected_offers())

    @property
    def trying(self) -> bool:
        """Whether copies are being trained."""
        return self._session is not None and self._session.waiting

    def forget(self) -> None:
        """The experiment is another one: what is being tried concerns nobody, what was tried does not hold."""
        self._stop()
        self._experiment = self._judged = None

    def close(self) -> None:
        """End the worker; may be called again, and the next finding starts another."""
        self.forget()
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _suspected_offers(self) -> list[Offer]:
        """About what no copy has been asked about."""
        asked = {} if self._judged is None else self._judged.asked
        return [
            Offer(replace(finding, remedies=()), ways_out(finding), suspected=finding.began is None)
            for key, finding in self._findings.items()
            if key not in asked
        ]

    # -- the worker -----------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        self._quiet.stop()
        self._asked = {}
        if self._session is not None:
            self._session.cancel()

    def _request(self) -> None:
        if self._experiment is None or not self._findings:
            return
        if self._session is None:
            self._session = TrialSession(self._mode(), self._notified.emit)
        if self._step >= GROWTH * max(self._steps, USUAL_STEPS):
            self._steps = self._step
        self._asked = dict(self._findings)
        self._since.start()
        self._tell(0, 1)
        self._session.try_remedies(self._experiment, tuple(self._asked.values()), self._steps, self._loss)

    def _take(self) -> None:
        """What has arrived, if it is still waited for."""
        for reply in [] if self._session is None else self._session.replies():
            match reply:
                case RequestProgress(progress=progress):
                    self._tell(progress.done, progress.total)
                case Tried(findings=findings, steps=steps):
                    self._learn(findings, "" if steps else COSTLY)
                case Failed(message=message):
                    untried = (replace(finding, remedies=()) for finding in self._asked.values())
                    self._learn(tuple(untried), message)

    def _tell(self, done: float, total: float) -> None:
        self.progress = Progress("", done, total, seconds=self._since.elapsed() / 1000)
        self.progressed.emit()

    def _learn(self, findings: tuple[Finding, ...], why_not: str) -> None:
        self._judged = TrialResult(self._asked, findings, why_not)
        self._asked = {}
        self.known.emit()


def note_of(tried: int, why_not: str) -> str:
    """Why there is nothing to choose: none of the mends helps, or they could not be tried."""
    if not tried:
        return ""
    if why_not == COSTLY:
        return "What might mend it is not offered: a step of this network is too costly to try it on a copy."
    if why_not:
        return f"What might mend it could not be tried: {why_not.rstrip('.')}."
    return "What might mend it was tried on copies of the run, and does not cure it."
