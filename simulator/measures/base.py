"""What a measure is: one per-layer number with name, label, unit, formula and source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Array, Floats
from simulator.arrays.statistics import Moments, counts
from simulator.network.stack import Roles

Made = TypeVar("Made")
Side = Literal["forward", "backward", "update"]
SATURATION = 0.05
"""A unit is saturated where |φ'(z)| is below this share of sup|φ'|."""


class Reading:
    """A network at one step: norms and moments by role, (layers,) each, NaN where a layer has none."""

    def __init__(self, roles: Roles, batch: int, norm: Mapping[str, Floats], moments: Mapping[str, Moments]) -> None:
        self.roles, self.batch = roles, batch
        self.norm = norm
        """Frobenius norms of the roles in a measure's ``norms`` and ``moments``."""
        self.moments = moments
        """Of the roles in a measure's ``moments``."""
        self._made: dict[Callable[[Reading], Any], Any] = {}

    def once(self, make: Callable[[Reading], Made]) -> Made:
        """What ``make`` makes of it, made when it is first asked for."""
        if make not in self._made:
            self._made[make] = make(self)
        made: Made = self._made[make]
        return made

    @property
    def flat(self) -> list[_Flat]:
        """Of each stack of slopes."""
        return self.once(_flat)

    @property
    def flat_entries(self) -> Floats:
        """(layers,): how many entries are flat; NaN where they cannot be counted."""
        return self.once(_flat_entries)

    @property
    def uncounted(self) -> list[int]:
        """Layers with NaN among z or slopes, of whose entries no share is a number; ``a`` must be among the norms."""
        return self.once(_uncounted)


class _Flat(NamedTuple):
    """Where |φ'(z)| is below 5 % of its supremum, saturated entries, and of each layer how often."""

    entries: NDArray[np.bool_]
    counts: list[int]


def _flat(reading: Reading) -> list[_Flat]:
    found = []
    for stack in reading.roles["slope"].stacks:
        activation = reading.roles.taps[stack.layers[0]].activation
        assert activation is not None
        steepness: Array = stack.array if activation.monotone else np.abs(stack.array)
        flat = np.less(steepness, SATURATION * activation.sup_slope)
        found.append(_Flat(flat, counts(flat)))
    return found


def _flat_entries(reading: Reading) -> Floats:
    slope = reading.roles["slope"]
    entries = slope.sizes.copy()
    for where, flat in zip(slope.where, reading.flat, strict=True):
        entries[where] = flat.counts
    if reading.uncounted:
        entries[reading.uncounted] = np.nan
    return entries


def _uncounted(reading: Reading) -> list[int]:
    # A finite activation has z and slope that are numbers: these are looked at only where the norm tells of others.
    finite = np.isfinite(reading.norm["a"])
    if np.logical_and.reduce(finite):
        return []
    z, slope = reading.roles["z"], reading.roles["slope"]
    doubtful = np.flatnonzero(slope.present & z.present & ~finite).tolist()
    return [layer for layer in doubtful if _has_nan(z.arrays[layer]) or _has_nan(slope.arrays[layer])]


def _has_nan(array: Array | None) -> bool:
    return array is not None and bool(np.isnan(array).any())


class Measure:
    """One per-layer quantity.

    It is defined at layers that have all of its roles, but for :meth:`undefined`; a NaN there is a value.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    unit: ClassVar[str] = ""
    side: ClassVar[Side]
    formula: ClassVar[str]
    norms: ClassVar[tuple[str, ...]] = ()
    """Roles whose norms it reads; the first one's is its value unless :meth:`value` says otherwise."""
    moments: ClassVar[tuple[str, ...]] = ()
    """Roles whose moments it reads."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Roles without which it is not defined, where these are others than the ones it reads."""

    @property
    def roles(self) -> tuple[str, ...]:
        """Where all of these are, it is defined."""
        return self.needs or (*self.norms, *self.moments)

    def value(self, reading: Reading) -> Floats:
        """(layers,); NaN where it is not defined."""
        return reading.norm[self.norms[0]]

    def undefined(self, reading: Reading) -> NDArray[np.bool_] | None:
        """(layers,) where the value does not exist although the roles are there; None: nowhere."""
        return None
