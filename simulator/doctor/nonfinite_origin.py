"""Where NaN or Inf came in, in words, and since when."""

from __future__ import annotations

import math

import numpy as np

from simulator.doctor.evidence import Evidence
from simulator.doctor.phrases import number
from simulator.schema.numbers import count, integer
from simulator.system.text import capitalized

QUANTITIES = {
    "z": "z",
    "a": "activations",
    "delta": "error signal δ",
    "weight_gradient": "weight gradient",
    "update": "parameters, by the update,",
}
"""A quantity that may be the first that is not finite, as it is called behind a layer's name."""


def origin_of_nonfinite(evidence: Evidence, since: int) -> str:
    """``At step 0, going forward, 3 733 entries of layer 12's z became NaN or ∞ first; …``"""
    began, loss = evidence.frame.began, evidence.frame.scalars.get("loss", math.nan)
    if began is None:
        return f"The loss has been {number(loss)} since step {integer(since)}"
    row = [layer.label for layer in evidence.layers].index(began.layer)
    what = f"{count(began.entries, 'entry', 'entries')} of {evidence.name(row)}'s {QUANTITIES[began.quantity]}"
    first = f"at step {integer(began.step)}, going {began.direction}, {what} became NaN or ∞ first"
    # Squared, an error may overflow before the network does.
    lost = f"The loss has not been finite since step {integer(since)}"
    first = f"{lost}; {first}" if since < began.step else capitalized(first)
    now = int(np.nansum(evidence.frame.measures["nonfinite"]))
    return f"{first}; {count(now, 'entry', 'entries')} {'is' if now == 1 else 'are'} now" if now else first


def nonfinite_since(evidence: Evidence) -> int:
    """The exact step since which something has not been finite: buckets of the past know a range only."""
    holds = (np.nansum(evidence.past("nonfinite"), axis=1) > 0) | ~np.isfinite(evidence.past("loss"))
    bucket, began = evidence.since(holds), evidence.frame.began
    # It may have been finite again in between; and an update shows one step later.
    same = began is not None and bucket <= began.step + 1
    exact = [began.step if began is not None and same else None, evidence.history.lost_since("loss")]
    return min((step for step in exact if step is not None), default=bucket)
