"""Alike layers read as one: equal arrays, evenly spaced in memory, as one array (layers, units, samples).

What stands in one role at every layer (all activations, all weight gradients) falls into few stacks, whatever the
depth, and a measure is one call for each. Layers need to be alike in that role only: the activations of a first layer
with fewer inputs than the others stand in one stack with theirs. Between the layers of a stack others may lie.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import fields

import numpy as np
from msgspec import Struct
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from simulator.arrays.numeric import Array
from simulator.layers.base import Tap

_FIELDS = {field.name for field in fields(Tap)}


class Stack(Struct, frozen=True):
    """Equal arrays of several layers as one."""

    layers: NDArray[np.intp]
    """Which layers, in depth order."""
    array: Array
    """(layers, …), read-only."""


def together(layers: NDArray[np.intp]) -> NDArray[np.intp] | slice:
    """These, as a slice where they follow one another: an index takes longer."""
    told = layers.tolist()
    run = range(told[0], told[0] + len(told))
    return slice(run.start, run.stop) if told == list(run) else layers


class ArrayRole:
    """One array of every layer: ``arrays`` has None where a layer has none, ``stacks`` has all others."""

    def __init__(self, arrays: Sequence[Array | None], stacks: Sequence[Stack]) -> None:
        self.arrays, self.stacks = arrays, stacks
        self.where = [together(stack.layers) for stack in stacks]
        """Which layers each stack is of."""
        self.present = np.array([array is not None for array in arrays], bool)
        self.count = int(np.count_nonzero(self.present))
        """Layers that have one."""
        self.sizes = np.array([np.nan if array is None else array.size for array in arrays], np.float64)
        """Entries per layer; NaN where there is none."""


class Roles:
    """The roles of a network's taps by name: fields of a tap, or names among its extras."""

    def __init__(self, taps: Sequence[Tap]) -> None:
        self.taps = taps
        self._roles: dict[str, ArrayRole] = {}

    @property
    def depth(self) -> int:
        return len(self.taps)

    def __getitem__(self, name: str) -> ArrayRole:
        if name not in self._roles:
            self._roles[name] = self._role(name)
        return self._roles[name]

    def _role(self, name: str) -> ArrayRole:
        arrays = [getattr(tap, name) if name in _FIELDS else tap.extras.get(name) for tap in self.taps]
        # What a slope means depends on its activation.
        kinds = [tap.activation if name == "slope" else None for tap in self.taps]
        return ArrayRole(arrays, _stacks(arrays, kinds, [tap.info.label.partition(".")[2] for tap in self.taps]))


def _stacks(arrays: Sequence[Array | None], kinds: Sequence[Hashable], inner: Sequence[str]) -> list[Stack]:
    """Group equal arrays of one kind and one spacing in memory.

    Two ways are tried, and the one with fewer stacks is taken: any such arrays, and only those at the same place
    inside a composite layer, whose inner layers may be alike too but are spaced unevenly.
    """
    ways = (_grouped(arrays, kinds), _grouped(arrays, list(zip(kinds, inner, strict=True))))
    return [group.stack() for group in min(ways, key=len)]


def _grouped(arrays: Sequence[Array | None], kinds: Sequence[Hashable]) -> list[_Group]:
    groups: list[_Group] = []
    for layer, (array, kind) in enumerate(zip(arrays, kinds, strict=True)):
        if array is not None and not any(group.takes(layer, array, kind) for group in groups):
            groups.append(_Group(layer, array, kind))
    return groups


def evenly_spaced(arrays: Sequence[Array]) -> list[Stack]:
    """Equal arrays that lie evenly spaced as one, whatever they hold; of each stack ``layers`` are which ones.

    A stack keeps the first of its arrays alive: whoever reads it has the others.
    """
    return [group.stack() for group in _grouped(arrays, [None] * len(arrays))]


class _Group:
    """Layers of one stack, while they are being collected."""

    def __init__(self, layer: int, array: Array, kind: Hashable) -> None:
        self.layers, self.first, self.kind = [layer], array, kind
        self.last, self.step = _address(array), 0

    def takes(self, layer: int, array: Array, kind: Hashable) -> bool:
        """Take the layer if it goes on where this group ends; the second one sets the spacing."""
        if kind != self.kind or not _alike(array, self.first):
            return False
        address = _address(array)
        step = address - self.last
        if len(self.layers) > 1 and step != self.step:
            return False
        self.last, self.step = address, step
        self.layers.append(layer)
        return True

    def stack(self) -> Stack:
        first, depth = self.first, len(self.layers)
        array = as_strided(first, (depth, *first.shape), (self.step, *first.strides), writeable=False)
        return Stack(np.array(self.layers), array)


def _alike(one: Array, other: Array) -> bool:
    return one.shape == other.shape and one.strides == other.strides and one.dtype == other.dtype


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])
