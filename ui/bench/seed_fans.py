"""Each network from several seeds, trained beside the run: drawn as medians with quartiles in place of its curves."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace as with_fields
from PySide6.QtCore import QObject, Qt, Signal

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import OWN_NAME
from simulator.observations.base import Observation
from simulator.record.fan import Fan
from simulator.record.frame import Frame
from simulator.running.beside.seed_fans import Seeds, SeedsSession, Trained, needed_bytes, sentences_of
from simulator.running.beside.side_worker import RequestProgress
from simulator.running.messages import Failed
from simulator.system.progress import Progress
from simulator.training.live_change import LiveChanges
from ui.bench.bench import Bench
from ui.chart.view import View
from ui.style.numbers import count, size_text

RUNS = itertools.count(-(2**40), -1)
"""Ids of what is drawn of them, which no run of a session has."""


class SeedFans(QObject):
    """Asks for them, keeps what came of them while the run is there, and puts them into views while they are shown."""

    progressed = Signal(object)
    """:class:`~simulator.system.progress.Progress`, or None where nothing is trained any more."""
    changed = Signal()
    """Others are there, or they are shown or hidden."""
    failed = Signal(str)
    """Why there are none, in a sentence."""
    _notified = Signal()
    """From the thread that hears the worker."""

    def __init__(self, bench: Bench, parent: QObject) -> None:
        super().__init__(parent)
        self._bench = bench
        self._session = SeedsSession(bench.link.mode, self._notified.emit)
        self.networks: dict[str, Seeds] = {}
        """What there is, by the networks' names, the run first."""
        self.steps = self._asked = 0
        """The step that all runs end at."""
        self.shown = False
        self.busy = False
        """Whether some are being trained."""
        self._outdated: set[str] = set()
        """Networks that have become others while theirs are being trained."""
        self._views: dict[str, View] = {}
        self._together: View | None = None
        self._notified.connect(self._take, Qt.ConnectionType.QueuedConnection)
        bench.started.connect(lambda _info: self.forget())
        bench.document.opened.connect(lambda _experiment: self.forget())
        bench.document.changed.connect(self._drop_others)
        bench.closed.connect(self.close)

    @property
    def described(self) -> dict[str, LiveChanges]:
        """What is to be trained: each network as it began, with what was changed in it by hand."""
        records = {OWN_NAME: self._bench.record, **self._bench.lanes.records()}
        experiments = self._bench.document.experiment.all_lanes()
        return {name: _alone(records[name].live_changes) for name in experiments if name in records}

    def step_at(self, step: int) -> int | None:
        """The last step until there that all runs have recorded; None where there is none."""
        steps = [run.step_at(step) for each in self.networks.values() for run in each.runs]
        known = [each for each in steps if each is not None]
        return min(known) if len(known) == len(steps) else None

    def sentences(self, step: int) -> list[str]:
        """What has come of each network beside the run at such a step, as the command that compares says it."""
        return sentences_of(self.networks, step)

    def refusal(self, seeds: int) -> str:
        """Why so many cannot be trained, in a sentence; ``""`` where they can."""
        networks, room = self.described, self._bench.memory.seeds_room
        if not networks or any(each.experiment is None for each in networks.values()):
            return "How each network was trained from its beginning is not known yet."
        needed = needed_bytes(self._bench.record.history.nbytes, len(networks), seeds)
        if needed <= room:
            return ""
        what = f"{count(seeds, 'seed')} of {count(len(networks), 'network')}"
        return f"{what} take up to {size_text(needed)} while they are trained; {size_text(room)} may be used for them."

    def train(self, seeds: int, steps: int, observations: Sequence[Observation[Any]]) -> None:
        """Have them trained; the run goes on, and what is there stays until they come."""
        reason = self.refusal(seeds)
        if reason:
            self.failed.emit(reason)
            return
        self.busy, self._asked, self._outdated = True, steps, set()
        self.progressed.emit(Progress("Training seeds", 0, 1))
        self._session.train(self.described, seeds, steps, observations)

    def cancel(self) -> None:
        """Nobody waits for what is being trained."""
        self._session.cancel()
        self._end()

    def forget(self) -> None:
        """The same, and nothing is there any more."""
        self.cancel()
        if self.networks:
            self._set({}, 0, shown=False)

    def _drop_others(self, old: Experiment, new: Experiment) -> None:
        """Of a network beside the run that is another now, or gone, nothing is there; of one that came, nothing yet."""
        if old.lanes == new.lanes:
            return
        others = _others(old, new)
        self._outdated |= others
        rest = {name: each for name, each in self.networks.items() if name not in others}
        shown = self.shown and all(spec.name in rest for spec in new.lanes or ())
        if (rest.keys(), shown) != (self.networks.keys(), self.shown):
            self._set(rest, self.steps, shown=shown)

    def close(self) -> None:
        """End the worker."""
        self._session.close()
        self._end()

    def show(self, on: bool) -> None:
        """Draw them in place of the run's curves, or no longer."""
        if on != self.shown:
            self.shown = on and bool(self.networks)
            self.changed.emit()

    def _end(self) -> None:
        if self.busy:
            self.busy = False
            self.progressed.emit(None)

    def _take(self) -> None:
        for reply in self._session.replies():
            if isinstance(reply, RequestProgress):
                self.progressed.emit(reply.progress)
            elif isinstance(reply, Trained):
                self._end()
                kept = {name: each for name, each in reply.networks.items() if name not in self._outdated}
                self._set(kept, self._asked, shown=not self._outdated)
            elif isinstance(reply, Failed):
                self._end()
                self.failed.emit(f"The seeds could not be trained: {reply.message.rstrip('.')}.")

    def _set(self, networks: Mapping[str, Seeds], steps: int, *, shown: bool) -> None:
        self.networks, self.steps, self.shown = dict(networks), steps, shown
        self._views, self._together = {name: _view(each.fan) for name, each in networks.items()}, None
        self._bench.memory.hold_seeds(sum(each.nbytes for each in networks.values()))
        self.changed.emit()

    # -- what is drawn ---------------------------------------------------------------------------------------------

    def seen(self, view: View) -> View:
        """The view with what is to be drawn in place of curves: of the present only, an earlier step is the run's."""
        if not self.shown or not view.live:
            return view
        together = self._together
        if together is None or together.comparing != view.comparing:
            own, *others = self._views.items()
            together = self._together = replace(own[1], lanes=dict(others), comparing=view.comparing)
        return replace(view, over_seeds=together)


def _others(old: Experiment, new: Experiment) -> set[str]:
    """The networks beside the run that are others now, or gone.

    What acts on the run acts on those that only set some of its fields otherwise: that makes them no others.
    """
    before, after = ({spec.name: spec for spec in each.lanes or ()} for each in (old, new))
    others = {name for name, spec in before.items() if after.get(name) != spec}
    if not others & after.keys():
        return others
    was, becomes = old.all_lanes(), new.all_lanes()
    return {
        name
        for name in others
        if name not in after or was[name] != becomes[name] or before[name].origin != after[name].origin
    }


def _alone(changes: LiveChanges) -> LiveChanges:
    """Of a network without those beside it."""
    began = changes.experiment
    return changes if began is None else with_fields(changes, experiment=with_fields(began, lanes=UNSET))


def _view(fan: Fan) -> View:
    """What plots draw: a run of its own to them, so that their axes begin anew."""
    run = next(RUNS)

    def with_run(frame: Frame) -> Frame:
        return with_fields(frame, info=with_fields(frame.info, run=run))

    fan = replace(fan, low=with_run(fan.low), median=with_run(fan.median), high=with_run(fan.high))
    return View(fan.median, fan.record, fan=fan)
