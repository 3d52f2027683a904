"""What became of the unit that is watched."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.observations.unit import COLUMNS, Condition, Unit
from simulator.record.sampled_history import SampledHistory

_LOW, _HIGH = COLUMNS.index("low"), COLUMNS.index("high")
MOST_TURNS = 64


@dataclass(frozen=True)
class Turn:
    """A unit was seen in another condition than before."""

    condition: Condition
    step: int
    """The look that first saw it so."""
    after: int | None
    """The look before; None at the first."""


def _merged(earlier: Floats, later: Floats) -> Floats:
    """The later look, with the extremes of both."""
    found = later.copy()
    found[..., _LOW] = np.fmin(earlier[..., _LOW], later[..., _LOW])
    found[..., _HIGH] = np.fmax(earlier[..., _HIGH], later[..., _HIGH])
    return found


class UnitPast:
    """What became of the unit that is watched; it begins anew with every other unit."""

    def __init__(self, capacity: int = 256) -> None:
        self.capacity = capacity
        self.unit: Unit | None = None
        """The last look."""
        self._begin()

    def _begin(self) -> None:
        self.looks = SampledHistory((len(COLUMNS),), _merged, self.capacity)
        self._turns: deque[Turn] = deque(maxlen=MOST_TURNS)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """When it died, saturated or came back, in order; none for a unit that has been well all along."""
        return tuple(self._turns)

    def add(self, step: int, unit: Unit | None) -> None:
        """Take in one look; None: the step was seen without the unit."""
        if unit is None:
            self.looks.miss(step)
            return
        before = self.unit
        if before is not None and (before.layer, before.index, before.means.size) != (
            unit.layer, unit.index, unit.means.size,
        ):  # fmt: skip
            self._begin()
            before = None
        known = "alive" if before is None else before.condition
        if unit.condition != known:
            self._turns.append(Turn(unit.condition, step, None if before is None else self.looks.end))
        self.looks.add(step, unit.row)
        self.unit = unit
