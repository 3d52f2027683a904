"""Which plots are on the board, in which order, which of them share a place, and how many columns each place takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

MOST_COLUMNS = 12
"""More than any board has."""


class CardPlace(Struct, frozen=True):
    """One plot, or several behind tabs."""

    keys: tuple[str, ...]
    current: int = 0
    """The tab that is in front."""
    columns: int = 1
    """How many columns it takes where there are so many."""

    @property
    def key(self) -> str:
        """Of the plot in front."""
        return self.keys[self.current]

    def without(self, key: str) -> CardPlace | None:
        """With this plot taken out; None where it was the only one."""
        keys = tuple(other for other in self.keys if other != key)
        if not keys:
            return None
        front = keys.index(self.key) if self.key in keys else min(self.current, len(keys) - 1)
        return replace(self, keys=keys, current=front)


class Arrangement(Struct, frozen=True):
    """The places in reading order. Whatever is changed gives another arrangement."""

    places: tuple[CardPlace, ...] = ()

    @classmethod
    def of(cls, *places: str | Sequence[str]) -> Arrangement:
        """Each place by the key of its plot, or by those of its tabs."""
        keys = ((place,) if isinstance(place, str) else tuple(place) for place in places)
        return cls(tuple(CardPlace(each) for each in keys))

    @property
    def keys(self) -> tuple[str, ...]:
        """Of all plots, those behind tabs too."""
        return tuple(key for place in self.places for key in place.keys)

    def index(self, key: str) -> int:
        """Of the place that holds a plot; KeyError where none does."""
        for index, place in enumerate(self.places):
            if key in place.keys:
                return index
        raise KeyError(key)

    def raised(self, key: str) -> Arrangement:
        """With this plot in front of its tabs."""
        return self._changed(key, lambda place: replace(place, current=place.keys.index(key)))

    def spanned(self, key: str, columns: int) -> Arrangement:
        """With the place of this plot so many columns wide."""
        width = max(1, min(columns, MOST_COLUMNS))
        return self._changed(key, lambda place: replace(place, columns=width))

    def shown(self, key: str) -> Arrangement:
        """With this plot in front: in its place, or in a new one at the end."""
        if key in self.keys:
            return self.raised(key)
        return Arrangement((*self.places, CardPlace((key,))))

    def closed(self, key: str) -> Arrangement:
        """Without this plot."""
        places = (place.without(key) if key in place.keys else place for place in self.places)
        return Arrangement(tuple(place for place in places if place is not None))

    def moved(self, key: str, to: int) -> Arrangement:
        """With the whole place of this plot before the one that is at ``to`` now; at the end beyond the last."""
        start = self.index(key)
        others = [*self.places[:start], *self.places[start + 1 :]]
        others.insert(max(0, to - (to > start)), self.places[start])
        return Arrangement(tuple(others))

    def joined(self, key: str, other: str) -> Arrangement:
        """With all plots of the place of ``key`` as further tabs beside ``other``, ``key`` in front."""
        start, target = self.index(key), self.index(other)
        if start == target:
            return self.raised(key)
        keys = (*self.places[target].keys, *self.places[start].keys)
        place = replace(self.places[target], keys=keys, current=keys.index(key))
        places = (place if index == target else each for index, each in enumerate(self.places) if index != start)
        return Arrangement(tuple(places))

    def apart(self, key: str) -> Arrangement:
        """With this plot out of its tabs, in a place of its own after them."""
        index = self.index(key)
        rest = self.places[index].without(key)
        if rest is None:
            return self
        return Arrangement((*self.places[:index], rest, CardPlace((key,)), *self.places[index + 1 :]))

    def known(self, is_known: Callable[[str], bool]) -> Arrangement:
        """Without plots that there are no longer."""
        left = self
        for key in [key for key in self.keys if not is_known(key)]:
            left = left.closed(key)
        return left

    def _changed(self, key: str, change: Callable[[CardPlace], CardPlace]) -> Arrangement:
        return Arrangement(tuple(change(place) if key in place.keys else place for place in self.places))

    # -- as it is stored -----------------------------------------------------------------------------------------

    def to_builtins(self) -> list[dict[str, Any]]:
        return [{"plots": list(p.keys), "front": p.current, "columns": p.columns} for p in self.places]

    @classmethod
    def from_builtins(cls, plain: object) -> Arrangement:
        """What :meth:`to_builtins` gave; ValueError for anything else."""
        if not isinstance(plain, list):
            raise ValueError("an arrangement is a list of places")
        places = tuple(_place(each) for each in plain)
        arrangement = cls(places)
        if len(set(arrangement.keys)) != len(arrangement.keys):
            raise ValueError("a plot has one place only")
        return arrangement


def _place(plain: object) -> CardPlace:
    if not isinstance(plain, dict):
        raise ValueError("a place is a mapping")
    keys, front, columns = plain.get("plots"), plain.get("front", 0), plain.get("columns", 1)
    if not isinstance(keys, list) or not keys or not _all(keys, str):
        raise ValueError("a place names its plots")
    if not _all((front, columns), int) or not 0 <= front < len(keys) or not 1 <= columns <= MOST_COLUMNS:
        raise ValueError("a place has a tab in front and a number of columns")
    return CardPlace(tuple(keys), front, columns)


def _all(values: Iterable[object], kind: type) -> bool:
    return all(isinstance(value, kind) and not isinstance(value, bool) for value in values)
