"""The edges of a linear axis: a value far beyond the others stands there, marked, and is told in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from ui.chart.legend import Note
from ui.chart.marks import ABOVE, BELOW, LOST, ROUND, Dots
from ui.chart.ranges import MOST, Range, StepRange
from ui.style.numbers import count, number

FLATTENING = 1e4
"""A value so many times the median of its series would make one line of all others."""
PREFIXES = 16


def _sizes(series: Floats) -> Floats:
    sizes = np.abs(series[np.isfinite(series)])
    return np.asarray(sizes[sizes > 0])


def _median(sizes: Floats) -> float:
    """Halved before they are added: the largest floats have no sum."""
    middle = np.sort(sizes)[[(len(sizes) - 1) // 2, len(sizes) // 2]]
    return float((0.5 * middle).sum())


def reach_of(series: Floats) -> float:
    """The largest magnitude that a linear axis shows: 10⁴ times the median magnitude of what is neither 0 nor lost."""
    sizes = _sizes(series)
    return min(FLATTENING * _median(sizes), MOST) if sizes.size else MOST


def fitting(parts: Iterable[Floats], reach: float = MOST) -> Range:
    """Smallest and largest of all values within ±``reach``; NaN, NaN if there is none."""
    ends = []
    for part in parts:
        inside = part[np.abs(part) <= reach]
        if inside.size:
            ends += [float(inside.min()), float(inside.max())]
    return (min(ends), max(ends)) if ends else (float("nan"), float("nan"))


class SharedRange(StepRange):
    """The range of a linear axis that shows the values of several networks."""

    def __init__(self, *, always: Range | None = None) -> None:
        super().__init__(always=always)
        self._leaves_out = False

    def fit_networks(self, networks: Sequence[tuple[Floats, Sequence[Floats]]]) -> Range:
        """Fit to what is to be seen of each network; the series that tells its size is given before.

        A network whose median magnitude is 10⁴ times the least of the others, and of 1, is left out, as it would make
        a line of each of them; no other reaches farther than the least of them and 10⁴. What vanishes is a line.
        """
        reaches = [reach_of(series) if _sizes(series).size else None for series, _ in networks]
        known = [reach for reach in reaches if reach is not None] or [MOST]
        shared = max(min(known), min(max(known), FLATTENING))
        most = FLATTENING * max(shared, FLATTENING)
        near = [parts for (_, parts), reach in zip(networks, reaches, strict=True) if reach is None or reach <= most]
        before, self._leaves_out = self._leaves_out, len(near) < len(networks)
        if self._leaves_out and not before:
            self.renew()
        return self.fit(*fitting((part for parts in near for part in parts), shared))


def stands_out(series: Floats) -> bool:
    """Whether a value of this past stood 10⁴ times above the median of what was known at some time.

    So it stays true when what stood out has become the rule.
    """
    sizes = _sizes(series)
    if not sizes.size or sizes.max() <= FLATTENING * float(sizes.min()):
        return False
    ends = {-(-len(sizes) * part // PREFIXES) for part in range(1, PREFIXES + 1)}
    highest = np.maximum.accumulate(sizes)
    return any(_far_above(float(highest[end - 1]), sizes[:end]) for end in ends)


def _far_above(highest: float, sizes: Floats) -> bool:
    """Whether the highest of these stands so; where fewer than half are as small as that asks, no median is."""
    small = int(np.count_nonzero(sizes <= 2 * highest / FLATTENING))
    return 2 * small >= len(sizes) and highest > FLATTENING * _median(sizes)


def drawn_within(values: Floats, shown: Range) -> tuple[Floats, NDArray[np.int8]]:
    """Heights and kinds of marks: what lies beyond ``shown`` stands at its edge, what is not finite becomes a gap."""
    kinds = np.full(values.shape, ROUND, np.int8)
    inside = (values >= shown[0]) & (values <= shown[1])
    if inside.all():
        return values, kinds
    known = np.isfinite(values)
    kinds[values > shown[1]] = ABOVE
    kinds[values < shown[0]] = BELOW
    kinds[~known] = LOST
    return np.where(known, np.clip(values, *shown), np.nan), kinds


def beyond_notes(values: Floats, shown: Range, what: str) -> list[Note]:
    """``2 layers beyond the axis, as far as 3.2·10⁹``."""
    beyond = values[np.isfinite(values) & ((values > shown[1]) | (values < shown[0]))]
    if not beyond.size:
        return []
    return [beyond_note(len(beyond), what, float(beyond[np.abs(beyond).argmax()]))]


def beyond_note(many: int, what: str, farthest: float) -> Note:
    return Note(f"{count(many, what)} beyond the axis, as far as {number(farthest)}", warning=True)


def beyond_dots(key: str, x: Floats, values: Floats, shown: Range, colour: str) -> Dots:
    """Marks at the edges of a pane where values over time lie beyond them."""
    beyond = np.isfinite(values) & ((values > shown[1]) | (values < shown[0]))
    return Dots(key, x[beyond], *drawn_within(values[beyond], shown), colours=(colour,), radius=3.0)
