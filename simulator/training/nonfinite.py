"""Where NaN and Inf came into a run: the first quantity that is not finite, in the order of computation.

Forward z and a layer by layer, the inner layers of a composite before its own, the output last; backward from the
output δ and ∂W (biases with it); then the update. An update that leaves parameters that are not finite is the first
even where it is finite itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Array
from simulator.arrays.statistics import nonfinite
from simulator.layers.base import Block, Module, Tap
from simulator.network.network import Network


class Began(Struct, frozen=True):
    """The first quantity of a run that was not finite, in the order of computation."""

    layer: str
    """Label."""
    quantity: Literal["z", "a", "delta", "weight_gradient", "update"]
    """Of a layer: a loss may overflow before any of them."""
    direction: Literal["forward", "backward"]
    step: int
    """The present one when it was computed; of an update the one that it was made at."""
    entries: int
    """How many of it were not finite."""


class LostState(Struct, frozen=True):
    """Entries of the optimiser's state that are not finite: a parameter whose mean square is infinite stands still."""

    entries: int
    step: int
    """The one whose update first left any."""


HARMLESS_SHARE = 1e-4
"""Share of the root of the largest number below which no gradient's square, however many are summed, overflows."""
Labelled = Iterable[tuple[str, Array | None]]
"""Arrays with the labels of their layers."""


class Known(NamedTuple):
    """What of a run is not finite."""

    began: Began | None = None
    lost_state: LostState | None = None


FINITE = Known()


class Watch:
    """Looks out for NaN and Inf at every step: for next to nothing while all is finite.

    What it sees of a step holds for the run when the step is made: until then its update may change.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.harmless = HARMLESS_SHARE * math.sqrt(np.finfo(network.dtype).max)
        self.present = self.kept = FINITE
        """At the measured step, and before it."""

    def examine(self, step: int, finite: bool, gradient_norm: float, slots: Sequence[Array]) -> None:
        """``finite``: whether all that is measured of the step is."""
        began, state = self.kept
        if began is None and not finite:
            began = first_nonfinite(self.network, step)
        if state is not None or not gradient_norm < self.harmless:
            state = _lost_state(slots, step if state is None else state.step)
        self.present = Known(began, state)

    def commit(self) -> None:
        self.kept = self.present

    def forget_state(self) -> None:
        """The optimiser starts anew."""
        self.kept = Known(self.kept.began)


def _lost_state(slots: Iterable[Array], step: int) -> LostState | None:
    entries = sum(nonfinite(slot) for slot in slots)
    return LostState(entries, step) if entries else None


def first_nonfinite(network: Network, step: int) -> Began | None:
    """What was first, at this step or by the update before it; None where all is finite."""
    blocks = list(_owned(network))
    updated = _first((label, block.value) for label, block in blocks) if step else None
    if updated is not None:
        return Began(updated[0], "update", "backward", step - 1, updated[1])
    return _forward(network.taps, step) or _backward(network.taps, blocks, step)


def _forward(taps: Sequence[Tap], step: int) -> Began | None:
    for tap in taps:
        if tap.z is not None and (lost := nonfinite(tap.z)):
            return Began(tap.info.label, "z", "forward", step, lost)
        if lost := nonfinite(tap.a):
            return Began(tap.info.label, "a", "forward", step, lost)
    return None


def _backward(taps: Sequence[Tap], blocks: Sequence[tuple[str, Block]], step: int) -> Began | None:
    for tap in reversed(taps):
        label = tap.info.label
        if tap.delta is not None and (lost := nonfinite(tap.delta)):
            return Began(label, "delta", "backward", step, lost)
        # What a layer shows may be made of what it trains, as under weight normalisation.
        own = [tap.weight_gradient, *(block.gradient for owner, block in blocks if owner == label)]
        if (lost_gradient := _first((label, array) for array in own)) is not None:
            return Began(label, "weight_gradient", "backward", step, lost_gradient[1])
    changed = _first((label, block.update) for label, block in blocks)
    return None if changed is None else Began(changed[0], "update", "backward", step, changed[1])


def _first(arrays: Labelled) -> tuple[str, int] | None:
    """Label of the first array with entries that are not finite, and how many."""
    counts = ((label, nonfinite(array)) for label, array in arrays if array is not None)
    return next((pair for pair in counts if pair[1]), None)


def _owned(network: Network) -> Iterator[tuple[str, Block]]:
    """Every block with the label of the layer that it belongs to, in depth order."""
    for module in network.modules:
        yield from _of_module(module)
    yield from ((network.output.info.label, block) for block in network.output.blocks())


def _of_module(module: Module) -> Iterator[tuple[str, Block]]:
    inner = [owned for child in module.children() for owned in _of_module(child)]
    yield from inner
    known = {id(block) for _, block in inner}
    yield from ((module.info.label, block) for block in module.blocks() if id(block) not in known)
