"""What an experiment's file says of the networks that are trained beside its own."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec

from simulator.schema.parameter import Spec, knob

OWN_NAME = "A"
"""What the experiment's own lane is called."""


class LaneSpec(Spec, frozen=True, kw_only=True):
    """One more network: the experiment with some fields set otherwise, or another experiment altogether."""

    name: Annotated[str, knob("name", "What the lane is called.", min_length=1, live=True)]
    set: Annotated[
        dict[str, Any] | None, knob("set", "Paths of the experiment's fields, and their values here.", live=True)
    ] = None
    experiment: Annotated[dict[str, Any] | None, knob("experiment", "Another experiment, whole.", live=True)] = None

    def __post_init__(self) -> None:
        # As a file would bring it: tuples are lists there.
        for name in ("set", "experiment"):
            msgspec.structs.force_setattr(self, name, json.loads(json.dumps(getattr(self, name))))

    def __hash__(self) -> int:
        return hash((self.name, json.dumps((self.set, self.experiment), sort_keys=True)))
