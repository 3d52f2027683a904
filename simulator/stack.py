"""Alike layers read as one: the taps of equal layers, evenly spaced in memory, as arrays (layers, units, samples).

A measure is one call for a whole stack, whatever its depth; a layer that has none like it is a stack of one. Between
the layers of one stack others may lie: the blocks of a residual net are one stack, their inner layers others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from simulator.activations import Activation
from simulator.layers.base import Tap
from simulator.numeric import Array


@dataclass(frozen=True)
class Stack:
    """The arrays of one or several taps with the layer as first axis; see :class:`simulator.layers.base.Tap`."""

    rows: NDArray[np.intp]
    """Which taps, in depth order, it holds."""
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


_ARRAYS = [field.name for field in fields(Stack) if field.name not in ("rows", "activation", "extras")]


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


class _Group:
    """Rows of taps of one spacing, while they are being collected."""

    def __init__(self, rows: list[int]) -> None:
        self.rows = rows
        self.steps: list[int] | None = None

    def takes(self, taps: Sequence[Tap], tap: Tap) -> bool:
        """Whether the tap goes on where this group ends; the second one sets the spacing."""
        steps = _steps(taps[self.rows[-1]], tap)
        if steps is None or self.steps not in (None, steps):
            return False
        self.steps = steps
        return True


def _stack(taps: Sequence[Tap], group: _Group) -> Stack:
    tap = taps[group.rows[0]]
    names = [*_ARRAYS, *tap.extras]
    steps = group.steps or [0] * len(names)
    arrays: dict[str, Any] = {
        name: None
        if first is None
        else as_strided(first, (len(group.rows), *first.shape), (step, *first.strides), writeable=False)
        for name, first, step in zip(names, _arrays(tap), steps, strict=True)
    }
    extras = {name: arrays.pop(name) for name in tap.extras}
    return Stack(rows=np.array(group.rows), activation=tap.activation, extras=extras, **arrays)


def stacks(taps: Sequence[Tap]) -> list[Stack]:
    """Group alike taps; those of one stack share one spacing in memory.

    Two ways are tried, and the one with fewer stacks is taken: any alike taps, and only those at the same place
    inside a composite layer, whose inner layers may be alike too but are spaced unevenly.
    """
    ways = (_grouped(taps, [""] * len(taps)), _grouped(taps, [tap.info.label.partition(".")[2] for tap in taps]))
    return [_stack(taps, group) for group in min(ways, key=len)]


def _grouped(taps: Sequence[Tap], inner: Sequence[str]) -> list[_Group]:
    groups: list[_Group] = []
    for row, tap in enumerate(taps):
        home = next((group for group in groups if inner[group.rows[0]] == inner[row] and group.takes(taps, tap)), None)
        if home is None:
            groups.append(_Group([row]))
        else:
            home.rows.append(row)
    return groups


def depth_order(stacks: Sequence[Stack]) -> NDArray[np.intp]:
    """Where each layer, in depth order, stands among the layers of all stacks one after the other."""
    return np.argsort(np.concatenate([stack.rows for stack in stacks]))
