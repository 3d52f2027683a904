"""Alike neighbours read as one: the taps of equal layers, evenly spaced in memory, as arrays (layers, units, samples).

A measure is one call for a whole stack, whatever its depth; a layer that has no alike neighbour is a stack of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from simulator.activations import Activation
from simulator.layers.base import Tap
from simulator.numeric import Array


@dataclass(frozen=True)
class Stack:
    """The arrays of one or several taps with the layer as first axis; see :class:`simulator.layers.base.Tap`."""

    activation: Activation | None
    a: Array
    z: Array | None
    slope: Array | None
    delta: Array | None
    weights: Array | None
    weight_gradient: Array | None
    weight_update: Array | None
    bias_gradient: Array | None
    extras: Mapping[str, Array] = field(default_factory=dict)

    def array(self, name: str) -> Array:
        """The array of that name; (layers, 0) where these layers have none."""
        found: Array | None = getattr(self, name) if name in _ARRAYS else self.extras.get(name)
        return np.empty((self.depth, 0), self.a.dtype) if found is None else found

    @property
    def depth(self) -> int:
        return len(self.a)


_ARRAYS = [field.name for field in fields(Stack) if field.name not in ("activation", "extras")]


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def _arrays(tap: Tap) -> list[Array | None]:
    return [*(getattr(tap, name) for name in _ARRAYS), *tap.extras.values()]


def _steps(tap: Tap, following: Tap) -> list[int] | None:
    """Bytes from each array of one tap to the next one's; None where the two are not alike."""
    if tap.activation != following.activation or list(tap.extras) != list(following.extras):
        return None
    steps = []
    for one, other in zip(_arrays(tap), _arrays(following), strict=True):
        if one is None or other is None:
            if one is not other:
                return None
            steps.append(0)
            continue
        if one.shape != other.shape or one.strides != other.strides or one.dtype != other.dtype:
            return None
        steps.append(_address(other) - _address(one))
    return steps


def _stack(taps: Sequence[Tap], steps: list[int]) -> Stack:
    names = [*_ARRAYS, *taps[0].extras]
    arrays: dict[str, Any] = {
        name: None
        if first is None
        else as_strided(first, (len(taps), *first.shape), (step, *first.strides), writeable=False)
        for name, first, step in zip(names, _arrays(taps[0]), steps, strict=True)
    }
    extras = {name: arrays.pop(name) for name in taps[0].extras}
    return Stack(activation=taps[0].activation, extras=extras, **arrays)


def stacks(taps: Sequence[Tap]) -> list[Stack]:
    """Group neighbours in depth order; taps of one stack share one spacing in memory."""
    found: list[Stack] = []
    start = 0
    while start < len(taps):
        stop, steps = start + 1, [0] * len(_arrays(taps[start]))
        while stop < len(taps):
            following = _steps(taps[stop - 1], taps[stop])
            if following is None or (stop > start + 1 and following != steps):
                break
            steps, stop = following, stop + 1
        found.append(_stack(taps[start:stop], steps))
        start = stop
    return found
