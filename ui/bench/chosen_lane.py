"""Which of the networks that are trained beside each other the forms show and change: one of them, or all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from simulator.experiment.differences import differences_between
from simulator.experiment.experiment import Experiment, ExperimentError, in_words
from simulator.experiment.lane import OWN_NAME, LaneSpec
from simulator.training.surgery import Surgery
from ui.bench.document import Document

LETTERS = "BCDEFGHIJKLMNOPQRSTUVWXYZ"
Settings = dict[str, Any]
"""Paths and values."""


class ChosenLane(QObject):
    """Shows one network of the document's, and turns what is proposed of it into a change of the document."""

    changed = Signal()
    """Another one is shown, or it is another now."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
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
        if self.name not in self.names:
            self.name = OWN_NAME
        self.changed.emit()

    def choose(self, name: str) -> None:
        self.name = name
        self.changed.emit()

    def choose_all(self, on: bool) -> None:
        """Whether changes act on every network from now on."""
        self.all = on
        self.changed.emit()

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
            after = self._after(experiment, replace(Experiment.from_builtins(dict(builtins)), lanes=UNSET))
        except ValueError as error:
            return in_words(error)
        named = description if self.name == OWN_NAME or self.all else f"{description} ({self.name})"
        return self.document.propose(after.to_builtins(), named, merge_key, final, back_to)

    def operate(self, builtins: Mapping[str, Any], description: str, surgery: Surgery) -> str | None:
        """Go on as what the forms propose with what an operation makes of the running network; why not, if not."""
        if self.name != OWN_NAME or self.all:
            return f"Only {OWN_NAME} alone can be operated on: choose it, and not all."
        whole = self.document.experiment
        try:
            after = replace(Experiment.from_builtins(dict(builtins)), lanes=whole.lanes)
        except ValueError as error:
            return in_words(error)
        return self.document.propose(after.to_builtins(), description, surgery=surgery)

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
            raise ExperimentError("this changes the stack itself, so choose the one network that it is about")
        base = replace(experiment, lanes=UNSET)
        changed = base.with_values(in_order(settings))
        together = experiment.all_lanes()
        lanes = [
            changed_spec(each, changed, together[each.name].with_values(in_order(settings)))
            for each in experiment.lanes or ()
        ]
        return replace(changed, lanes=tuple(lanes))

    # -- networks --------------------------------------------------------------------------------------------------

    def add_twin(self, experiment: Experiment | None = None, name: str = "") -> str:
        """One more network, the same as the one that is shown unless another is given; what it is called."""
        called = self.free_name(name)
        spec = spec_of(called, replace(self.document.experiment, lanes=UNSET), experiment or self.experiment)
        self.add(spec, f"Add lane {called}")
        return called

    def add_lane(self, spec: LaneSpec) -> str | None:
        """One more network, as it is described; the sentence of a refusal, if it is one."""
        return self._set_lanes([*self._specs, spec], f"Add lane {spec.name}")

    def free_name(self, wanted: str = "") -> str:
        """What one more network may be called."""
        names = self.names
        return wanted if wanted and wanted not in names else next(each for each in LETTERS if each not in names)

    def add(self, spec: LaneSpec, description: str) -> str | None:
        """One more network, which is shown then; the sentence of a refusal, if it is one."""
        reason = self._set_lanes([*self._specs, spec], description)
        if reason is None:
            self.choose(spec.name)
        return reason

    def remove(self, name: str) -> None:
        self._set_lanes([each for each in self._specs if each.name != name], f"Remove lane {name}")

    def rename(self, name: str, after: str) -> str | None:
        """The sentence of a refusal, if it is one."""
        shown = self.name
        self.name = OWN_NAME
        lanes = [replace(each, name=after) if each.name == name else each for each in self._specs]
        reason = self._set_lanes(lanes, f"Rename lane {name}")
        self.choose(after if shown == name and reason is None else shown)
        return reason

    def keep(self, name: str) -> None:
        """Make a network the experiment, and let go of all others."""
        kept = self.document.experiment.all_lanes()[name]
        self.name = OWN_NAME
        self.document.propose(kept.to_builtins(), f"Keep lane {name}")

    @property
    def _specs(self) -> tuple[LaneSpec, ...]:
        return self.document.experiment.lanes or ()

    def _set_lanes(self, lanes: Sequence[LaneSpec], description: str) -> str | None:
        after = replace(self.document.experiment, lanes=tuple(lanes) or UNSET)
        return self.document.propose(after.to_builtins(), description)


def settings_between(base: Experiment, other: Experiment) -> Settings | None:
    """Paths and values that make ``base`` into ``other``; None where layers were put in or taken out."""
    settings: Settings = {}
    here = base
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


def in_order(settings: Settings) -> list[tuple[str, Any]]:
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
    return LaneSpec(name=name, experiment=lane.to_builtins())
