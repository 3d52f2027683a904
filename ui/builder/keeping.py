"""Which layers of a changed stack are those of before, by their tags, so that a running network is handed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulator.layers.info import inner_number
from simulator.training.surgery import Transplant
from ui.builder.edits import TAG, LayerPath, at, inner_of

Copy = tuple[int, tuple[int, ...]]
"""A layer's tag, and which of its copies it is, in each stack that it is in."""


def transplant(before: Mapping[str, Any], after: Mapping[str, Any]) -> Transplant:
    """What hands the network of one tagged experiment on to that of another."""
    known = dict(_copies(before["layers"]))
    pairs = ((label, known.get(copy)) for copy, label in _copies(after["layers"]))
    return Transplant(tuple((label, old) for label, old in pairs if old is not None))


def labels_of(plain: Mapping[str, Any], places: Sequence[LayerPath]) -> tuple[str, ...]:
    """Of the layers at these places of a tagged experiment, ``repeat`` expanded."""
    wanted = {at(plain, place)[TAG] for place in places}
    return tuple(label for (tag, _), label in _copies(plain["layers"]) if tag in wanted)


def output_label(plain: Mapping[str, Any]) -> str:
    """Of the output, behind the last layer."""
    return str(1 + sum(layer.get("repeat", 1) for layer in plain["layers"]))


def _copies(
    layers: Sequence[Mapping[str, Any]], above: str = "", copies: tuple[int, ...] = ()
) -> Iterator[tuple[Copy, str]]:
    count, number = sum(layer.get("repeat", 1) for layer in layers), 0
    for layer in layers:
        for copy in range(layer.get("repeat", 1)):
            number += 1
            label = f"{above}.{inner_number(number, count)}" if above else str(number)
            own = (*copies, copy) if copies or copy else ()  # A first copy is the same in whatever it is put.
            if TAG in layer:
                yield (layer[TAG], own), label
            yield from _copies(inner_of(layer), label, own)
