"""What is read off a race: η λ_max against its limit, the condition number, how much a path turns back, steps to ε."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.landscape.entry import UpdateRule
from simulator.landscape.function import Function, Objective, Point
from simulator.landscape.race import RacedPath

LAST = 20
"""Updates that the share of turns is of."""


@dataclass(frozen=True)
class Curvature:
    """The eigenvalues of the Hessian at a place."""

    smallest: float
    largest: float

    @property
    def condition(self) -> float:
        """λ_max / λ_min; NaN where the Hessian has not two positive eigenvalues: there is no ravine there."""
        return self.largest / self.smallest if self.smallest > 0 else math.nan


def curvature(objective: Objective, place: Point) -> Curvature:
    """λ = (f_xx + f_yy)/2 ± √(((f_xx − f_yy)/2)² + f_xy²)"""
    with np.errstate(all="ignore"):
        xx, xy, yy = (float(entry) for entry in objective.hessian(np.float64(place[0]), np.float64(place[1])))
    middle, apart = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    return Curvature(middle - apart, middle + apart)


def no_limit(rule: UpdateRule) -> str:
    """Why η λ_max has no limit for this rule; ``""`` where it has one."""
    return "it rescales the gradient" if math.isnan(rule.stability_limit()) else ""


def turning_share(path: RacedPath, step: int) -> float:
    """Share of the last 20 updates up to ``step`` that go against the one before; NaN before the second."""
    places = path.places[max(step - LAST - 1, 0) : step + 1]
    if len(places) < 3:
        return math.nan
    with np.errstate(all="ignore"):
        updates = places[1:] - places[:-1]
        along = (updates[1:] * updates[:-1]).sum(axis=1)
    return math.nan if np.isnan(along).any() else float((along < 0).mean())


def steps_to(path: RacedPath, base: float | None, epsilon: float) -> int | None:
    """First step at which f is no more than ε above ``base``, its lowest minimum; None where that is not reached.

    Where nobody knows the minimum, the first at which the norm of the gradient is at most ε.
    """
    with np.errstate(all="ignore"):
        slopes = np.hypot(path.gradients[:, 0], path.gradients[:, 1])
        near = slopes <= epsilon if base is None else path.values - base <= epsilon
    return int(near.argmax()) if near.any() else None


def base_of(function: Function, objective: Objective) -> float | None:
    """f at the lowest minimum, if that is known."""
    if not function.minima:
        return None
    x, y = function.minima[0]
    return float(objective.value(np.float64(x), np.float64(y)))
