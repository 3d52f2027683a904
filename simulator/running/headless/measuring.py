"""What is measured of the steps of a run without a screen, for its files, for plots and for the doctor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from simulator.doctor.base import Finding
from simulator.doctor.consult import consult
from simulator.doctor.diagnosis import diagnose
from simulator.doctor.evidence import OBSERVATIONS as DIAGNOSED
from simulator.observations.base import Observation
from simulator.observations.histograms import HistogramsObservation
from simulator.observations.observer import Made, Observer, observe
from simulator.observations.registry import standard
from simulator.record.frame import Frame
from simulator.record.record import Record
from simulator.training.training import Training

MEASURED = (*HistogramsObservation.variants(), *DIAGNOSED)
"""What the frames of measured steps bring."""


class Measuring(Struct, frozen=True):
    """At which steps a run is measured, and what is observed there."""

    every: int
    """At its multiples, and at the last step."""
    analyses: Sequence[Observation[Any]] = ()
    """What is written of a measured step; of what is about step 0, only then."""
    brief: bool = False
    """Whether no plots follow: nothing is observed for them, and findings are those of rules alone."""

    def is_due(self, step: int) -> bool:
        return step % self.every == 0

    def analysed(self, observer: Observer) -> Made:
        """What is to be written of the present step."""
        at_start = [each for each in self.analyses if each.initial and observer.training.step == 0]
        anew = [each for each in self.analyses if not each.initial]
        # To the end and from nowhere, so that no step's rows hang on those before.
        return {**observer.observe(at_start), **observe(observer.training, anew)}

    def observed(self, observer: Observer, analysed: Made, *, last: bool) -> Made:
        """What the frame of the present step brings; that of the ``last`` one is for plots and for the doctor too."""
        shown = {} if not last else analysed if self.brief else self._shown(observer, analysed)
        kept = {each: observed for each, observed in analysed.items() if each.past is not None}
        return {**observer.observe(MEASURED), **kept, **shown}

    def _shown(self, observer: Observer, analysed: Made) -> Made:
        """For the plots: what a window would have been told at the last step."""
        wanted = dict.fromkeys((*standard(), *(drawn for each in self.analyses for drawn in each.drawn())))
        return {**observer.observe(each for each in wanted if each not in analysed or each.initial), **analysed}

    def findings(self, training: Training, last: Frame, record: Record) -> tuple[Finding, ...]:
        """What the doctor finds at the last step."""
        return (diagnose if self.brief else consult)(training, last, record)
