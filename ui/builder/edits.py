"""Changes of the stack, on builtins: add, duplicate, delete, move, set, at any depth of nesting.

A layer is named by its place, the path from the experiment to it: ``("layers", 2, "layers", 0)`` is the first layer
inside the third. A change works on a copy, in which layers are told apart by what they are, not by where they stand.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from simulator.experiment.shapes import inner_field
from simulator.layers import Layer
from simulator.schema.parameter import concrete, kind_of, kinds, parameters, replaced
from simulator.schema.plain import PlainDict

LayerPath = tuple[str | int, ...]
TAG = "#"
"""Where a layer's builtins say which layer it is (:mod:`ui.builder.identity`); no field has that name."""
TOP: LayerPath = ("layers",)
"""The stack itself: a place ends in an index, a stack in the name of its field."""
StackCommand = Callable[[PlainDict, Sequence[LayerPath]], tuple[PlainDict, list[LayerPath]]]


def inner_name(layer: Mapping[str, Any]) -> str | None:
    """The field that holds the layer's inner stack; None where it has none."""
    known = kinds(Layer)
    return inner_field(known[str(layer["kind"])]) if layer.get("kind") in known else None


def inner_of(layer: Mapping[str, Any]) -> list[PlainDict]:
    """The inner stack of a layer, also where it is left to its default."""
    name = inner_name(layer)
    if name is None:
        return []
    if name not in layer:
        part = kinds(Layer)[str(layer["kind"])]
        default = next(p for p in parameters(part) if p.name == name).default
        return [dict(msgspec.to_builtins(inner, builtin_types=())) for inner in default]
    return list(layer[name])


def untagged(plain: Any) -> Any:
    """Builtins without the tags of layers."""
    if isinstance(plain, Mapping):
        return {name: untagged(value) for name, value in plain.items() if name != TAG}
    return [untagged(value) for value in plain] if isinstance(plain, list | tuple) else plain


def at(plain: Any, place: LayerPath) -> Any:
    """What stands at ``place``."""
    for key in place:
        plain = plain[key]
    return plain


def placed(plain: Mapping[str, Any]) -> Iterator[tuple[LayerPath, PlainDict]]:
    """Every layer with its place, an inner stack behind the layer it is in."""
    yield from _placed(plain["layers"], TOP)


def _placed(layers: Sequence[PlainDict], stack: LayerPath) -> Iterator[tuple[LayerPath, PlainDict]]:
    for index, layer in enumerate(layers):
        place = (*stack, index)
        yield place, layer
        name = inner_name(layer)
        if name is not None:
            yield from _placed(layer.get(name, []), (*place, name))


def uppermost(chosen: Sequence[LayerPath]) -> list[LayerPath]:
    """``chosen`` in order, without what lies inside others of them."""
    held = set(chosen)
    return [p for p in sorted(held, key=_order) if not any(p[:end] in held for end in range(2, len(p), 2))]


def _order(place: LayerPath) -> tuple[int, ...]:
    return tuple(int(index) for index in place[1::2])


def _copied(plain: PlainDict) -> PlainDict:
    """A copy in which every layer is an object of its own and every inner stack is written out."""
    return {**plain, "layers": [_written_out(layer) for layer in plain["layers"]]}


def _written_out(layer: Mapping[str, Any]) -> PlainDict:
    made: PlainDict = copy.deepcopy(dict(layer))
    name = inner_name(made)
    if name is not None:
        made[name] = [_written_out(inner) for inner in inner_of(made)]
    return made


def _where(plain: PlainDict, layers: Sequence[PlainDict]) -> list[LayerPath]:
    wanted = {id(layer) for layer in layers}
    return [place for place, layer in placed(plain) if id(layer) in wanted]


def _stacks(chosen: Sequence[LayerPath]) -> dict[LayerPath, list[int]]:
    """The stacks in which the uppermost of ``chosen`` stand, and their indices there."""
    indices: dict[LayerPath, list[int]] = {}
    for place in uppermost(chosen):
        indices.setdefault(place[:-1], []).append(int(place[-1]))
    return indices


# -- the changes ---------------------------------------------------------------------------------------------------


def first_layer() -> PlainDict:
    """What an empty stack begins with: the first kind of layer as it comes."""
    return {"kind": kind_of(concrete(Layer)[0])}


def added(
    plain: PlainDict, chosen: Sequence[LayerPath], layer: Mapping[str, Any] | None = None
) -> tuple[PlainDict, list[LayerPath]]:
    """One more layer behind the last chosen one, a copy of it unless it is given; and where it stands."""
    plain = _copied(plain)
    last = uppermost(chosen)[-1:] or [(*TOP, len(plain["layers"]) - 1)]
    stack, index = at(plain, last[0][:-1]), int(last[0][-1])
    if layer is None:
        layer = {**stack[max(index, 0)], "repeat": 1} if stack else first_layer()
    stack.insert(index + 1, _written_out(layer))
    return plain, [(*last[0][:-1], index + 1)]


def added_inside(
    plain: PlainDict, chosen: Sequence[LayerPath], layer: Mapping[str, Any] | None = None
) -> tuple[PlainDict, list[LayerPath]]:
    """One more layer at the end of the last chosen composite's inner stack, a copy of the one there unless given."""
    plain = _copied(plain)
    place = [p for p in uppermost(chosen) if inner_name(at(plain, p)) is not None][-1]
    name = str(inner_name(at(plain, place)))
    stack = at(plain, place)[name]
    stack.append(_written_out(layer if layer is not None else {**stack[-1], "repeat": 1} if stack else first_layer()))
    return plain, [(*place, name, len(stack) - 1)]


