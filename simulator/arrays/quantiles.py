"""Median and quartiles of what several runs come to, number by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

import msgspec
import numpy as np

from simulator.arrays.numeric import Floats

SHARES = (0.25, 0.5, 0.75)
T = TypeVar("T")
Quartiles = tuple[T, T, T]
"""First quartile, median, third quartile."""


def quantiles(values: Floats) -> tuple[Floats, ...]:
    """Those of :data:`SHARES` along the first axis, between neighbours by a straight line; NaN is beyond all others.

    Source: Hyndman and Fan (1996), definition 7.
    """
    ordered = np.sort(values, axis=0)
    return tuple(_between(ordered, share * (len(values) - 1)) for share in SHARES)


def _between(ordered: Floats, at: float) -> Floats:
    below, above, part = ordered[int(np.floor(at))], ordered[int(np.ceil(at))], at % 1
    with np.errstate(invalid="ignore"):
        apart = np.where(below == above, 0.0, part * (above - below)) if part else np.zeros_like(below)
        return np.asarray(below + apart)


def quartiles_of(results: Sequence[T]) -> Quartiles[T]:
    """Of results of one form each real number by itself; what is no real number is the first's.

    ValueError where they are of several forms.
    """
    first = results[0]
    if isinstance(first, float):
        low, middle, high = (cast(T, float(part)) for part in quantiles(np.array(results, np.float64)))
    elif isinstance(first, np.ndarray) and first.dtype.kind == "f":
        low, middle, high = (cast(T, part) for part in quantiles(np.stack([np.asarray(each) for each in results])))
    else:
        low, middle, high = _of_parts(first, results)
    return low, middle, high


def _of_parts(first: T, results: Sequence[T]) -> Quartiles[T]:
    names = list(_names(first))
    if any(list(_names(each)) != names for each in results):
        raise ValueError("results of several forms have no median")
    parts = {name: quartiles_of([_part(each, name) for each in results]) for name in names}
    low, middle, high = (
        _with_parts(first, {name: each[place] for name, each in parts.items()}) for place in range(len(SHARES))
    )
    return low, middle, high


def _names(value: Any) -> Iterator[Any]:
    """Of its parts; of what has none, none."""
    if isinstance(value, Mapping):
        yield from value
    elif isinstance(value, tuple):
        yield from range(len(value))
    elif isinstance(value, msgspec.Struct):
        yield from value.__struct_fields__
    elif is_dataclass(value):
        yield from (each.name for each in fields(value))


def _part(value: Any, name: Any) -> Any:
    return value[name] if isinstance(value, Mapping | tuple) else getattr(value, name)


def _with_parts(value: Any, parts: Mapping[Any, Any]) -> Any:
    if isinstance(value, Mapping):
        return dict(parts)
    if isinstance(value, tuple):
        return tuple(parts.values())
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(value, **parts)
    return replace(value, **parts) if is_dataclass(value) and not isinstance(value, type) else value
