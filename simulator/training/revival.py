"""Bringing units back to life: new incoming weights for them, all others as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from simulator.layers.base import Entries, Module
from simulator.network.network import Network


def revive(network: Network, label: str, units: Sequence[int], seed: int) -> list[Entries]:
    """Draw the weights that come into ``units`` as the layer's were drawn at first, from the streams of ``seed``.

    Biases become 0, scale and shift of a normalisation 1 and 0. The network must have run forward. Gives the
    parameters that have changed; ValueError for a layer or a unit that cannot be drawn anew.
    """
    module = units_of(network, label, units)
    drawn, norms = module.unit_entries(units), module.unit_norms(units)
    if not drawn:
        raise ValueError(f"the units of layer {label} have no weights of their own")
    before = [block.value.copy() for block, _ in drawn]
    module.redraw(seed)
    for (block, index), values in zip(drawn, before, strict=True):
        values[index] = block.value[index]
        block.value[...] = values
    for block, index in norms:
        block.value[index] = block.start
    return [*drawn, *norms]


def units_of(network: Network, label: str, units: Sequence[int]) -> Module:
    """The layer that has these units; ValueError where there is none."""
    module = next((module for module in with_children(network.modules) if module.info.label == label), None)
    if module is None:
        raise ValueError(f"there is no hidden layer {label} whose units could be drawn anew")
    if not all(0 <= unit < module.units for unit in units):
        raise ValueError(f"layer {label} has units 0 … {module.units - 1}, not {max(units)}")
    return module


def with_children(modules: Iterable[Module]) -> Iterable[Module]:
    """The modules and their children, at any depth."""
    for module in modules:
        yield module
        yield from with_children(module.children())
