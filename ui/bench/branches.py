"""Branches of a run: networks beside it that go on from one of its steps, and going over to one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UNSET, Struct
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment, ExperimentError, in_words
from simulator.experiment.lane import OWN_NAME, LaneSpec
from simulator.schema.numbers import integer
from simulator.training.live_change import LiveChanges
from simulator.training.surgery import TakeLane
from ui.bench.bench import Bench
from ui.bench.chosen_lane import ChosenLane, SettingsByPath, in_order


class Branch(Struct, frozen=True):
    """A network as the tree of branches shows it."""

    name: str
    parent: str
    """What it is a branch of; empty for the run and for what is of none."""
    begins: int
    """The step at which it begins."""
    step: int | None
    """Where it stands; None while it is not trained."""
    differs: str
    """From the run, in words."""
    refusal: str = ""
    """Why it is not trained."""


class Branches:
    """Makes, lists and walks them; each change is one edit of the document."""

    def __init__(self, bench: Bench, chosen: ChosenLane) -> None:
        self._bench, self._chosen = bench, chosen
        self._whole: Experiment | None = None
        self._histories: tuple[LiveChanges, ...] = ()
        """What was put into words last."""
        self._known: tuple[Branch, ...] = ()

    def __iter__(self) -> Iterator[Branch]:
        """The run, then all others in their order."""
        yield Branch(OWN_NAME, "", 0, self._bench.step, "the run")
        for described in self._described():
            update = self._bench.lanes.updates.get(described.name)
            frame = None if update is None else update.frame
            step, refusal = None if frame is None else frame.step, "" if update is None else update.refusal
            yield replace(described, step=step, refusal=refusal)

    def _described(self) -> tuple[Branch, ...]:
        """All but the run, as the document describes them; put into words once."""
        whole, histories = self._chosen.document.experiment, self._chosen.histories
        if whole is not self._whole or [*map(id, histories)] != [*map(id, self._histories)]:
            names = list(whole.all_lanes())
            self._whole, self._histories = whole, histories
            self._known = tuple(self._branch(spec, names) for spec in whole.lanes or ())
        return self._known

    def _branch(self, spec: LaneSpec, names: Sequence[str]) -> Branch:
        parent = spec.origin.parent if spec.origin else ""
        parent = parent if parent in names else ""
        begins = spec.origin.first_step if spec.origin else 0
        return Branch(spec.name, parent, begins, None, self._chosen.differs(spec.name))

    @property
    def shown_step(self) -> int:
        """The step that is seen, which may be an earlier one."""
        view = self._bench.shown.view
        return self._bench.step if view is None or view.live else view.frame.step

    def branch_here(self, step: int | None = None, settings: SettingsByPath | None = None, name: str = "") -> str:
        """One more network that goes on from a step of one, the step that is shown; why not, if not.

        It goes on as that did there, but for ``settings``; ``name`` is that of the network that the forms show, if not
        said.
        """
        if self._bench.refusal or self._bench.view is None:
            return "There is no run to branch: nothing is trained."
        here = min(self.shown_step if step is None else step, self._bench.step)
        try:
            spec = self._as_branch(self._chosen.free_name(), here, name or self._chosen.name, settings)
        except ValueError as error:
            return _sentence(in_words(error))
        of = f" of {spec.origin.parent}" if spec.origin and spec.origin.parent not in ("", OWN_NAME) else ""
        reason = self._chosen.add(spec, f"Branch{of} at step {integer(here)}")
        return _sentence(reason or "")

    def _as_branch(self, name: str, step: int, parent: str, settings: SettingsByPath | None = None) -> LaneSpec:
        """A network as one more beside it, as it was trained at that step."""
        from simulator.running.branching import origin_of

        changes, present = self._changes_of(parent), self._chosen.document.experiment.all_lanes()[parent]
        then = changes.experiment_at(step) if step < self._bench.step else present
        own = replace(then or present, lanes=UNSET).with_values(in_order(settings or {}))
        origin = origin_of(changes, step, self.parent_at(step, parent))
        return LaneSpec(name=name, experiment=own.to_builtins(), origin=origin)

    def parent_at(self, step: int, name: str = "") -> str:
        """Which network had the step that one goes on from, if not said that which the forms show; empty if gone."""
        name = name or self._chosen.name
        specs = {spec.name: spec for spec in self._chosen.document.experiment.lanes or ()}
        while name in specs and (origin := specs[name].origin) and step < origin.first_step:
            name = origin.parent if origin.parent in (*specs, OWN_NAME) else ""
        return name

    def _changes_of(self, name: str) -> LiveChanges:
        """What a network was trained as; ExperimentError while that is not known."""
        bench = self._bench
        from simulator.running.branching import changes_of_branch

        if name == OWN_NAME:
            return bench.record.live_changes
        update = bench.lanes.updates.get(name)
        if update is not None and update.frame is not None:
            return bench.lanes.record(name).live_changes
        whole = self._chosen.document.experiment
        (spec,) = (each for each in whole.lanes or () if each.name == name)
        if not spec.origin:
            raise ExperimentError(f"{name} has not come to the run's step yet")
        return changes_of_branch(spec.origin, whole.all_lanes()[name])

    def go_to(self, name: str) -> str:
        """Let the run go on as this network, from where it stands, and the run beside it; why not, if not."""
        update = self._bench.lanes.updates.get(name)
        if update is None or update.frame is None:
            return f"{name} is not trained yet, so the run cannot go on as it."
        whole = self._chosen.document.experiment
        step, wanted = self._bench.step, whole.all_lanes()[name]
        try:
            former = self._former(self._chosen.free_name(f"{OWN_NAME} until {integer(step)}"), step, name)
        except ValueError as error:
            return _sentence(in_words(error))
        others = [_whole(spec, whole) for spec in whole.lanes or () if spec.name != name]
        moved = [_child_of(spec, {name: OWN_NAME, OWN_NAME: former.name}) for spec in others]
        after = replace(wanted, lanes=(*moved, former))
        self._chosen.choose(OWN_NAME)
        surgery = TakeLane(name, former.name)
        reason = self._chosen.document.propose(after.to_builtins(), f"Go to {name}", surgery=surgery)
        return _sentence(reason or "")

    def _former(self, name: str, step: int, beside: str) -> LaneSpec:
        """The run, as it goes on beside a network that was beside it, from where their ways part."""
        specs = {spec.name: spec for spec in self._chosen.document.experiment.lanes or ()}
        spec, beside_origin = self._as_branch(name, step, OWN_NAME), specs[beside].origin
        assert spec.origin
        since = beside_origin.first_step if beside_origin else 0
        return replace(spec, origin=replace(spec.origin, since=since))

    def remove(self, name: str) -> None:
        """Let go of one; what has branched off from it stays whole."""
        self._chosen.remove(name)


def _whole(spec: LaneSpec, experiment: Experiment) -> LaneSpec:
    """With all that it trains said in itself, as another run is its base from now on."""
    return replace(spec, set=None, experiment=experiment.all_lanes()[spec.name].to_builtins())


def _child_of(spec: LaneSpec, names: dict[str, str]) -> LaneSpec:
    """With its parent called as it is now."""
    if not spec.origin:
        return spec
    return replace(spec, origin=replace(spec.origin, parent=names.get(spec.origin.parent, spec.origin.parent)))


def _sentence(text: str) -> str:
    return text and f"{text[:1].upper()}{text[1:].rstrip('.')}."
