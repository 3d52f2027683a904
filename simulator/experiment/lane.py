"""What an experiment's file says of the networks that are trained beside its own."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from simulator.data import AnyData, Data
from simulator.schema.parameter import Spec, builtins_of, knob, replaced
from simulator.schema.settings import in_order, keys_of
from simulator.system.json_text import as_in_a_file

OWN_NAME = "A"
"""What the experiment's own lane is called."""


class Origin(Spec, frozen=True, kw_only=True):
    """Where a branch begins: a step of a run, with all that this was trained as until there."""

    step: Annotated[int, knob("step", "The step that it goes on from.", ge=0, live=True)]
    parent: Annotated[
        str, knob("parent", "What the lane was called that it is a branch of; empty for none.", live=True)
    ] = OWN_NAME
    experiment: Annotated[dict[str, Any], knob("experiment", "What that was trained as from step 0.", live=True)]
    changes: Annotated[
        dict[str, Any], knob("changes", "What was changed in it by hand until there, as a list of changes.", live=True)
    ]
    since: Annotated[
        int | msgspec.UnsetType,
        knob("since", "The first step that is trained beside the run, if that is an earlier one.", live=True),
    ] = msgspec.UNSET

    @property
    def first_step(self) -> int:
        """The first step that is trained beside the run."""
        return self.step if self.since is msgspec.UNSET else max(0, min(self.since, self.step))

    def __post_init__(self) -> None:
        for name in ("experiment", "changes"):
            msgspec.structs.force_setattr(self, name, as_in_a_file(getattr(self, name)))

    def __hash__(self) -> int:
        return hash((self.step, self.since, self.parent, json.dumps((self.experiment, self.changes), sort_keys=True)))


def begin_alike(one: Origin | None, other: Origin | None) -> bool:
    """Whether two lanes begin as the same branch, or neither as one, whatever their parents are called."""
    if one is None or other is None:
        return one is other
    return one == msgspec.structs.replace(other, parent=one.parent)


class LaneSpec(Spec, frozen=True, kw_only=True, omit_defaults=True):
    """One more network: the experiment with some fields set otherwise, or another experiment altogether."""

    name: Annotated[str, knob("name", "What the lane is called.", min_length=1, live=True)]
    set: Annotated[
        dict[str, Any] | None, knob("set", "Paths of the experiment's fields, and their values here.", live=True)
    ] = None
    experiment: Annotated[dict[str, Any] | None, knob("experiment", "Another experiment, whole.", live=True)] = None
    origin: Annotated[
        Origin | msgspec.UnsetType, knob("origin", "Where it begins, if that is not step 0.", live=True, hidden=True)
    ] = msgspec.UNSET

    def __post_init__(self) -> None:
        for name in ("set", "experiment"):
            msgspec.structs.force_setattr(self, name, as_in_a_file(getattr(self, name)))

    def is_once_more(self, other: "LaneSpec") -> bool:
        """Whether both train the same, under two names."""
        alike = begin_alike(self.origin or None, other.origin or None)
        return alike and (self.set, self.experiment) == (other.set, other.experiment)

    def settings_beside(self, data: AnyData) -> list[tuple[str, Any]]:
        """What it sets, kinds first as they bring fields; another file is not known by the hash of ``data``."""
        given = self.set or {}
        settings = in_order(given.items())
        other = "data.path" in given and not given.keys() & {"data.hash", "data.kind"} and hasattr(data, "hash")
        return [*settings, ("data.hash", "")] if other else settings

    def __hash__(self) -> int:
        return hash((self.name, json.dumps((self.set, self.experiment), sort_keys=True), self.origin))


def moved_lane(lane: LaneSpec, data: AnyData, move: Callable[[AnyData], AnyData]) -> LaneSpec:
    """The lane of an experiment on ``data``, with the data of its own described as ``move`` says."""
    settings, experiment, origin = lane.set or {}, lane.experiment, lane.origin
    about_data = [each for each in lane.settings_beside(data) if each[0].partition(".")[0] == "data"]
    if experiment is not None:
        experiment = _with_data_moved(experiment, move)
    elif about_data:
        own = {"data": builtins_of(data)}
        for path, value in about_data:
            own = replaced(own, keys_of(path), value)
        if (after := _with_data_moved(own, move)) != own:
            settings = {**{path: settings[path] for path in settings.keys() - dict(about_data)}, **after}
    if origin:
        origin = msgspec.structs.replace(origin, experiment=_with_data_moved(origin.experiment, move))
    own_set = settings if lane.set else lane.set
    return msgspec.structs.replace(lane, set=own_set, experiment=experiment, origin=origin)


def _with_data_moved(plain: dict[str, Any], move: Callable[[AnyData], AnyData]) -> dict[str, Any]:
    """Plain values of an experiment, its data described as ``move`` says; what describes no data stays."""
    try:
        data: Data = msgspec.convert(plain.get("data"), AnyData)
    except msgspec.ValidationError:
        return plain
    moved = move(data)
    return plain if moved == data else {**plain, "data": builtins_of(moved)}
