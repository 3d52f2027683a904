"""Changes of the stack, on builtins: add, duplicate, delete, move, set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.layers import Layer
from simulator.parameter import concrete, kind_of, kinds, parameters, replaced

Plain = dict[str, Any]
Path = tuple[str | int, ...]


def first_layer() -> Plain:
    """What an empty stack begins with: the first kind of layer as it comes."""
    return {"kind": kind_of(concrete(Layer)[0])}  # type: ignore[type-abstract]


def added(plain: Plain, chosen: Sequence[int]) -> tuple[Plain, list[int]]:
    """One more layer behind the last chosen one, a copy of it; and where it stands."""
    layers = list(plain["layers"])
    at = max(chosen, default=len(layers) - 1)
    copy = {**layers[at], "repeat": 1} if layers else first_layer()
    return {**plain, "layers": [*layers[: at + 1], copy, *layers[at + 1 :]]}, [at + 1]


def duplicated(plain: Plain, chosen: Sequence[int]) -> tuple[Plain, list[int]]:
    """Copies of the chosen layers behind the last of them; and where they stand."""
    layers, at = list(plain["layers"]), max(chosen) + 1
    copies = [dict(layers[index]) for index in chosen]
    return {**plain, "layers": [*layers[:at], *copies, *layers[at:]]}, list(range(at, at + len(copies)))


def deleted(plain: Plain, chosen: Sequence[int]) -> tuple[Plain, list[int]]:
    """Without the chosen layers; and the one to choose next."""
    rest = [layer for index, layer in enumerate(plain["layers"]) if index not in set(chosen)]
    return {**plain, "layers": rest}, [min(min(chosen), len(rest) - 1)] if rest else []


def nudged(plain: Plain, chosen: Sequence[int], step: int) -> tuple[Plain, list[int]]:
    """The chosen layers one place up (``step`` -1) or down (1), as far as there is room."""
    order = list(range(len(plain["layers"])))
    held = set(chosen)
    for index in sorted(chosen, reverse=step > 0):
        other = index + step
        if 0 <= other < len(order) and order[other] not in held:
            order[index], order[other] = order[other], order[index]
    return _ordered(plain, order, held)


def moved(plain: Plain, chosen: Sequence[int], before: int) -> tuple[Plain, list[int]]:
    """The chosen layers together, before what is now layer ``before``."""
    held = set(chosen)
    rest = [index for index in range(len(plain["layers"])) if index not in held]
    place = sum(index < before for index in rest)
    return _ordered(plain, [*rest[:place], *sorted(held), *rest[place:]], held)


def _ordered(plain: Plain, order: Sequence[int], held: set[int]) -> tuple[Plain, list[int]]:
    layers = [plain["layers"][index] for index in order]
    return {**plain, "layers": layers}, [place for place, index in enumerate(order) if index in held]


def changed(plain: Plain, chosen: Sequence[int], path: Path, value: Any) -> Plain:
    """``value`` at ``path`` of every chosen layer; another kind of layer keeps the fields both kinds have."""
    for index in chosen:
        if path == ("kind",):
            plain = replaced(plain, ("layers", index), as_kind(plain["layers"][index], str(value)))
        else:
            plain = replaced(plain, ("layers", index, *path), value)
    return plain


def as_kind(layer: Mapping[str, Any], kind: str) -> Plain:
    """The layer as another kind, with the fields that both have."""
    names = {p.name for p in parameters(kinds(Layer)[kind])}  # type: ignore[type-abstract]
    return {"kind": kind, **{name: value for name, value in layer.items() if name in names}}
