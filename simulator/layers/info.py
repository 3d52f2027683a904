"""What a plot or a table says of a layer."""

from __future__ import annotations

from msgspec import Struct


class LayerInfo(Struct, frozen=True):
    """One row of every plot and table: a layer as the network runs it (``repeat`` expanded)."""

    label: str
    """``"1"`` … in depth order; inner layers of a composite are ``"3.1"``, of one with ten or more ``"3.01"``."""
    name: str
    kind: str
    activation: str
    """Kind of the activation function, ``""`` where there is none."""
    units: int
    entry: int
    """Index into ``experiment.layers``; ``-1`` for the output layer."""


def inner_number(number: int, count: int) -> str:
    """The number of one of ``count`` inner layers, of equal length for all: as text "1.1" and "1.10" are two numbers
    that a reader of a table takes for one."""
    return str(number).zfill(len(str(count)))
