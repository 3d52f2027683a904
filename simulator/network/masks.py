"""Whether two networks switch the same units off, each in its own layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.network.network import Network


def masks_apart(one: Network, other: Network) -> tuple[str, ...]:
    """Numbers of the layers in which both draw masks at the present step, but not the same ones.

    Each layer draws from the seed and its place, as many as it has entries: others come of another shape or seed.
    """
    pairs = zip(one.modules, other.modules, strict=False)
    return tuple(
        str(number)
        for number, (mine, its) in enumerate(pairs, 1)
        if _differ(*(list(_draws(module.state())) for module in (mine, its)))
    )


def _differ(mine: list[Any], its: list[Any]) -> bool:
    if not mine or not its:
        return False
    return len(mine) != len(its) or not all(map(np.array_equal, mine, its))


def _draws(state: Any) -> Any:
    """The arrays of draws in what layers remember, of inner layers one after the other."""
    if isinstance(state, np.ndarray):
        yield state
    elif isinstance(state, (list, tuple)):
        for each in state:
            yield from _draws(each)
    elif isinstance(state, dict):
        for each in state.values():
            yield from _draws(each)
