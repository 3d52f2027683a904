"""The past of one run, whole: what a window, a run without a screen, an export and the doctor hold alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from simulator.observations.factors import FactorGains
from simulator.observations.sampled import Sampled
from simulator.observations.time_profile import StateGradients
from simulator.observations.unit import WatchedUnit
from simulator.record.changes import ChangeLog
from simulator.record.frame import Frame
from simulator.record.history import History, Rows
from simulator.record.past import MOST_BYTES, Past
from simulator.training.run_info import RunInfo

SAMPLED: dict[str, Sampled] = {sampled.name: sampled for sampled in (StateGradients(), FactorGains(), WatchedUnit())}
"""Everything that a past is kept of."""


class Record:
    """Everything that was seen of a run: every step's scalars, what was sampled now and then, and what was changed.

    Its memory does not grow with the number of steps: ``nbytes`` now, and never more than ``bound``.
    """

    def __init__(self, history: History | None = None, first: Frame | None = None) -> None:
        self.history = History(()) if history is None else history
        self.pasts: dict[str, Past] = {}
        """Of what has been sampled, by its name."""
        self.changes = ChangeLog()
        """What was changed in the run while it was trained."""
        self.first = first
        """The frame of step 0."""
        self.scored: Frame | None = None
        """The last frame with a score on data held out."""
        self.seconds = 0.0
        """Time that it was trained for."""

    @property
    def steps(self) -> int:
        """Steps that are recorded without a gap: where the run would go on."""
        return self.history.start + self.history.steps

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays that hold the past; the frames are the worker's."""
        return self.history.nbytes + sum(past.nbytes for past in self.pasts.values())

    @property
    def bound(self) -> int:
        """Bytes that :attr:`nbytes` stays below, however long the run becomes."""
        waiting = len(SAMPLED.keys() - self.pasts.keys())
        return self.nbytes + waiting * MOST_BYTES

    def add(self, frame: Frame | None, rows: Iterable[Rows] = ()) -> None:
        """Take in steps and, if there is one, what was looked at with the last of them."""
        for each in rows:
            self.history.extend(each)
        if frame is None:
            return
        self._keep(frame)
        for name, sampled in SAMPLED.items():
            self.sample(sampled, frame.step, frame.result(name), frame.info)

    def _keep(self, frame: Frame) -> None:
        """Step 0 with all that its frames have told together, and the last that was scored."""
        if frame.step == 0:
            first = self.first or frame
            self.first = replace(first, factors=frame.factors or first.factors, facts=frame.facts or first.facts)
        if "validation_loss" in frame.scalars:
            self.scored = frame

    def sample(self, sampled: Sampled, step: int, result: Any | None, info: RunInfo) -> None:
        """Take in what was looked at at one step; None: the step was seen without it."""
        known = self.pasts.get(sampled.name)
        if result is None:
            if known is not None and sampled.gaps:
                known.looks.miss(step)
            return
        subject = sampled.subject(result, info)
        if known is None or known.subject != subject:
            known = self.pasts[sampled.name] = Past(sampled, subject)
        known.add(step, result, info)

    def until(self, step: int) -> Record:
        """A record of its own for a run that goes another way from ``step`` on."""
        cut = Record(self.history.until(step), self.first)
        pasts = {name: past.until(step) for name, past in self.pasts.items()}
        cut.pasts = {name: past for name, past in pasts.items() if past.looks.steps.size}
        cut.changes = self.changes.until(step)
        cut.scored = self.scored if self.scored is not None and self.scored.step < step else None
        cut.seconds = self.seconds
        return cut
