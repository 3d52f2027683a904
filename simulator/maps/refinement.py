"""Cells that are added where neighbours of a map differ most, so that a contour is found with half of the cells.

What may be added lies midway between two neighbours, or in the middle of four. Where ends hardly differ nothing is
needed in between: a straight line is as good there. Of the rest those come first whose ends differ most, and not more
than half of the grid that has all of them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping

from simulator.experiment.experiment import ExperimentError
from simulator.maps.axes import DIGITS, MapAxis
from simulator.maps.making import MadeCell
from simulator.maps.summary import Summary
from simulator.maps.sweep import MapCell, Sweep, SweepValues

LARGEST_WHOLE = 2**53
"""Up to which a float has all digits of a whole number."""
SHARE = 0.25
"""Of the largest difference between neighbours, below which nothing is added between them."""
Corner = tuple[float, ...]


def refined(sweep: Sweep, made: Iterable[MadeCell], measure: str, passes: int = 1) -> list[MapCell]:
    """Cells that are wanted besides those of the grid; of a later pass only once those of the earlier are made.

    It hangs on nothing but the cells that the pass before has made, so that a map that was killed comes to the same.
    """
    made = list(made)
    known = {each.cell.key for each in made}
    grid = {cell.key for cell in sweep.cells()}
    wanted: dict[str, MapCell] = {}
    placed: dict[str, Corner] = {}
    for level in range(passes):
        earlier = grid | wanted.keys()
        before = [each for each in made if each.cell.key in earlier]
        added = dict[str, MapCell]()
        for at, values in _chosen(sweep, _Mesh(sweep, _numbers(sweep, before, measure, placed), 0.5**level)):
            added |= {cell.key: cell for cell in _of_all_seeds(sweep, values)}
            placed.setdefault(repr(values), at)
        wanted |= {key: cell for key, cell in added.items() if key not in grid}
        if not added.keys() <= known:
            break
    return list(wanted.values())


def _numbers(
    sweep: Sweep, made: Iterable[MadeCell], measure: str, placed: Mapping[str, Corner]
) -> Mapping[Corner, float]:
    """Place → median, by its logarithm where that is shown; ∞ where it diverged, NaN where there is none.

    Of values that were rounded to whole numbers it is the place for which they were ``placed``.
    """
    summary = Summary(sweep, made)
    logarithmic = summary.logarithmic(measure)
    numbers: dict[Corner, float] = {}
    for at, place in summary.places.items():
        median = place.median(measure)
        if median is None:
            number = math.inf if place.outcome(measure) == "diverged" else math.nan
        else:
            number = math.log(median) if logarithmic else median
        numbers[placed.get(repr(place.values), at)] = number
    return numbers


class _Mesh:
    """The places of a map that are ``size`` apart, and what is known there."""

    def __init__(self, sweep: Sweep, numbers: Mapping[Corner, float], size: float) -> None:
        self._numbers, self._size = numbers, size
        self._lengths = [len(axis.values) for axis in sweep.axes]
        self._steps = [size if axis.numeric and len(axis.values) > 1 else 0.0 for axis in sweep.axes]
        """From one place to the next; 0 along an axis with nothing between two values."""

    def steepest(self) -> list[Corner]:
        """Places midway between those of the mesh where what is around them differs, those that differ most first."""
        gaps = {at: gap for at, gap in self._gaps() if gap > 0}
        least = SHARE * max((gap for gap in gaps.values() if math.isfinite(gap)), default=0.0)
        return sorted((at for at in gaps if gaps[at] >= least), key=lambda at: (-gaps[at], at))

    @property
    def room(self) -> int:
        """How many may be added: half of the finer grid at all, or a quarter of it where half are there already."""
        finer = math.prod(len(self._along(axis, step / 2)) for axis, step in enumerate(self._steps))
        room = finer // 2 - len(self._numbers)
        return room if room > 0 else max(finer // 4, 1)

    def _along(self, axis: int, step: float) -> list[float]:
        """The places of one axis, so far apart."""
        last = self._lengths[axis] - 1
        return [number * step for number in range(round(last / step) + 1)] if step else [*map(float, range(last + 1))]

    def _gaps(self) -> Iterator[tuple[Corner, float]]:
        """(midway, difference) of neighbours, and of four that lie around a middle."""
        ways = [way for way in itertools.product(*(dict.fromkeys((0.0, step)) for step in self._steps)) if any(way)]
        for corner in itertools.product(*(self._along(axis, step) for axis, step in enumerate(self._steps))):
            for way in ways:
                yield _moved(corner, [step / 2 for step in way]), self._difference(corner, way)

    def _difference(self, corner: Corner, way: Corner) -> float:
        """The largest between opposite corners of the box that a way spans; 0 where too little is known."""
        ends = [self._number(_moved(corner, offsets)) for offsets in itertools.product(*((0.0, step) for step in way))]
        return max(_gap(one, other) for one, other in zip(ends, reversed(ends), strict=True))

    def _number(self, at: Corner) -> float:
        """What is known at a place; where the pass before needed nothing there, the mean of what is around it."""
        if at in self._numbers or self._size == 1:
            return self._numbers.get(at, math.nan)
        midway = [step if step and (place / step) % 2 else 0.0 for place, step in zip(at, self._steps, strict=True)]
        around = [_moved(at, offsets) for offsets in itertools.product(*((-step, step) for step in midway))]
        return sum(self._numbers.get(each, math.nan) for each in around) / len(around)


def _moved(corner: Corner, offsets: Iterable[float]) -> Corner:
    return tuple(map(sum, zip(corner, offsets, strict=True)))


def _gap(one: float, other: float) -> float:
    """∞ between what has diverged and what has not; 0 where either is not known."""
    if math.isinf(one) or math.isinf(other):
        return 0.0 if one == other or math.isnan(one + other) else math.inf
    return 0.0 if math.isnan(one - other) else abs(one - other)


def _chosen(sweep: Sweep, mesh: _Mesh) -> Iterator[tuple[Corner, SweepValues]]:
    """Where cells are added, and what the axes have there."""
    tried = ((at, values_at(sweep, at)) for at in mesh.steepest())
    return itertools.islice(((at, values) for at, values in tried if values is not None), mesh.room)


def _of_all_seeds(sweep: Sweep, values: SweepValues) -> Iterator[MapCell]:
    return (MapCell(values, sweep.experiment.seed + number) for number in range(sweep.seeds))


def values_at(sweep: Sweep, at: Corner) -> SweepValues | None:
    """The values at a place between those of the axes, whole numbers where others cannot be; None where there are none.

    Only what lies between is rounded, and not to what the axis has already.
    """
    exact = [_between(axis, place) for axis, place in zip(sweep.axes, at, strict=True)]
    inner = [not place.is_integer() for place in at]
    for whole in itertools.product(*((False, True) if each else (False,) for each in inner)):
        values = tuple(_rounded(value) if rounds else value for value, rounds in zip(exact, whole, strict=True))
        known = (each and value in axis.values for each, value, axis in zip(inner, values, sweep.axes, strict=True))
        if not any(known) and _is_trained(sweep, values):
            return values
    return None


def _is_trained(sweep: Sweep, values: SweepValues) -> bool:
    try:
        sweep.trained(MapCell(values, sweep.experiment.seed))
    except ExperimentError:
        return False
    return True


def _rounded(value: object) -> object:
    return round(value) if isinstance(value, float) else value


def _between(axis: MapAxis, place: float) -> object:
    low = math.floor(place)
    if place == low:
        return axis.values[low]
    first, second, share = axis.values[low], axis.values[low + 1], place - low
    value = first * (second / first) ** share if axis.log else first + (second - first) * share
    rounded = float(f"{value:.{DIGITS}g}")
    # Above, a whole number would have digits that its value has not.
    return int(rounded) if rounded.is_integer() and abs(rounded) < LARGEST_WHOLE else rounded
