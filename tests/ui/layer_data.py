"""What frames bring of layers with states, gates or images, made up: every layer has all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulator.arrays.histograms import Histograms
from simulator.arrays.numeric import Counts, Floats
from simulator.layers.recurrent.profile import TimeProfile
from simulator.measures.histograms import BINS
from simulator.observations.feature_maps import Maps
from simulator.observations.gates import Gates
from simulator.observations.time_profile import StateGradients
from simulator.record.past import Past
from simulator.training.run_info import RunInfo

TIMES = 12
Fill = Callable[[Floats], Floats]
"""Makes values zero, huge or lost."""


def profiles_of(depth: int, fill: Fill = lambda v: v, decades: float = 0.5) -> dict[str, TimeProfile]:
    """Layer i's gradient is 10^(−i) at the last time step and loses ``decades`` with every step back."""
    back = decades * np.arange(TIMES - 1, -1, -1)
    return {
        str(i + 1): TimeProfile(fill(np.power(10.0, -i - back)), fill(np.zeros(TIMES)), fill(np.ones(TIMES)))
        for i in range(depth)
    }


def past_of(info: RunInfo, steps: int, fill: Fill = lambda v: v) -> Past:
    """Looks at steps 0 … ``steps``."""
    made = Past(StateGradients(), StateGradients().subject(profiles_of(info.depth), info))
    for step in range(steps + 1):
        made.add(step, profiles_of(info.depth, fill, 0.5 + 0.01 * step), info)
    return made


def gates_of(depth: int, broken: bool, seed: int = 0) -> Gates:
    """One carry gate per layer; ``broken``: not a single finite value."""
    counts: Counts = np.zeros((depth, BINS), np.int64)
    if not broken:
        counts = np.random.default_rng(seed).integers(0, 50, (depth, BINS))
    edges = np.tile(np.linspace(0, 1, BINS + 1), (depth, 1))
    none = np.zeros(depth, np.int64)
    tails = Histograms(counts, edges, none + 640 * broken, none, none, none)
    names = tuple(str(i + 1) for i in range(depth))
    return Gates(names, ("carry",) * depth, tails, np.linspace(0, 1, depth))


def maps_of(depth: int, fill: Fill = lambda v: v, seed: int = 0) -> dict[str, Maps]:
    """Eight maps of 6 × 5, kernels of 3 × 3 over one input at the first layer and over two further up."""
    rng = np.random.default_rng(seed)
    return {
        str(i + 1): Maps(fill(rng.random((8, 6, 5))), fill(rng.normal(size=(8, 1 + (i > 0), 3, 3))), 8, 1 + (i > 0))
        for i in range(depth)
    }
