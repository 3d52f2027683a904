"""What an experiment's file says of the networks that are trained beside its own."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec

from simulator.schema.parameter import Spec, knob

OWN_NAME = "A"
"""What the experiment's own lane is called."""


def as_in_a_file(plain: Any) -> Any:
    """As a file would bring it: tuples are lists there."""
    return json.loads(json.dumps(plain))


class Origin(Spec, frozen=True, kw_only=True):
    """Where a branch begins: a step of a run, with all that this was trained as until there."""

    step: Annotated[int, knob("step", "The step that it goes on from.", ge=0, live=True)]
    parent: Annotated[str, knob("parent", "What the lane was called that it is a branch of.", live=True)] = OWN_NAME
    experiment: Annotated[dict[str, Any], knob("experiment", "What that was trained as from step 0.", live=True)]
    changes: Annotated[
        dict[str, Any], knob("changes", "What was changed in it by hand until there, as a list of changes.", live=True)
    ]

    def __post_init__(self) -> None:
        for name in ("experiment", "changes"):
            msgspec.structs.force_setattr(self, name, as_in_a_file(getattr(self, name)))

    def __hash__(self) -> int:
        return hash((self.step, self.parent, json.dumps((self.experiment, self.changes), sort_keys=True)))


class LaneSpec(Spec, frozen=True, kw_only=True):
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

    def __hash__(self) -> int:
        return hash((self.name, json.dumps((self.set, self.experiment), sort_keys=True), self.origin))
