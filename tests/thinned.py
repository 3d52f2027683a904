"""Products of cases of which the quick tests take a share and the slow ones the rest."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest


def thinned(
    *axes: Sequence[Any], share: int = 3, first: int = 0, name: Callable[[Any], str] = str
) -> list[Any]:  # fmt: skip
    """Every combination, one in ``share`` without the marker ``slow``; none of an axis' values is left out.

    A combination is quick where the sum of its places on the axes and of ``first`` is a multiple of ``share``, so that
    each value of an axis meets a part of those of another axis that has ``share`` values or more. Tests over the same
    axis with another ``first`` are quick with other values.
    """
    if not any(len(axis) >= share for axis in axes):
        raise ValueError("no axis is long enough to be thinned")
    return [
        pytest.param(
            *(value for _, value in places),
            marks=() if (first + sum(place for place, _ in places)) % share == 0 else pytest.mark.slow,
            id="-".join(name(value) for _, value in places),
        )
        for places in itertools.product(*map(enumerate, axes))
    ]
