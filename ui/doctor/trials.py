"""Mends tried in the background, and what is therefore offered about each finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from simulator.carriers import Mode
from simulator.doctor import Finding, Mend
from simulator.doctor.trial import USUAL_STEPS
from simulator.doctor.trial_session import TrialSession
from simulator.doctor.trial_worker import Tried, Trying
from simulator.experiment import Experiment
from simulator.messages import Failed

QUIET_MS = 400
"""Trials begin when what is to be tried has stood still for so long."""
GROWTH = 1.25
"""Findings about a run that has become so many times as long as the last copies have longer copies."""
COSTLY = "too costly"
"""Why nothing was tried where no copy could be afforded."""

Key = tuple[str, str, tuple[tuple[str, ...], ...]]


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


def paths_of(mend: Mend) -> tuple[str, ...]:
    return tuple(path for path, _ in mend.settings)


def key_of(finding: Finding) -> Key:
    """Findings of one key have the same mends, up to the values that these set."""
    return finding.rule, finding.severity, tuple(paths_of(mend) for mend in finding.mends)


def mends_of(finding: Finding) -> int:
    """How many ways out there are to try; what began in the course of a run may be gone without any change."""
    return len(finding.mends) or int(finding.severity == "severe" and finding.since > 0)


class BackgroundTrials(QObject):
    """Has the mends of the present findings tried, each once for one experiment."""

    known = Signal()
    """More is known of the mends than before."""
    progressed = Signal(float)
    """Which share of what is being tried is done."""
    _arrived = Signal()

    def __init__(self, mode: Callable[[], Mode], parent: QObject | None = None) -> None:
        """``mode``: where they run, when they are first needed."""
        super().__init__(parent)
        self.wanted = False
        """Whether anybody would see what comes of it."""
        self._mode = mode
        self._session: TrialSession | None = None
        self._experiment: Experiment | None = None
        self._missing: dict[Key, Finding] = {}
        """Present findings whose mends have not been tried."""
        self._asked: dict[Key, Finding] = {}
        """Those whose mends are being tried."""
        self._step = self._steps = 0
        """Of the run now, and when its mends were tried last."""
        self._loss = 0.0
        self._proven: dict[Key, Finding] = {}
        self._notes: dict[Key, str] = {}
        self._quiet = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._quiet.timeout.connect(self._request)
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def consider(
        self, experiment: Experiment, findings: Sequence[Finding], step: int, loss: float
    ) -> tuple[Offer, ...]:
        """What is offered about these findings at a step with this loss; what is not known yet is found out."""
        if experiment != self._experiment:
            self.forget()
            self._experiment, self._steps = experiment, step
        self._step, self._loss = step, loss
        found = {key_of(finding): finding for finding in findings if mends_of(finding)}
        self._missing = {key: finding for key, finding in found.items() if key not in self._proven}
        if not self._missing:
            self._stop()
        elif self.wanted and not self._missing.keys() <= self._asked.keys() and not self._quiet.isActive():
            self._quiet.start()
        return tuple(self._offer(finding) for finding in findings)

    def forget(self) -> None:
        """The experiment is another one: what is being tried concerns nobody, what was tried does not hold."""
        self._stop()
        self._experiment = None
        self._proven.clear()
        self._notes.clear()

    def close(self) -> None:
        """End the worker; may be called again, and the next finding starts another."""
        self.forget()
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _offer(self, finding: Finding) -> Offer:
        key = key_of(finding)
        proven = self._proven.get(key)
        if proven is None:
            return Offer(replace(finding, mends=()), trying=mends_of(finding))
        # How a mend is applied depends on what has become of the run meanwhile.
        now = {paths_of(mend): mend.application for mend in finding.mends}
        mends = (replace(mend, application=now.get(paths_of(mend), mend.application)) for mend in proven.mends)
        return Offer(replace(finding, mends=tuple(mends), cause=proven.cause), note=self._notes.get(key, ""))

    # -- the worker -----------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        self._quiet.stop()
        self._asked = {}
        if self._session is not None:
            self._session.cancel()

    def _request(self) -> None:
        if self._experiment is None or not self._missing:
            return
        if self._session is None:
            self._session = TrialSession(self._mode(), self._arrived.emit)
        if self._step >= GROWTH * max(self._steps, USUAL_STEPS):
            self._steps = self._step
        self._asked = dict(self._missing)
        self._session.try_mends(self._experiment, tuple(self._asked.values()), self._steps, self._loss)

    def _take(self) -> None:
        """What has arrived, if it is still waited for."""
        for reply in [] if self._session is None else self._session.replies():
            match reply:
                case Trying(done=done, total=total):
                    self.progressed.emit(done / total)
                case Tried(findings=findings, steps=steps):
                    self._learn(findings, COSTLY if not steps else "")
                case Failed(message=message):
                    self._learn(tuple(self._asked.values()), message)

    def _learn(self, findings: Sequence[Finding], why_not: str) -> None:
        """What came of the mends that were asked about, or why nothing did."""
        found = {finding.rule: finding for finding in findings}
        for key, asked in self._asked.items():
            proven = found.get(asked.rule, asked)
            self._proven[key] = replace(proven, mends=() if why_not else proven.mends)
            if not self._proven[key].mends:
                self._notes[key] = note_of(mends_of(asked), why_not)
        self._asked = {}
        self.known.emit()


def note_of(tried: int, why_not: str) -> str:
    """Why there is nothing to choose: none of the mends helps, or they could not be tried."""
    if why_not == COSTLY:
        return "What might mend it is not offered: a step of this network is too costly to try it on a copy."
    if why_not:
        return f"What might mend it could not be tried: {why_not.rstrip('.')}."
    if tried == 1:
        return "One mend was tried on a copy, and does not cure it."
    return f"{tried} mends were tried on copies, and none cures it."
