"""One step taken apart: what the present gradient does, what is left of earlier ones, what decays.

An update is linear in gradient and velocity once the squares are given, so the optimiser's own ``write`` gives each
term: of the gradient alone, of the velocity alone, of the parameters alone. Together they are the update.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.landscape.race import RacedPath


@dataclass(frozen=True)
class StepTerms:
    """The update from one place to the next, (2,) each."""

    place: Floats
    gradient: Floats
    """What the present gradient contributes."""
    velocity: Floats
    """What earlier gradients contribute."""
    decay: Floats
    """What shrinking the parameters contributes."""
    update: Floats
    preconditioner: Floats
    """By what each coordinate of the present gradient is multiplied: semi-axes of the ellipse that a circle becomes."""
    slope: Floats
    """The gradient itself."""


def step_terms(path: RacedPath, step: int) -> StepTerms | None:
    """The terms of the update after ``step`` updates; None where there is none, or it cannot be written again."""
    if step >= path.steps or not path.entry.optimizer.rewrites:
        return None
    zero, one = np.zeros(2), np.ones(2)
    place, gradient = path.places[step], path.gradients[step]
    with np.errstate(all="ignore"):
        return StepTerms(
            place, _written(path, step, gradient, gradient, zero), _written(path, step, _kept(path, step), zero, zero),
            _written(path, step, zero, zero, place), path.places[step + 1] - place,
            np.abs(_written(path, step, one, one, zero)), gradient,
        )  # fmt: skip


def _kept(path: RacedPath, step: int) -> Floats:
    """What the update keeps of the old velocity, (2,): the new one without the present gradient."""
    for role, slot in zip(path.entry.optimizer.roles, path.states[step + 1], strict=True):
        if role == "mean":
            return np.asarray(slot - path.gradients[step])
    return np.zeros(2)


def _written(path: RacedPath, step: int, mean: Floats, gradient: Floats, place: Floats) -> Floats:
    """The update as the optimiser writes it with this velocity, this gradient and these parameters."""
    rule, out = path.entry.optimizer, np.zeros(2)
    state = tuple(
        (mean if role == "mean" else slot).copy() for role, slot in zip(rule.roles, path.states[step + 1], strict=True)
    )
    rule.write(state, place.copy(), gradient.copy(), out, path.entry.rate(step), step + 1)
    return out
