"""The words that findings share."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.arrays.trace import Factor
from simulator.doctor.evidence import Balance, Evidence
from simulator.schema import numbers

BLAMED_DECADES = 1.0
"""Decades on the whole way back, from which on a factor is blamed for anything."""
AS_GOOD_AS_GUESSING = 0.05
"""Share of what guessing scores, by which a loss may differ from it and be as good."""
SUBJECTS: dict[Factor, str] = {
    "weights": "the weights",
    "normalization": "the normalisation",
    "slope": "the slopes",
    "dropout": "dropout",
    "skip": "the skips",
    "gate": "the gates",
    "pooling": "pooling",
    "time": "the steps through time",
}
_SINGULAR = frozenset({"normalization", "dropout", "pooling"})


def number(value: float) -> str:
    """What was measured: as everywhere, but that what is shown as 0 is nothing else."""
    return "exactly 0" if value == 0 else numbers.number(value)


def times(ratio: float) -> str:
    """``138 times`` or ``0.02 of``, to stand before what it is a multiple of."""
    return f"{number(ratio)} times" if ratio > 1 or ratio == 0 else f"{number(ratio)} of"


def risen(now: float, start: float) -> str:
    """``8.2, which is 4.1 times what it was at the start``"""
    then = f"which is {number(now / start)} times what it was" if start else "where it was 0"
    return f"{number(now)}, {then} at the start"


def listed(evidence: Evidence, rows: Sequence[int]) -> str:
    """``layer 3``, ``layers 1 to 4``, ``layers 1, 2 and 5``, ``11 layers from 1 to 40``."""
    if len(rows) == 1:
        return evidence.name(rows[0])
    labels = evidence.labels(rows)
    if list(rows) == list(range(rows[0], rows[-1] + 1)) and len(rows) > 2:
        return f"layers {labels[0]} to {labels[-1]}"
    if len(rows) > 4:
        return f"{len(rows)} layers from {labels[0]} to {labels[-1]}"
    return f"layers {', '.join(labels[:-1])} and {labels[-1]}"


def blame(way_back: Balance | None, sign: int) -> tuple[str, str]:
    """(responsible factor, what it does in words); empty where nothing is."""
    culprit = way_back.culprit(sign) if way_back is not None else None
    if way_back is not None and way_back.end is not None and sign < 0 and (culprit is None or culprit[1] > -1):
        return way_back.end, f"{_does(way_back.end, 'lose')} it altogether"
    if culprit is None or abs(culprit[1]) < BLAMED_DECADES:
        return "", ""
    factor, decades = culprit
    rest = ", until nothing is left" if way_back is not None and way_back.end is not None and sign < 0 else ""
    does = _does(factor, "lose" if sign < 0 else "add")
    return factor, f"{does} {numbers.amount(abs(decades), 'decade')} on the way back{rest}"


def _does(factor: Factor, verb: str) -> str:
    return f"{SUBJECTS[factor]} {verb}{'s' if factor in _SINGULAR else ''}"


def joined(sentence: str, why: str) -> str:
    return f"{sentence}: {why}." if why else f"{sentence}."


def beside_guessing(loss: float, guessing: float) -> str:
    """``the loss has lately been 2.31, as good as a constant guess``"""
    alike = abs(loss - guessing) <= AS_GOOD_AS_GUESSING * guessing
    beside = "as good as a constant guess" if alike else f"where a constant guess scores {number(guessing)}"
    return f"the loss has lately been {number(loss)}, {beside}"
