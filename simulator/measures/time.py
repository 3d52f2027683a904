"""What is measured at every time step of a layer with a state."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from simulator.frame import Floats, TimeProfile
from simulator.layers.base import Module
from simulator.layers.through_time import ThroughTimeModule
from simulator.measures.statistics import SAFE, moments, norms
from simulator.numeric import Array

LIFTED = 32
"""Time steps whose faint gradients are lifted at a time, so that they stay in the cache; the last is looked at."""


def profile(hidden: Array, gradient: Array) -> Floats:
    """(3, steps) from h and ∂C/∂h (steps, units, batch): the rows of a :class:`TimeProfile`.

    With N samples in the batch a sample's own ∂loss/∂h_t is N ∂C/∂h_t; its RMS over the batch is √N ‖∂C/∂h_t‖.
    """
    spread = moments(hidden)
    return np.stack([gradient_norms(gradient), spread.mean, spread.std])


def gradient_norms(gradient: Array) -> Floats:
    """(steps,): RMS over the batch of ‖∂(sample loss)/∂h_t‖, from ∂C/∂h (steps, units, batch)."""
    faint = math.sqrt(SAFE[gradient.dtype][0])
    faded, found = _faded(gradient, faint), np.empty(len(gradient))
    # The smallest normal number is lifted to where faint ends. Powers of two change no digit.
    lift = math.ldexp(1.0, round(math.log2(faint / np.finfo(gradient.dtype).tiny)))
    for start in range(0, faded, LIFTED):
        here = slice(start, min(start + LIFTED, faded))
        with np.errstate(over="ignore", invalid="ignore"):
            found[here] = norms(gradient[here] * gradient.dtype.type(lift)) / lift
        if not np.isfinite(found[here]).all():
            found[here] = norms(gradient[here])  # Not all of them were faint.
    if faded < len(gradient):
        found[faded:] = norms(gradient[faded:])
    return found * math.sqrt(gradient.shape[-1])


def _faded(gradient: Array, faint: float) -> int:
    """How many first steps come before the first of the looked at steps that squares better than ``faint``."""
    first = (len(gradient) - 1) % LIFTED
    strong = np.greater(np.abs(gradient[first::LIFTED]).max(axis=(1, 2), initial=0), faint)
    number = int(np.argmax(strong)) if strong.any() else len(strong)
    return max(0, first + 1 + (number - 1) * LIFTED)


def time_profiles(modules: Sequence[Module]) -> dict[str, TimeProfile]:
    """Label → profile of every layer with a state, inner ones too."""
    return {module.info.label: module.through_time() for module in _recurrent(modules)}


def _recurrent(modules: Sequence[Module]) -> Iterator[ThroughTimeModule]:
    for module in modules:
        if isinstance(module, ThroughTimeModule):
            yield module
        yield from _recurrent(module.children())
