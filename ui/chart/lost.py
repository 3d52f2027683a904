"""What is not a number, in words: where it is, and since which step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.record.history import History
from ui.chart.legend import Note
from ui.style.numbers import integer

Since = tuple[int | None, ...]
"""Of each layer the first step of the unbroken time in which it is not finite; None where that is not known."""


def since_of(history: History, measure: str, values: Floats) -> Since:
    """What the history knows of the layers that are not finite now."""
    lost = ~np.isfinite(values)
    if not lost.any():
        return (None,) * len(values)
    names = [f"{measure}:{layer}" for layer in range(len(values))]
    return tuple(history.lost_since(n) if gone and n in history else None for n, gone in zip(names, lost, strict=True))


def layer_words(labels: Sequence[str], rows: NDArray[np.intp], what: str = "layer") -> str:
    """``layer 2``, ``layers 1, 3–12``, ``every layer``."""
    if len(rows) == len(labels) > 1:
        return f"every {what}"
    ends = [(run[0], run[-1]) for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)]
    names = [labels[a] if a == b else f"{labels[a]}{'–' if b > a + 1 else ', '}{labels[b]}" for a, b in ends]
    return f"{what}{'s' if len(rows) > 1 else ''} {', '.join(names)}"


def step_words(since: Sequence[int | None]) -> str:
    """``since step 32``, or where layers differ ``first at step 30``; empty where a step is not known."""
    known = [step for step in since if step is not None]
    if not known or len(known) < len(since):
        return ""
    return f"{'since' if len({*known}) == 1 else 'first at'} step {integer(min(known))}"


def lost_notes(values: Floats, defined: NDArray[np.bool_], labels: Sequence[str], since: Since = ()) -> list[Note]:
    """``NaN since step 32 in layers 3–12``; ``∞`` where it is that."""
    notes = []
    for word, lost in (("NaN", np.isnan(values)), ("∞", np.isinf(values))):
        rows = np.flatnonzero(lost & defined)
        if rows.size:
            when = step_words([since[row] for row in rows]) if since else ""
            where = layer_words(labels, rows)
            notes.append(Note(" ".join(filter(None, (word, when, "in", where))), warning=True))
    return notes
