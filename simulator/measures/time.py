"""What is measured at every time step of a layer with a state."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from simulator.frame import Floats, TimeProfile
from simulator.layers.base import Module
from simulator.layers.through_time import ThroughTimeModule
from simulator.measures.statistics import moments, norms
from simulator.numeric import Array

LIFTED = 16
"""Time steps whose faint gradients are lifted at a time: they stay in the cache."""


def profile(hidden: Array, gradient: Array) -> Floats:
    """(3, steps) from h and ∂C/∂h (steps, units, batch): the rows of a :class:`TimeProfile`.

    With N samples in the batch a sample's own ∂loss/∂h_t is N ∂C/∂h_t; its RMS over the batch is √N ‖∂C/∂h_t‖.
    """
    spread = moments(hidden)
    return np.stack([gradient_norms(gradient), spread.mean, spread.std])


def gradient_norms(gradient: Array) -> Floats:
    """(steps,): RMS over the batch of ‖∂(sample loss)/∂h_t‖, from ∂C/∂h (steps, units, batch)."""
    faded, found = _faded(gradient), np.empty(len(gradient))
    # Powers of two change no digit.
    lift = 1 / math.sqrt(np.finfo(gradient.dtype).tiny)
    for start in range(0, faded, LIFTED):
        here = slice(start, min(start + LIFTED, faded))
        found[here] = norms(gradient[here] * gradient.dtype.type(lift)) / lift
        if not np.isfinite(found[here]).all():
            found[here] = norms(gradient[here])  # Other units were not faint at all.
    if faded < len(gradient):
        found[faded:] = norms(gradient[faded:])
    return found * math.sqrt(gradient.shape[-1])


def _faded(gradient: Array) -> int:
    """How many first steps have, by a few of their units, a gradient too faint to be squared in its own precision."""
    few = np.abs(gradient[:, :: -(-gradient.shape[1] // 4)])
    strong = np.greater(few.max(axis=(1, 2), initial=0), math.sqrt(np.finfo(gradient.dtype).tiny))
    return int(np.argmax(strong)) if strong.any() else len(gradient)


def time_profiles(modules: Sequence[Module]) -> dict[str, TimeProfile]:
    """Label → profile of every layer with a state, inner ones too."""
    return {module.info.label: module.through_time() for module in _recurrent(modules)}


def _recurrent(modules: Sequence[Module]) -> Iterator[ThroughTimeModule]:
    for module in modules:
        if isinstance(module, ThroughTimeModule):
            yield module
        yield from _recurrent(module.children())
