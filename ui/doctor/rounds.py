"""When the doctor looks at the run: a few times a second at most, and asking the worker what no frame tells."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Set
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from simulator.doctor.base import Finding, Remedy
from simulator.doctor.evidence import OBSERVATIONS, Evidence
from simulator.doctor.headline import headline
from simulator.experiment.experiment import Experiment, in_words
from simulator.observations.base import Observation
from simulator.observations.factors import FactorsObservation
from simulator.observations.sharpness import SharpnessObservation
from simulator.observations.tiny_gradients import TinyGradientsObservation
from simulator.schema.parameter import is_live_change
from ui.bench.bench import Bench
from ui.bench.document import Document
from ui.doctor.onsets import Onsets
from ui.doctor.trials import BackgroundTrials, Offer
from ui.plots.base import View
from ui.style.numbers import integer

EVERY_MS = 500
SHARE = 20
"""An examination that took long is followed by so many times as long without one."""
SOON_MS = 50
"""It waits for what has been asked to be painted, and for the next move of a hand."""
PATIENCE_MS = 100
"""Where plots are always being painted, it waits no longer for them."""


class Rounds(QObject):
    """Examines what the bench shows, and applies mends as one undo entry each."""

    offered = Signal(object)
    """What is offered about each finding (a tuple of :class:`Offer`), most pressing first."""
    refused = Signal(str)
    """Why a mend could not be applied."""
    past_wanted = Signal()
    """An earlier step is shown, of which more is to be known."""

    def __init__(self, bench: Bench, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.offers: tuple[Offer, ...] = ()
        self.trials = BackgroundTrials(lambda: bench.link.mode, self)
        self._bench, self._document = bench, document
        self._since = QElapsedTimer()
        self._waited = QElapsedTimer()
        self._rest = 0
        self._view: View | None = None
        self._findings: tuple[Finding, ...] = ()
        """What was found last, at which step; the mends are untried."""
        self._step = 0
        self._onsets = Onsets()
        self._marked: set[int] = set()
        """Where findings began, and the worker has been told to keep a checkpoint from before that."""
        self.examined = False
        """Whether the present run has been."""
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        """Fires when all plots have been painted: a hand on a knob waits for them, not for the doctor."""
        self._soon.timeout.connect(self._look)
        self._worried = False
        """Whether the loss was rising when it looked last: then it asks how sharply it curves."""
        bench.started.connect(lambda _info: self.forget())
        bench.shown.changed.connect(lambda view, _rate: self._take(view))
        bench.closed.connect(self.trials.close)
        document.changed.connect(lambda _old, _new: self._follow())
        self.trials.known.connect(self._offer)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Most pressing first, with the mends that are offered."""
        return tuple(offer.finding for offer in self.offers)

    @property
    def headline(self) -> str:
        """The one sentence about the run; ``""`` before it has been examined."""
        if self._view is None or not self.examined:
            return ""
        suspected = bool(self.offers) and self.offers[0].suspected
        return f"{'Suspected: ' if suspected else ''}{headline(self.findings, self._view.frame)}"

    def observations(self) -> tuple[Observation[Any], ...]:
        """What the next frame must bring, if it is to be examined."""
        if not self._due():
            return ()
        return self.of_past()

    def of_past(self) -> tuple[Observation[Any], ...]:
        """What an earlier step must bring to be examined."""
        return (*OBSERVATIONS, TinyGradientsObservation(), *self.curvature())

    def curvature(self) -> tuple[Observation[Any], ...]:
        """What it asks of the run alone: no network beside it is examined so closely."""
        return (SharpnessObservation(),) if self._worried else ()

    def of_run_alone(self, shown: Callable[[], Iterable[Observation[Any]]]) -> Set[Observation[Any]]:
        """The same, but for what is ``shown`` of all networks anyway."""
        curvature = self.curvature()
        return {*curvature} - {*shown()} if curvature else set()

    def apply(self, remedy: Remedy, back_to: int | None) -> None:
        """Change the experiment in one undo entry; where that is no help, start over or go ``back_to`` a step."""
        try:
            plain = remedy.applied(self._document.experiment).to_builtins()
        except ValueError as error:
            self.refused.emit(in_words(error))
            return
        back = None if remedy.application == "live" else back_to or 0
        reason = self._document.propose(plain, remedy.title, back_to=back)
        if reason is not None:
            self.refused.emit(reason)

    def go_back(self, step: int) -> None:
        """Let the run go on from ``step`` with the experiment of then, in one undo entry."""
        then = self._bench.record.live_changes.experiment_before(step) or self._document.experiment
        reason = self._document.propose(then.to_builtins(), f"Back to step {integer(step)}", back_to=step)
        if reason is not None:
            self.refused.emit(reason)

    @property
    def _experiment(self) -> Experiment:
        """By which the step was trained that is examined; of the present run, as a hand has it now."""
        view, described = self._view, self._document.experiment
        then = None if view is None else view.record.experiment_at(view.frame.step)
        if view is None or then is None or (view.live and is_live_change(then, described)):
            return described
        return then

    @property
    def _of_another(self) -> bool:
        """Whether what is shown is of another experiment than the one that is described."""
        return self._bench.building or bool(self._bench.refusal)

    def _due(self) -> bool:
        return not self._bench.playing or not self._since.isValid() or self._since.elapsed() >= self._rest

    def forget(self) -> None:
        """What was found is of a network that is no longer described."""
        self._view = None
        self._soon.stop()
        self._since.invalidate()
        self._worried = False
        self._findings, self._step, self.examined = (), 0, False
        self._onsets = Onsets()
        self._marked.clear()
        self._offer()

    def _follow(self) -> None:
        """The experiment has been edited: until its network is built, what is shown is of another one."""
        if self._of_another:
            self._soon.stop()
            self.trials.forget()

    def _take(self, view: View) -> None:
        if self._view is not None and view.live != self._view.live:
            # What is known of the present is not known of an earlier step, and the other way round.
            self._onsets = Onsets()
        if not view.live:
            self._take_past(view)
            return
        factors = view.frame.result(FactorsObservation())
        if self._due() and not self._of_another and (factors or view.frame.info.depth == 1):
            self._view = view
            self._since.start()
            if not self._soon.isActive():
                self._waited.start()
                self._soon.start()
        self._keep_way_back()

    def _keep_way_back(self) -> None:
        """What is kept of the run has changed: say where it can go back to now."""
        ways = ((offer.back_to, self._step_before(offer.since[0])) for offer in self.offers)
        if any(said != now for said, now in ways):
            self._offer()

    def _take_past(self, view: View) -> None:
        """An earlier step: it is examined as soon as all of it is there, and until then nothing is said."""
        lacks = [each for each in self.of_past() if each not in view.frame.observations]
        if not lacks:
            self._onsets = Onsets()
            self._view = view
            self._waited.start()
            self._soon.start()
        elif self.examined:
            self.forget()

    def _look(self) -> None:
        view = self._view
        if view is None or self._of_another:
            return
        busy = self._bench.link.painting() or self._bench.link.hand_waits
        if busy and not self._waited.hasExpired(PATIENCE_MS):
            self._soon.start()
            return
        self._since.start()
        # The rules are many files: the window stands before they are read.
        from simulator.doctor.learning import rising
        from simulator.doctor.rules import examine

        evidence = Evidence(
            self._experiment, view.frame, view.record,
            view.frame.result(TinyGradientsObservation()), view.frame.result(SharpnessObservation()),
        )  # fmt: skip
        worried = rising(evidence) and not evidence.broken
        self._findings = examine(evidence if worried else replace(evidence, sharpness=None))
        self._step = view.frame.step
        self.examined = True
        self._offer()
        self._rest = max(EVERY_MS, SHARE * self._since.elapsed())
        curious, self._worried = worried and not self._worried, worried
        if curious and not view.live:
            self.past_wanted.emit()
        elif curious and not self._bench.playing:
            self._bench.link.wake()

    def _offer(self) -> None:
        """Say what is found and offered by what is known now."""
        loss = math.nan if self._view is None else self._view.frame.scalars.get("loss", math.nan)
        offers = self.trials.consider(self._experiment, self._findings, self._step, loss)
        stride = 1 if self._view is None else self._view.history.stride
        since = self._onsets.of([offer.finding for offer in offers], stride)
        for began, _ in since:
            live = self._view is not None and self._view.live
            if live and began > 0 and began not in self._marked and self._bench.info is not None:
                self._marked.add(began)
                self._bench.link.keep_before(self._bench.info.run, began)
        self.offers = tuple(
            replace(offer, since=steps, back_to=self._step_before(steps[0]), experiment=self._document.experiment)
            for offer, steps in zip(offers, since, strict=True)
        )
        self.offered.emit(self.offers)

    def _step_before(self, trouble: int) -> int | None:
        """The last step before the trouble to which the run can go back."""
        return max((step for step in self._bench.memory.good_steps if step < trouble), default=None)