def duplicated(plain: PlainDict, chosen: Sequence[LayerPath]) -> tuple[PlainDict, list[LayerPath]]:
    """Copies of the chosen layers behind the last of them in each stack; and where they stand."""
    plain, copies = _copied(plain), []
    stacks = [(at(plain, stack), held) for stack, held in _stacks(chosen).items()]
    for stack, held in stacks:
        made = [copy.deepcopy(stack[index]) for index in held]
        stack[held[-1] + 1 : held[-1] + 1] = made
        copies += made
    return plain, _where(plain, copies)


def deleted(plain: PlainDict, chosen: Sequence[LayerPath]) -> tuple[PlainDict, list[LayerPath]]:
    """Without the chosen layers, and without a composite that would be left empty; and the one to choose next."""
    plain = _copied(plain)
    stacks = [(stack, at(plain, stack), held) for stack, held in _stacks(chosen).items()]
    last, _, indices = stacks[-1]
    for _, stack, held in stacks:
        stack[:] = [layer for index, layer in enumerate(stack) if index not in held]
    left = at(plain, last)
    then = left[min(indices[0], len(left) - 1)] if left and len(stacks) == 1 else None
    _prune(plain["layers"])
    return plain, [] if then is None else _where(plain, [then])


def nudged(plain: PlainDict, chosen: Sequence[LayerPath], step: int) -> tuple[PlainDict, list[LayerPath]]:
    """The chosen layers one place up (``step`` -1) or down (1) in their stacks, as far as there is room."""
    plain = _copied(plain)
    stacks = [(at(plain, stack), held) for stack, held in _stacks(chosen).items()]
    layers = [stack[index] for stack, held in stacks for index in held]
    for stack, indices in stacks:
        held = set(indices)
        for index in sorted(indices, reverse=step > 0):
            other = index + step
            if 0 <= other < len(stack) and other not in held:
                stack[index], stack[other] = stack[other], stack[index]
                held = held - {index} | {other}
    return plain, _where(plain, layers)


def moved(plain: PlainDict, chosen: Sequence[LayerPath], before: LayerPath) -> tuple[PlainDict, list[LayerPath]]:
    """The chosen layers together before ``before``, a place in any stack, whose index may be one past its end.

    Nothing moves into itself; a composite that would be left empty goes.
    """
    held = uppermost(chosen)
    if any(before[: len(place)] == place and len(before) > len(place) for place in held):
        return plain, list(chosen)
    plain = _copied(plain)
    layers = [at(plain, place) for place in held]
    target, index = at(plain, before[:-1]), int(before[-1])
    behind = next((layer for layer in target[index:] if not _among(layer, layers)), None)
    for stack in [at(plain, place[:-1]) for place in held]:
        stack[:] = [layer for layer in stack if not _among(layer, layers)]
    cut = next((i for i, layer in enumerate(target) if layer is behind), len(target))
    target[cut:cut] = layers
    _prune(plain["layers"])
    return plain, _where(plain, layers)


def _prune(layers: list[PlainDict]) -> None:
    """Take out what has an inner stack with nothing left in it."""
    for layer in layers:
        _prune(layer.get(inner_name(layer) or "", []))
    layers[:] = [layer for layer in layers if layer.get(inner_name(layer) or "", True)]


def _among(layer: PlainDict, layers: Sequence[PlainDict]) -> bool:
    return any(layer is other for other in layers)


def changed(plain: PlainDict, chosen: Sequence[LayerPath], path: LayerPath, value: Any) -> PlainDict:
    """``value`` at ``path`` of every chosen layer; another kind of layer keeps the fields both kinds have."""
    for place in sorted(chosen, key=len, reverse=True):
        if path == ("kind",):
            layer = at(plain, place)
            tag = {TAG: layer[TAG]} if TAG in layer else {}
            plain = replaced(plain, place, as_kind(layer, str(value)) | tag)
        else:
            plain = replaced(plain, (*place, *path), value)
    return plain


def as_kind(layer: Mapping[str, Any], kind: str) -> PlainDict:
    """The layer as another kind, with the fields that both have and that mean the same.

    As a composite it goes inside; out of a composite comes the first layer inside it, as that kind.
    """
    if layer["kind"] == kind:
        return dict(layer)
    part = kinds(Layer)[kind]
    name, inner = inner_field(part), inner_of(layer)
    if name is not None and not inner:
        single = {field: value for field, value in layer.items() if field != "repeat"}
        return {"kind": kind, "repeat": layer.get("repeat", 1), name: [single]}
    if inner and name is None:
        layer = {**as_kind(inner[0], kind), "repeat": layer.get("repeat", 1)}
    names = {p.name for p in parameters(part)}
    return {"kind": kind} | {n: v for n, v in layer.items() if n in names and _takes(part, n, v)}


def _takes(part: type[Layer], name: str, value: Any) -> bool:
    try:
        msgspec.convert({"kind": kind_of(part), name: untagged(value)}, part)
    except msgspec.ValidationError:
        return False
    return True
