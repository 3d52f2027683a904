"""A layer with a state, time step by time step."""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Array, Floats
from simulator.arrays.statistics import SAFE_SUMS, moments, norms

STEPS_SCALED_TOGETHER = 32
"""Time steps whose small gradients are scaled up at a time, so that they stay in the cache; the last is looked at."""


class TimeProfile(Struct, frozen=True):
    """A layer with a state, time step by time step; (steps,) each."""

    hidden_gradient_norm: Floats
    """RMS over the batch of ‖∂(sample loss)/∂h_t‖₂, through all later uses of h_t."""
    hidden_mean: Floats
    hidden_std: Floats
    """Mean and standard deviation of h_t over units and batch."""


def profile(hidden: Array, gradient: Array) -> Floats:
    """(3, steps) from h and ∂C/∂h (steps, units, batch): the rows of a :class:`TimeProfile`.

    With N samples in the batch a sample's own ∂loss/∂h_t is N ∂C/∂h_t; its RMS over the batch is √N ‖∂C/∂h_t‖.
    """
    spread = moments(hidden)
    return np.stack([gradient_norms(gradient), spread.mean, spread.std])


def gradient_norms(gradient: Array) -> Floats:
    """(steps,): RMS over the batch of ‖∂(sample loss)/∂h_t‖, from ∂C/∂h (steps, units, batch)."""
    safe = math.sqrt(SAFE_SUMS[gradient.dtype][0])
    faded, sizes = _faded(gradient, safe), np.empty(len(gradient))
    # The smallest normal number is lifted to where squares are safe. Powers of two change no digit.
    lift = math.ldexp(1.0, round(math.log2(safe / np.finfo(gradient.dtype).tiny)))
    for start in range(0, faded, STEPS_SCALED_TOGETHER):
        here = slice(start, min(start + STEPS_SCALED_TOGETHER, faded))
        with np.errstate(over="ignore", invalid="ignore"):
            sizes[here] = norms(gradient[here] * gradient.dtype.type(lift)) / lift
        if not np.isfinite(sizes[here]).all():
            sizes[here] = norms(gradient[here])  # Not all of them were small.
    if faded < len(gradient):
        sizes[faded:] = norms(gradient[faded:])
    return sizes * math.sqrt(gradient.shape[-1])


def _faded(gradient: Array, safe: float) -> int:
    """How many first steps come before the first of every ``STEPS_SCALED_TOGETHER``-th with an entry above ``safe``."""
    first = (len(gradient) - 1) % STEPS_SCALED_TOGETHER
    strong = np.greater(np.abs(gradient[first::STEPS_SCALED_TOGETHER]).max(axis=(1, 2), initial=0), safe)
    number = int(np.argmax(strong)) if strong.any() else len(strong)
    return max(0, first + 1 + (number - 1) * STEPS_SCALED_TOGETHER)
