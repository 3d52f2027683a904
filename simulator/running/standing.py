"""Where one of several networks stands beside the others: what it has come to, and how soon it came to a loss."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from simulator.doctor.headline import gradient_ratio
from simulator.record.frame import Frame
from simulator.record.history import History

Steps = tuple[int, int]
"""The first and the last step of which one is meant: of a long past buckets of several steps are known."""


class Standing(Struct, frozen=True):
    """What a row of the verdict says; None is what is not known or not defined."""

    step: int
    loss: float | None
    accuracy: float | None
    gradient_ratio: float | None
    """‖∂C/∂W‖ of the first layer by that of the last."""
    scored_step: int | None
    """At which the scores on data held out were made."""
    validation_loss: float | None
    validation_accuracy: float | None
    reached: Steps | None
    """When the loss first came to the target."""
    seconds: float | None
    """What its steps until then take, without what is shown of them: their number by the mean time of one."""
    whole: bool = True
    """Whether all that is defined is known; else it is being computed again."""


def standing(
    frame: Frame, history: History, scored: Frame | None, step_seconds: float, target: float | None, *,
    whole: bool = True,
) -> Standing:  # fmt: skip
    """Of a network's ``frame`` and the past until there; ``step_seconds`` is 0 where that is not known.

    A frame that is not ``whole`` has what the record has of its step.
    """
    scores = {} if scored is None else scored.scalars
    reached = None if target is None else first_reached(history, target)
    known = reached is not None and step_seconds > 0
    return Standing(
        frame.step,
        frame.scalars.get("loss"),
        frame.scalars.get("accuracy"),
        gradient_ratio(frame) if frame.measures else None,
        None if scored is None else scored.step,
        scores.get("validation_loss"),
        scores.get("validation_accuracy"),
        reached,
        reached[1] * step_seconds if known and reached is not None else None,
        whole,
    )


def first_reached(history: History, target: float) -> Steps | None:
    """Between which steps the loss of a batch was at or below ``target`` for the first time; None: it never was."""
    series = history.series("loss")
    at = np.flatnonzero(series.low <= target)
    if not at.size:
        return None
    first = int(series.steps[at[0]])
    return first, min(first + series.stride - 1, history.end)


def least_loss(history: History) -> float | None:
    """The least loss of a batch until now; None while there is none that is finite."""
    lows = history.series("loss").low
    finite = lows[np.isfinite(lows)]
    return float(finite.min()) if finite.size else None
