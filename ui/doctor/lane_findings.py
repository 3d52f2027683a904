"""What the doctor sees in each of several networks, by its rules alone: nothing is tried on copies here."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from simulator.doctor.base import Finding
from simulator.doctor.evidence import Evidence
from simulator.observations.factors import FactorsObservation
from simulator.observations.tiny_gradients import TinyGradientsObservation
from ui.chart.view import View

SHARE = 20
"""An examination that took long is followed by so many times as long without one."""
LEAST_MS = 20


class LaneFindings(QObject):
    """Examines the networks in turn, one in a turn of the event loop, while somebody wants to know."""

    changed = Signal()
    """More is known than before."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.of: dict[str, tuple[Finding, ...]] = {}
        """Network → what was seen last, most pressing first; nothing of those that have not been examined."""
        self._waiting: dict[str, View] = {}
        self._seen: dict[str, tuple[int, int | None]] = {}
        """Network → its run, and the step if that is an earlier one."""
        self._clock = QElapsedTimer()
        self._soon = QTimer(self, singleShot=True, interval=LEAST_MS)
        self._soon.timeout.connect(self._examine_next)

    def take(self, views: Mapping[str, View]) -> None:
        """Examine these when it is their turn; what is known of others, of other runs and earlier steps, goes."""
        seen = {name: (view.frame.run, None if view.live else view.frame.step) for name, view in views.items()}
        same = [name for name in seen if self._seen.get(name) == seen[name]]
        self.of = {name: findings for name, findings in self.of.items() if name in same}
        self._waiting = {name: view for name, view in self._waiting.items() if name in same}
        self._seen = seen
        self._waiting |= {name: view for name, view in views.items() if can_be_examined(view)}
        if self._waiting and not self._soon.isActive():
            self._soon.start()

    def stop(self) -> None:
        """Nobody wants to know."""
        self._waiting.clear()
        self._soon.stop()

    def _examine_next(self) -> None:
        if not self._waiting:
            return
        unknown = [name for name in self._waiting if name not in self.of]
        name = (unknown or list(self._waiting))[0]
        # The rules are many files: the window stands before they are read.
        from simulator.doctor.rules import examine

        self._clock.start()
        self.of[name] = examine(evidence_of(self._waiting.pop(name)))
        self.changed.emit()
        if self._waiting:
            self._soon.start(max(LEAST_MS, SHARE * self._clock.elapsed()))


def can_be_examined(view: View) -> bool:
    """Whether its frame brings what rules go by."""
    return view.whole and (view.frame.result(FactorsObservation()) is not None or view.frame.info.depth == 1)


def evidence_of(view: View) -> Evidence:
    """What rules look at."""
    frame = view.frame
    experiment = frame.experiment or view.record.experiment_at(frame.step)
    assert experiment is not None
    return Evidence(experiment, frame, view.record, frame.result(TinyGradientsObservation()), None)
