"""Fair timing: competitors take turns in one run, and what is told are medians and quartiles of ratios."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Work = Callable[[int], None]
"""Does so many steps."""
Clock = Callable[[], float]
PROCESSOR = "processor time"
"""The clock of work on one thread: what else the machine has to do does not count."""


@dataclass(frozen=True)
class Prepared:
    """A work that begins each time from the same place; what bringing it there takes is not its own."""

    prepare: Callable[[], None]
    work: Work

    def __call__(self, steps: int) -> None:
        self.work(steps)


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of repeated measurements."""

    low: float
    median: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        low, median, high = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
        return cls(low, median, high, len(values))

    def text(self, digits: int = 2) -> str:
        """``1.25 (1.23–1.28)``"""
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}–{self.high:.{digits}f})"

    def plain(self) -> dict[str, float]:
        return {"low": self.low, "median": self.median, "high": self.high, "count": self.count}


class Timed:
    """Seconds per step of each competitor, one entry per round."""

    def __init__(self, seconds: Mapping[str, Sequence[float]]) -> None:
        self.seconds = seconds

    @classmethod
    def joined(cls, parts: Sequence[Mapping[str, Sequence[float]]]) -> Timed:
        """The rounds of several runs as one's."""
        return cls({name: [seconds for part in parts for seconds in part[name]] for name in parts[0]})

    def with_sum(self, name: str, parts: Sequence[str]) -> Timed:
        """One more, whose time in each round is what the parts took in it together."""
        together = [sum(seconds) for seconds in zip(*(self.seconds[part] for part in parts), strict=True)]
        return Timed({**self.seconds, name: together})

    def spread(self, name: str, scale: float = 1.0) -> Spread:
        return Spread.of([value * scale for value in self.seconds[name]])

    def ratio(self, name: str, base: str) -> Spread:
        """Of times taken in the same round."""
        pairs = zip(self.seconds[name], self.seconds[base], strict=True)
        return Spread.of([one / other for one, other in pairs])

    def plain(self) -> dict[str, Any]:
        """Microseconds per step."""
        return {name: self.spread(name, 1e6).plain() for name in self.seconds}


def seconds_of(work: Work, steps: int, clock: Clock = time.process_time) -> float:
    """Seconds per step, of a work that comes to it warm as all others do; never 0, however coarse the clock."""
    if isinstance(work, Prepared):
        work.prepare()
    work(1)
    start = clock()
    work(steps)
    return max(clock() - start, 1e-9) / steps


def interleaved(
    works: Mapping[str, Work], rounds: int, block_seconds: float, clock: Clock = time.process_time
) -> Timed:
    """Time every competitor ``rounds`` times in turns, each for about ``block_seconds``; the order alternates."""
    steps = {name: max(1, round(block_seconds / seconds_of(work, 2, clock))) for name, work in works.items()}
    found: dict[str, list[float]] = {name: [] for name in works}
    names = list(works)
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            found[name].append(seconds_of(works[name], steps[name], clock))
    return Timed(found)


def against(timed: Timed, name: str) -> dict[str, Any]:
    """Milliseconds per step as plain data, and what they are of ``limit``'s and of the peer's, which is ``torch``."""
    bases = [base for base in ("limit", "torch") if base in timed.seconds]
    ratios = {f"over_{base}": timed.ratio(name, base).plain() for base in bases}
    return {"ms": timed.spread(name, 1e3).plain()} | ratios


def told(found: Mapping[str, Any], digits: int = 2) -> list[str]:
    """What :func:`against` found as three cells."""
    ratio = Spread(**found["over_torch"]).text() if "over_torch" in found else "not installed"
    return [Spread(**found["ms"]).text(digits), Spread(**found["over_limit"]).text(), ratio]
