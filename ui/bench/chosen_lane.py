"""Which of the networks that are trained beside each other the forms show and change: one of them, or all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from simulator.experiment.differences import IDENTICAL, differences_between
from simulator.experiment.differences import in_words as in_words_of_differences
from simulator.experiment.experiment import Experiment, ExperimentError, in_words
from simulator.experiment.labels import labels_of
from simulator.experiment.lane import OWN_NAME, LaneSpec, Origin
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.surgery import Surgery, TakeLane, Transplant
from ui.bench.bench import Bench
from ui.bench.document import Document

ONE_STACK = "this changes the stack itself, so choose the one network that it is about"
LETTERS = "BCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST = 4
"""Networks in the window: so many strokes can be told from each other."""
FULL = f"At most {MOST} networks are shown beside each other: let go of one first."
SettingsByPath = dict[str, Any]
"""Paths and values."""


class ChosenLane(QObject):
    """Shows one network of the document's, and turns what is proposed of it into a change of the document."""

    changed = Signal()
    """Another one is shown, or it is another now."""
    replaced = Signal()
    """Another one is shown."""

    def __init__(self, document: Document, parent: QObject | None = None, bench: Bench | None = None) -> None:
        """``bench`` knows how far they are trained, and by what; without one none can be operated on."""
        super().__init__(parent)
        self.document, self._bench = document, bench
        self.name = OWN_NAME
        self.all = False
        """Whether a change acts on every network."""
        document.changed.connect(lambda _old, _new: self._keep_up())
        document.opened.connect(lambda _experiment: self.choose(OWN_NAME))

    @property
    def experiment(self) -> Experiment:
        """What is shown."""
        return self.document.experiment.all_lanes()[self.name]

    @property
    def names(self) -> list[str]:
        return list(self.document.experiment.all_lanes())

    def _keep_up(self) -> None:
        """A network that has gone, by undo or by hand, is shown no more."""
        self.choose(self.name if self.name in self.names else OWN_NAME)

    def choose(self, name: str) -> None:
        before, self.name = self.name, name
        if name != before:
            self.replaced.emit()
        self.changed.emit()

    def choose_all(self, on: bool) -> None:
        """Whether changes act on every network from now on."""
        self.all = on
        self.changed.emit()

    @property
    def histories(self) -> tuple[LiveChanges, ...]:
        """What each network has been trained as, as far as that is known: the run, then the others in their order."""
        if self._bench is None:
            return ()
        records = {OWN_NAME: self._bench.record, **self._bench.lanes.records()}
        names = [OWN_NAME, *(spec.name for spec in self._specs)]
        return tuple(records[name].live_changes for name in names if name in records)

    def differs(self, name: str) -> str:
        """What a network has apart from the run, in words: what is set, and what was done by hand."""
        from simulator.running.branching import operations_until

        own, run = self.document.experiment.all_lanes()[name], self._run
        history, origin = self._history(name), self._origin(name)
        known = run if history is None else history
        step = 0 if self._bench is None else self._bench.step
        return self.apart(own, history, operations_until(origin) if origin else known.entries, step)

    def apart(
        self, experiment: Experiment, history: LiveChanges | None, operations: Sequence[LiveChange], step: int
    ) -> str:
        """The same of a network with these operations; where it is set as the run is, what was set until ``step``."""
        from simulator.running.branching import operations_apart

        own, run = self.document.experiment.all_lanes()[OWN_NAME], self._run
        words = in_words_of_differences(own, experiment)
        before = self._apart_before(history, experiment, step) if words == IDENTICAL and history is not None else []
        parts = [words] if words != IDENTICAL else ["identical now"] if before else []
        theirs, ours = operations_apart(operations, run.entries), operations_apart(run.entries, operations)
        return "; ".join([*parts, *before, *theirs, *(f"in {OWN_NAME} alone {each}" for each in ours)]) or IDENTICAL

    def _apart_before(self, history: LiveChanges, experiment: Experiment, step: int) -> list[str]:
        """What one that is set as the run is now had otherwise until ``step``; nothing where that is not known."""
        from simulator.running.branching import settings_apart

        own = self.document.experiment.all_lanes()[OWN_NAME]
        for known, present in ((self._run, own), (history, experiment)):
            last = known.experiment_at(step)
            # An edit that the worker has not taken yet may have begun another run.
            if last is None or differences_between(last, present):
                return []
        return settings_apart(self._run, history, step)

    @property
    def _run(self) -> LiveChanges:
        return LiveChanges() if self._bench is None else self._bench.record.live_changes

    def _history(self, name: str) -> LiveChanges | None:
        records = {} if self._bench is None else self._bench.lanes.records()
        return records[name].live_changes if name in records else None

    def _origin(self, name: str) -> Origin | UnsetType:
        return next((spec.origin for spec in self._specs if spec.name == name), UNSET)

    # -- changes ---------------------------------------------------------------------------------------------------

    def propose(
        self, builtins: Mapping[str, Any], description: str, merge_key: str | None = None, final: bool = True,
        back_to: int | None = None,
    ) -> str | None:  # fmt: skip
        """Take over what the forms propose for the network that is shown; the sentence of a refusal, if it is none."""
        experiment = self.document.experiment
        if not experiment.lanes:
            return self.document.propose(builtins, description, merge_key, final, back_to)
        try:
            after = self._after(experiment, replace(proposed_alone(builtins), lanes=UNSET, locks=experiment.locks))
        except ValueError as error:
            return in_words(error)
        named = description if self.name == OWN_NAME or self.all else f"{description} ({self.name})"
        return self.document.propose(after.to_builtins(), named, merge_key, final, back_to)

    def operate(self, builtins: Mapping[str, Any], description: str, surgery: Surgery) -> str | None:
        """Go on as what the forms propose with what an operation makes of the network that is shown, or of all.

        The sentence of a refusal, if it is one. Networks that it is not about stay what they are.
        """
        whole = self.document.experiment
        try:
            proposed = replace(proposed_alone(builtins), lanes=UNSET)
            after = replace(self._operated(whole, proposed, surgery), locks=whole.locks)
        except ValueError as error:
            return in_words(error)
        if self.name != OWN_NAME and not self.all:
            return self.document.propose(after.to_builtins(), f"{description} ({self.name})")
        return self.document.propose(after.to_builtins(), description, surgery=surgery)

    def _operated(self, whole: Experiment, proposed: Experiment, surgery: Surgery) -> Experiment:
        together = whole.all_lanes()
        after = self._all_after(together, proposed, surgery) if self.all else {self.name: proposed}
        base = after.get(OWN_NAME, together[OWN_NAME])
        lanes = [
            self._operated_lane(spec, surgery, after[spec.name])
            if spec.name in after
            else changed_spec(spec, base, together[spec.name])
            for spec in whole.lanes or ()
        ]
        return replace(base, lanes=tuple(lanes) or UNSET)

    def _all_after(
        self, together: Mapping[str, Experiment], proposed: Experiment, surgery: Surgery
    ) -> dict[str, Experiment]:  # fmt: skip
        """What each of them is then; ExperimentError where one cannot be operated on so."""
        settings = settings_between(self.experiment, proposed)
        if settings is None:
            raise ExperimentError(ONE_STACK)
        labels = () if isinstance(surgery, Transplant) else surgery.layers
        for name, experiment in together.items():
            if lacking := next((label for label in labels if label not in labels_of(experiment)), ""):
                raise ExperimentError(f"{name} has no layer {lacking}")
        return {name: each.unlocked.with_values(in_order(settings)) for name, each in together.items()}

    def _operated_lane(self, spec: LaneSpec, surgery: Surgery, after: Experiment) -> LaneSpec:
        """A lane beside the run as it is operated on at the step where it stands."""
        from simulator.running.branching import operated_lane

        bench = self._bench
        update = None if bench is None else bench.lanes.updates.get(spec.name)
        if bench is None or update is None or update.frame is None:
            raise ExperimentError(f"{spec.name} has not come to the run's step yet")
        # By the labels of another stack no layers are known.
        own = Transplant() if self.all and isinstance(surgery, Transplant) else surgery
        return operated_lane(spec, bench.lanes.record(spec.name).live_changes, update.frame.step, own, after)

    def _after(self, experiment: Experiment, proposed: Experiment) -> Experiment:
        lanes = experiment.lanes or ()
        if self.all:
            return self._everywhere(experiment, proposed)
        if self.name == OWN_NAME:
            return replace(proposed, lanes=lanes)
        base = replace(experiment, lanes=UNSET)
        changed = [changed_spec(each, base, proposed) if each.name == self.name else each for each in lanes]
        return replace(experiment, lanes=tuple(changed))

    def _everywhere(self, experiment: Experiment, proposed: Experiment) -> Experiment:
        """Every network changed as this one; where one cannot be, none is."""
        settings = settings_between(self.experiment, proposed)
        if settings is None:
            raise ExperimentError(ONE_STACK)
        base = replace(experiment, lanes=UNSET)
        changed = base.unlocked.with_values(in_order(settings))
        together = experiment.all_lanes()
        lanes = [
            changed_spec(each, changed, together[each.name].with_values(in_order(settings)))
            for each in experiment.lanes or ()
        ]
        return replace(changed, lanes=tuple(lanes), locks=experiment.locks)

    # -- networks --------------------------------------------------------------------------------------------------

    def add_twin(self, experiment: Experiment | None = None, name: str = "") -> str:
        """One more network, the same as the one that is shown unless another is given; what it is called."""
        called, own = self.free_name(name), next((spec for spec in self._specs if spec.name == self.name), None)
        spec = None if experiment is not None or own is None else once_more(own, called, self._history(self.name))
        if spec is None:  # The run, what another is made of, or a branch of which nothing is known yet.
            spec = spec_of(called, replace(self.document.experiment, lanes=UNSET), experiment or self.experiment)
        self.add(spec, f"Add lane {called}")
        return called

    def free_name(self, wanted: str = "") -> str:
        """What one more network may be called: as none that another is a branch of, either, gone or not."""
        names = [*self.names, *(spec.origin.parent for spec in self._specs if spec.origin)]
        return wanted if wanted and wanted not in names else next(each for each in LETTERS if each not in names)

    def add(self, spec: LaneSpec, description: str, *, shown: bool = True) -> str | None:
        """One more network, which is ``shown`` then; the sentence of a refusal, if it is one."""
        full = len(self.names) >= MOST
        reason = FULL if full else self._set_lanes([*self._specs, spec], description)
        if reason is None and shown:
            self.choose(spec.name)
        return reason

    def remove(self, name: str) -> None:
        self._set_lanes([each for each in self._specs if each.name != name], f"Remove lane {name}")

    def rename(self, name: str, after: str) -> str | None:
        """The sentence of a refusal, if it is one."""
        shown = self.name
        self.name = OWN_NAME
        lanes = [_renamed(each, name, after) for each in self._specs]
        reason = self._set_lanes(lanes, f"Rename lane {name}")
        self.choose(after if shown == name and reason is None else shown)
        return reason

    def keep(self, name: str) -> None:
        """Make a network the experiment, which goes on from where it stands, and let go of all others."""
        kept = self.document.experiment.all_lanes()[name]
        update = None if self._bench is None else self._bench.lanes.updates.get(name)
        taken = None if update is None or update.frame is None else TakeLane(name)
        self.choose(OWN_NAME)
        self.document.propose(kept.to_builtins(), f"Keep lane {name}", surgery=taken)

    def replay(self, name: str, changes: LiveChanges, description: str) -> str | None:
        """Train a lane anew with these changes, each in its step; the sentence of a refusal, if it is one."""
        from simulator.running.branching import replayed_lane

        try:
            lanes = [replayed_lane(each, changes) if each.name == name else each for each in self._specs]
        except ValueError as error:
            return in_words(error)
        return self._set_lanes(lanes, description)

    @property
    def _specs(self) -> tuple[LaneSpec, ...]:
        return self.document.experiment.lanes or ()

    def _set_lanes(self, lanes: Sequence[LaneSpec], description: str) -> str | None:
        after = replace(self.document.experiment, lanes=tuple(lanes) or UNSET)
        return self.document.propose(after.to_builtins(), description)


