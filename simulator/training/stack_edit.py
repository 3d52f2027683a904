"""What a transplant makes of a stack, told by the stack of before: so that it can be done to another one too.

JSON form: a list of layers from the input on, ``[{"keep": 0, "repeat": 2}, {"kind": "dense", "units": 8},
{"keep": 0, "repeat": 3, "set": {"activation.kind": "relu"}}]``. ``keep`` is an entry of the stack of before, counted
from 0 as in paths; ``repeat`` is left out where it is as it was; anything else is a new layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from msgspec.structs import replace

from simulator.experiment.differences import aligned_layers
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.layers.base import Layer
from simulator.schema.numbers import integer
from simulator.schema.parameter import builtins_of, differences, replaced
from simulator.schema.settings import in_order, keys_of
from simulator.system.json_text import as_in_a_file

StackEdit = tuple[Mapping[str, Any], ...]
"""The JSON form, checked."""
MOST = 1000
"""Layers of a stack."""
KEPT_FIELDS = {"keep", "repeat", "set"}


def stack_edit(before: Experiment, after: Experiment, partners: Sequence[tuple[str, str]] | None) -> StackEdit | None:
    """How the stack of one becomes that of the other; ``partners`` are labels of layers after and before.

    None where all layers stay, so that settings by their paths say it.
    """
    known = dict(_by_alignment(before, after) if partners is None else _by_label(partners))
    entries_before = [entry for entry, _ in before.expanded()]
    made: list[Mapping[str, Any]] = []
    for entry, places in groupby(enumerate(entry for entry, _ in after.expanded()), key=lambda place: place[1]):
        kept = [known.get(place) for place, _ in places]
        for old, same in groupby(None if each is None else entries_before[each] for each in kept):
            ours = None if old is None else before.layers[old]
            made.append(_part(old, ours, after.layers[entry], len(list(same))))
    stays = [part.get("keep") for part in made] == list(range(len(before.layers)))
    return None if stays and not any("repeat" in part for part in made) else tuple(made)


def _by_alignment(before: Experiment, after: Experiment) -> Iterator[tuple[int, int]]:
    stacks = [[builtins_of(layer) for layer in each.layers] for each in (before, after)]
    return ((new, old) for old, new in aligned_layers(*stacks) if old is not None and new is not None)


def _by_label(partners: Sequence[tuple[str, str]]) -> Iterator[tuple[int, int]]:
    """Of the layers that are inside no other."""
    return ((int(new) - 1, int(old) - 1) for new, old in partners if new.isdecimal() and old.isdecimal())


def _part(old: int | None, before: Layer | None, after: Layer, repeat: int) -> Mapping[str, Any]:
    if old is None or before is None or type(before) is not type(after):
        return {**as_in_a_file(builtins_of(after)), "repeat": repeat}
    own, new = (replace(each, repeat=repeat) for each in (before, after))
    plain = builtins_of(new)
    settings = {".".join(map(str, path)): value_at(plain, path) for path, _ in differences(own, new)}
    count = {} if repeat == before.repeat else {"repeat": repeat}
    return {"keep": old, **count, **({"set": as_in_a_file(settings)} if settings else {})}


def value_at(plain: Any, path: Sequence[str | int]) -> Any:
    """What stands there; a flag that is left out is off."""
    for key in path:
        plain = plain.get(key, False) if isinstance(plain, dict) else plain[key]
    return plain


def edited(edit: StackEdit, layers: Sequence[Any]) -> list[Any]:
    """The stack of builtins that comes of another one; ExperimentError where that lacks a layer."""
    return [_edited(part, layers) for part in edit]


def _edited(part: Mapping[str, Any], layers: Sequence[Any]) -> Any:
    if "keep" not in part:
        return dict(part)
    if part["keep"] >= len(layers):
        raise ExperimentError(f"there is no entry {integer(part['keep'])} in a stack of {integer(len(layers))}")
    layer = layers[part["keep"]]
    if "repeat" in part:
        layer = {**layer, "repeat": part["repeat"]}
    for path, value in in_order(part.get("set", {}).items()):
        try:
            layer = replaced(layer, keys_of(path), value)
        except KeyError:
            raise ExperimentError(f"there is no {path!r} in the layer that is kept") from None
    return layer


def checked(plain: Any, path: str) -> StackEdit | None:
    """The JSON form, as far as it can be checked without a stack; ExperimentError says what is wrong and where."""
    if plain is None:
        return None
    if not isinstance(plain, list) or not 0 < len(plain) <= MOST:
        raise ExperimentError(f"expected a list of 1 to {integer(MOST)} layers", path)
    for place, part in enumerate(plain):
        where = f"{path}[{place}]"
        if not isinstance(part, dict) or not ("kind" in part or "keep" in part):
            raise ExperimentError("expected a layer, or which one to keep", where)
        if "keep" in part:
            _check_kept(part, where)
    return tuple(plain)


def _check_kept(part: dict[str, Any], where: str) -> None:
    if unknown := part.keys() - KEPT_FIELDS:
        raise ExperimentError(f"unknown field {min(unknown)!r}", where)
    if type(part["keep"]) is not int or part["keep"] < 0:
        raise ExperimentError("layers count from 0", f"{where}.keep")
    if not isinstance(part.get("set", {}), dict):
        raise ExperimentError("expected an object of paths and values", f"{where}.set")
