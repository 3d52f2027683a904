"""What came of a race, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from simulator.landscape.entry import Racer
from simulator.landscape.function import Objective
from simulator.landscape.landscape import Landscape
from simulator.landscape.race import RacedPath
from simulator.landscape.readings import base_of, curvature, no_limit, steps_to, turning_share
from simulator.schema.numbers import integer, number, percent


def lines(landscape: Landscape, objective: Objective, paths: Sequence[RacedPath]) -> Iterator[str]:
    """A sentence for each path."""
    for path in paths:
        reached = steps_to(path, base_of(landscape.function, objective), landscape.epsilon)
        turns = turning_share(path, path.steps)
        said = [
            f"f = {number(float(path.values[-1]))} after step {integer(path.steps)}",
            gauge_text(path.entry, objective, path.places[0], 0),
            reached_text(reached, bool(landscape.function.minima), landscape.epsilon),
            "" if math.isnan(turns) else f"{percent(turns)} of its last updates turn back",
        ]
        yield f"{path.entry.name}: {'; '.join(filter(None, said))}"


def gauge_text(entry: Racer, objective: Objective, place: Sequence[float] | np.ndarray, step: int) -> str:
    """``η·λ_max = 1.9 (limit 2)`` at a place."""
    gauge = entry.rate(step) * curvature(objective, (place[0], place[1])).largest
    reason = no_limit(entry.optimizer)
    limit = f"no limit, as {reason}" if reason else f"limit {number(entry.optimizer.stability_limit())}"
    return f"η·λ_max = {number(gauge)} ({limit})"


def reached_text(step: int | None, known: bool, epsilon: float) -> str:
    """When a path first came to the minimum or, where nobody knows it, to a flat place."""
    near = f"within {number(epsilon)} of the least f" if known else f"where the gradient is at most {number(epsilon)}"
    return f"never {near}" if step is None else f"{near} first at step {integer(step)}"