def _renamed(spec: LaneSpec, name: str, after: str) -> LaneSpec:
    """The lane, or a branch of it, where the lane is called otherwise."""
    origin = spec.origin
    if origin and origin.parent == name:
        origin = replace(origin, parent=after)
    return replace(spec, name=after if spec.name == name else spec.name, origin=origin)


def once_more(spec: LaneSpec, called: str, history: LiveChanges | None) -> LaneSpec | None:
    """A lane once more, which trains what that did; a branch, or one that was operated on, with all that has made it.

    None where that is not known.
    """
    from simulator.running.branching import replayed_lane

    if not spec.origin:
        return replace(spec, name=called)
    if history is None or history.experiment is None:
        return None
    return replayed_lane(replace(spec, name=called), history)


def proposed_alone(builtins: Mapping[str, Any]) -> Experiment:
    """What is proposed for one network; a lesson's locks are asked when it stands among the others again."""
    return Experiment.from_builtins({name: value for name, value in builtins.items() if name != "locks"})


def settings_between(base: Experiment, other: Experiment) -> SettingsByPath | None:
    """Paths and values that make ``base`` into ``other``; None where layers were put in or taken out."""
    settings: SettingsByPath = {}
    here = base = base.unlocked
    while apart := differences_between(here, other):
        new = {each.path: each.value for each in apart}
        if any(each.path.rpartition(".")[2].isdigit() for each in apart) or settings.keys() >= new.keys():
            return None
        settings |= new
        try:
            here = base.with_values(in_order(settings))
        except ExperimentError:
            return None
    return settings


def in_order(settings: SettingsByPath) -> list[tuple[str, Any]]:
    """Kinds first: they bring other fields."""
    return sorted(settings.items(), key=lambda item: not item[0].endswith(".kind"))


def changed_spec(spec: LaneSpec, base: Experiment, lane: Experiment) -> LaneSpec:
    """The lane as it is now; a branch says all that it trains itself."""
    if spec.origin:
        return replace(spec, set=None, experiment=lane.to_builtins())
    return spec_of(spec.name, base, lane)


def spec_of(name: str, base: Experiment, lane: Experiment) -> LaneSpec:
    """The lane as what it sets in the base, or as a whole experiment where that cannot be."""
    settings = settings_between(base, lane)
    if settings is not None:
        return LaneSpec(name=name, set=settings)
    return LaneSpec(name=name, experiment=lane.unlocked.to_builtins())
