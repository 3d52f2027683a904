"""What is looked at now and then, and of which a past is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Floats

if TYPE_CHECKING:
    from simulator.training.run_info import RunInfo

CAPACITY = 256
"""Columns of a past, usually."""
Merge = Callable[[Floats, Floats], Floats]
"""What stands for earlier and later values together; for a value and itself, that value."""


class Subject(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose values they are: where the next sample is of another subject, its past begins anew."""

    labels: tuple[str, ...] = ()
    """Of layers."""
    sizes: tuple[int, ...] = ()
    """What else tells subjects apart and decides the shape of their values."""


class Sampled(ABC):
    """Something that the record keeps a past of: what to take of a result, and what stands for two of them."""

    name: ClassVar[str]
    capacity: ClassVar[int] = CAPACITY
    """How many columns are kept, an even number; fewer where samples are large."""
    gaps: ClassVar[bool] = False
    """Whether nobody looked where a frame comes without it."""
    of_all_layers: ClassVar[bool] = False
    """Whether the last axis of its values has every layer, NaN where there is nothing of one."""
    conditions: ClassVar[tuple[str, ...]] = ("",)
    """In which its subject may be; the first is not worth a word."""

    @abstractmethod
    def subject(self, result: Any, info: RunInfo) -> Subject:
        """Whose result it is."""

    @abstractmethod
    def shape(self, subject: Subject) -> tuple[int, ...]:
        """Of what :meth:`sampled` gives for this subject; ValueError where it is none."""

    def largest(self, info: RunInfo) -> Subject:
        """The one with the largest samples of all that a run may have."""
        return Subject()

    @abstractmethod
    def sampled(self, result: Any, info: RunInfo) -> Floats:
        """The values that are kept of a result; NaN is a value."""

    @abstractmethod
    def merge(self, earlier: Floats, later: Floats) -> Floats:
        """What stands for both, (…, *shape); for a value and itself, that value."""

    def condition(self, result: Any) -> str:
        """How its subject is; where that turns, the step is kept."""
        return self.conditions[0]


def farther_from_zero(earlier: Floats, later: Floats) -> Floats:
    """The value of larger magnitude; a number before NaN."""
    keep = (np.abs(earlier) > np.abs(later)) | np.isnan(later)
    return np.where(keep, earlier, later)
