"""What was looked at of step 0 when nobody waited for it any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from simulator.observations.base import Observation, Observed


class FirstLooks(Struct, frozen=True):
    """What the first frame of a run left out for a hand that waited, told before the run goes on or is put aside."""

    run: int
    observations: Mapping[Observation[Any], Observed[Any]]
