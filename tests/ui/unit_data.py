"""A unit under the microscope, made up: the third of twenty in the first layer, which looks at an 8 × 8 image."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.observations.unit import Unit, WatchedUnit, unit_subject
from simulator.record.past import Past
from simulator.training.run_info import RunInfo
from tests.ui.layer_data import Fill

UNITS = 20


def unit_of(fill: Fill = lambda v: v, step: int = 0, *, active: float = 0.5, image: bool = True) -> Unit:
    rng = np.random.default_rng(step)
    low, mean, high, norm = np.sort(fill(rng.random(4))).tolist()
    actives = np.where(np.arange(UNITS) == 5, 0.0, 0.5)
    actives[2] = active
    return Unit(
        layer="1", index=2, mean=mean, low=low, high=high, active=active, saturated=1 - active, gradient_norm=norm,
        weights=fill(rng.normal(size=(64, 1))), image=(1, 8, 8) if image else (), means=fill(rng.random(UNITS)),
        actives=actives, saturations=np.linspace(0, 1, UNITS), drawn=True,
    )  # fmt: skip


def unit_past(units: Mapping[int, Unit], info: RunInfo) -> Past:
    """Looks at one unit, by their steps."""
    made = Past(WatchedUnit(), unit_subject(next(iter(units.values()))))
    for step, unit in units.items():
        made.add(step, unit, info)
    return made
