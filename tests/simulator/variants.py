"""Every way a layer can be described by its choices: kinds of its parts, words and flags, all with all."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from simulator.layers import Layer
from simulator.parts.initializers import Initializer
from simulator.schema.parameter import Parameter, Part, kind_of, kinds, parameters

SMALL: dict[str, dict[str, Any]] = {
    "dense": {"units": 4},
    "maxout": {"units": 4},
    "highway": {"units": 3},
    "convolution": {"channels": 2, "kernel": 2, "stride": 2},
    "residual": {"layers": [{"kind": "dense", "units": 3, "activation": {"kind": "gelu"}}]},
    "recurrent": {"units": 3},
    "gru": {"units": 3},
    "lstm": {"units": 3},
}
"""What keeps a kind small, or makes it fit three inputs."""
SHAPES: dict[str, tuple[int, ...]] = {
    "convolution": (2, 3, 3), "pooling": (2, 4, 4), "flatten": (2, 3, 3),
    "recurrent": (4, 2), "gru": (4, 2), "lstm": (4, 2),
}  # fmt: skip
"""Samples of the kinds that do not take a vector."""
CAPPED = {"truncate": (None, 2)}


def shape_of(kind: str) -> tuple[int, ...]:
    return SHAPES.get(kind, (3,))


def variants(part: type[Part], fixed: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Builtins of ``part`` with every combination of its choices; how weights are drawn is left as it is."""
    given = fixed or {}
    free = [field for field in parameters(part) if field.name not in given]
    options = {field.name: list(_options(field)) for field in free}
    names = [name for name, found in options.items() if found]
    for values in itertools.product(*(options[name] for name in names)):
        yield {"kind": kind_of(part)} | given | dict(zip(names, values, strict=True))


def _options(field: Parameter) -> Iterator[Any]:
    if field.type == "part" and field.part is not Initializer:
        for kind in field.kinds:
            yield from variants(kind)
    elif field.type == "flag":
        yield from (False, True)
    else:
        yield from CAPPED.get(field.name, field.choices)


def layer_variants(kind: str) -> Iterator[dict[str, Any]]:
    """Every small layer of this kind."""
    return variants(kinds(Layer)[kind], SMALL.get(kind, {}))
