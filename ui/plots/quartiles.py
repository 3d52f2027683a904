"""States of a plot at the first and the third quartile of several seeds, beside their median."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, Self, TypeVar

T = TypeVar("T")


class OfSeeds(Protocol):
    """A state that may be the median of several seeds."""

    @property
    def quartiles(self) -> tuple[Self, Self] | None:
        """The first and the third, where it is."""


M = TypeVar("M", bound=OfSeeds)


def with_quartiles(states: Sequence[M]) -> list[M]:
    """Each state, and behind it those of its quartiles."""
    return [each for state in states for each in (state, *(state.quartiles or ()))]


def by_part(quartiles: tuple[T, T] | None) -> Iterator[tuple[str, T]]:
    """Each with what its columns are called: ``low`` the first, ``high`` the third."""
    yield from zip(("low", "high"), quartiles or (), strict=False)
