"""What is measured at every time step of a layer with a state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.layers.base import Module
from simulator.layers.recurrent.loop import ThroughTimeModule
from simulator.layers.recurrent.profile import TimeProfile


def time_profiles(modules: Sequence[Module]) -> dict[str, TimeProfile]:
    """Label → profile of every layer with a state, inner ones too."""
    return {module.info.label: module.through_time() for module in _recurrent(modules)}


def _recurrent(modules: Sequence[Module]) -> Iterator[ThroughTimeModule]:
    for module in modules:
        if isinstance(module, ThroughTimeModule):
            yield module
        yield from _recurrent(module.children())
