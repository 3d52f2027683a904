"""Cells that are added where neighbours of a map differ most, so that a contour is found with fewer of them.

A square of the grid is halved along each axis on which there is something in between. A map of two axes needs no
further cells where its four corners hardly differ: a straight line between them is as good there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.experiment.experiment import ExperimentError
from simulator.maps.axes import DIGITS, Axis
from simulator.maps.making import Made
from simulator.maps.summary import Summary
from simulator.maps.sweep import Cell, Sweep, Values

SHARE = 0.35
"""Of the largest difference between neighbours, from which on a square is halved."""
Corner = tuple[float, ...]


def refined(sweep: Sweep, made: Iterable[Made], measure: str, passes: int = 1) -> list[Cell]:
    """Cells that are wanted besides those of the grid; of a later pass only once those of the earlier are made.

    It hangs on nothing but the cells that the pass before has made, so that a map that was killed comes to the same.
    """
    made = list(made)
    known = {each.cell.key for each in made}
    grid = {cell.key for cell in sweep.cells()}
    wanted: dict[str, Cell] = {}
    for level in range(passes):
        numbers = _numbers(sweep, [each for each in made if each.cell.key in grid | wanted.keys()], measure)
        added = {cell.key: cell for cell in _halved(sweep, numbers, 0.5**level)}
        wanted |= {key: cell for key, cell in added.items() if key not in grid}
        if not added.keys() <= known:
            break
    return list(wanted.values())


def _numbers(sweep: Sweep, made: Iterable[Made], measure: str) -> Mapping[Corner, float]:
    """Place → median, by its logarithm where that is shown; ∞ where it diverged."""
    summary = Summary(sweep, made)
    logarithmic = summary.logarithmic(measure)
    numbers: dict[Corner, float] = {}
    for at, place in summary.places.items():
        median = place.median(measure)
        if median is not None:
            numbers[at] = math.log(median) if logarithmic else median
        elif place.outcome(measure) == "diverged":
            numbers[at] = math.inf
    return numbers


def _halved(sweep: Sweep, numbers: Mapping[Corner, float], size: float) -> Iterator[Cell]:
    """The cells in the middle of those squares of this size, and of their sides, whose corners differ much."""
    between = [axis.numeric and len(axis.values) > 1 for axis in sweep.axes]
    lengths = (len(axis.values) - inner for axis, inner in zip(sweep.axes, between, strict=True))
    steps = (np.arange(0, length, size if inner else 1) for length, inner in zip(lengths, between, strict=True))
    places = itertools.product(*(step.tolist() for step in steps))
    squares = {tuple(map(float, corner)): _spread(numbers, corner, size, between) for corner in places}
    finite = [spread for spread in squares.values() if math.isfinite(spread)]
    least = SHARE * max(finite, default=0.0)
    ways = [(0.0, size / 2, size) if inner else (0.0,) for inner in between]
    for corner, spread in squares.items():
        if spread <= 0 or spread < least:
            continue
        for way in itertools.product(*ways):
            if size / 2 in way:
                yield from _cells(sweep, tuple(map(sum, zip(corner, way, strict=True))))


def _spread(numbers: Mapping[Corner, float], corner: Corner, size: float, between: list[bool]) -> float:
    """Between the least and the largest of a square's corners; 0 where too little is known of it.

    It has no width along an axis with nothing between two values.
    """
    ways = [(0.0, size) if inner else (0.0,) for inner in between]
    corners = [tuple(map(sum, zip(corner, way, strict=True))) for way in itertools.product(*ways)]
    known: Floats = np.array([numbers[each] for each in corners if each in numbers])
    if len(known) < len(corners):
        return 0.0
    lost = np.isinf(known)
    return math.inf if lost.any() and not lost.all() else 0.0 if lost.all() else float(np.ptp(known))


def _cells(sweep: Sweep, at: Corner) -> Iterator[Cell]:
    """Of all seeds; nothing where the axes have no value in between."""
    values = values_at(sweep, at)
    for number in range(sweep.seeds if values is not None else 0):
        assert values is not None
        yield Cell(values, sweep.experiment.seed + number)


def values_at(sweep: Sweep, at: Corner) -> Values | None:
    """The values at a place between those of the axes; None where there are none."""
    values = tuple(_between(axis, place) for axis, place in zip(sweep.axes, at, strict=True))
    try:
        sweep.trained(Cell(values, sweep.experiment.seed))
    except ExperimentError:
        whole = tuple(round(value) if isinstance(value, float) else value for value in values)
        taken = any(
            value in axis.values and not place.is_integer()
            for value, axis, place in zip(whole, sweep.axes, at, strict=True)
        )
        return None if taken or whole == values else whole
    return values


def _between(axis: Axis, place: float) -> object:
    low = math.floor(place)
    if place == low:
        return axis.values[low]
    first, second, share = axis.values[low], axis.values[low + 1], place - low
    value = first * (second / first) ** share if axis.log else first + (second - first) * share
    rounded = float(f"{value:.{DIGITS}g}")
    return int(rounded) if rounded.is_integer() else rounded
