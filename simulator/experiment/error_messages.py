"""Turns a decoder's complaint into one sentence of this project's words, with what would have been valid."""

from __future__ import annotations

import re
from typing import Any

from simulator.schema.numbers import exact, read_integer
from simulator.schema.parameter import Parameter, Part, Spec, kind_of, parameters

_WORDS = {
    "object": "an object",
    "array": "a list",
    "float": "a number",
    "int": "a whole number",
    "str": "a text",
    "bool": "true or false",
    "null": "null",
}
_NAMES = {dict: "object", list: "array", float: "float", int: "int", str: "str", bool: "bool", type(None): "null"}


def explain(complaint: str, plain: Any, root: type[Spec]) -> tuple[str, str]:
    """(sentence, path) for a msgspec message about ``plain``, which should have been a ``root``."""
    text, _, place = complaint.partition(" - at `$")
    place = place.rstrip("`").lstrip(".")
    if not isinstance(plain, dict):
        return f"expected an object with data and layers, not {_WORDS[_NAMES.get(type(plain), 'object')]}", ""
    field, spec = _locate(place, plain, root)
    if match := re.fullmatch(r"Invalid (?:enum )?value (.+)", text):
        valid = _choices(field, kinds=place.endswith("kind"))
        return f"{match[1]} is not one of {valid}" if valid else f"invalid value {match[1]}", place
    if match := re.fullmatch(r"Object contains unknown field `(.+)`", text):
        known = ", ".join(p.name for p in parameters(spec)) if spec else ""
        told = f" (it has {known})" if known else " (it has no fields)" if spec else ""
        owner = f"{kind_of(spec)} has no field" if spec and issubclass(spec, Part) else "unknown field"
        return f"{owner} {match[1]!r}{told}", place
    if match := re.fullmatch(r"Object missing required field `(.+)`", text):
        valid = _choices(field, kinds=True) if match[1] == "kind" else ""
        return f"the field {match[1]!r} is missing" + (f" (one of {valid})" if valid else ""), place
    return _in_words(text, _value_at(place, plain)), place


def place_in_words(path: str, plain: Any, root: type[Spec]) -> str:
    """``layers[2].layers[0].activation.slope`` → ``layer 4.1, activation, slope``, where ``plain`` tells ``repeat``.

    An entry that is repeated is all of its layers: ``layers 4–9, units``.
    """
    words: list[str] = []
    spec: type[Spec] | None = root
    field: Parameter | None = None
    label, here = "", plain
    for key in re.findall(r"[^.\[\]]+", path):
        if key == "kind":
            break
        if not key.isdigit():
            here = here.get(key) if isinstance(here, dict) else None
            field = next((p for p in parameters(spec) if p.name == key), None) if spec else None
            name = field.knob.label if field is not None else key.replace("_", " ")
            # Of data the labels begin with a capital.
            words.append(f"{name[:1].lower()}{name[1:]}" if words[:1] == ["data"] else name)
        elif field is not None and field.type == "parts":
            before, number = f"{label}." if label else "", _number(here, int(key))
            label, here = f"{before}{number}", _entry(here, int(key))
            last = number + _repeat(here) - 1
            words = [f"layers {label}–{before}{last}" if last > number else f"layer {label}"]
        else:
            words.append(f"entry {int(key) + 1}")
        spec = _struct_at(field, here)
    return ", ".join(words)


def _number(layers: Any, entry: int) -> int:
    """The number of an entry's first layer."""
    return 1 + sum(_repeat(_entry(layers, index)) for index in range(entry))


def _repeat(layer: Any) -> int:
    """How many layers an entry stands for, as far as it says so."""
    repeat = layer.get("repeat", 1) if isinstance(layer, dict) else 1
    return repeat if isinstance(repeat, int) and repeat > 0 else 1


def _entry(layers: Any, index: int) -> Any:
    return layers[index] if isinstance(layers, (list, tuple)) and index < len(layers) else None


def _value_at(place: str, plain: Any) -> Any:
    here = plain
    for key in re.findall(r"[^.\[\]]+", place):
        # Of what stands in a mapping the decoder does not say where.
        here = here[int(key)] if isinstance(here, (list, tuple)) else here.get(key) if isinstance(here, dict) else None
    return here


def _in_words(text: str, value: Any) -> str:
    def words(match: re.Match[str]) -> str:
        return " or ".join(_WORDS.get(name, name) for name in match[1].split(" | "))

    text = re.sub(r"`([\w| ]+)`", words, text)
    for old, new in ((">=", "≥"), ("<=", "≤"), (", got", ", not"), ("Expected", "expected"), ("Object", "the object")):
        text = text.replace(old, new)
    if isinstance(value, (str, int, float)):
        # Where a whole number is wanted, the point may be all that is wrong.
        point = ".0" if text.endswith("not a number") and repr(value).endswith(".0") else ""
        return f"{_with_numbers(text.partition(', not')[0])}, not {_shown(value)}{point}"
    return _with_numbers(text)


def _with_numbers(text: str) -> str:
    """With the bounds that the decoder names as people write numbers."""
    return re.sub(r"-?\d+(\.\d+)?(e[+-]?\d+)?", lambda match: exact(read_integer(match[0])), text)


def _shown(value: str | float) -> str:
    return repr(value) if isinstance(value, str | bool) else exact(value)


def _choices(field: Parameter | None, kinds: bool) -> str:
    if field is None:
        return ""
    return ", ".join([kind_of(kind) for kind in field.kinds] if kinds else field.choices)


def _locate(place: str, plain: Any, root: type[Spec]) -> tuple[Parameter | None, type[Spec] | None]:
    """The field that ``place`` names and the struct that stands there, by the kinds that ``plain`` holds."""
    field: Parameter | None = None
    spec: type[Spec] | None = root
    here = plain
    for key in re.findall(r"[^.\[\]]+", place):
        if key == "kind":
            break
        if key.isdigit():
            here = here[int(key)] if isinstance(here, (list, tuple)) else None
        else:
            here = here.get(key) if isinstance(here, dict) else None
            field = next((p for p in parameters(spec) if p.name == key), None) if spec else None
        spec = _struct_at(field, here)
    return field, spec


def _struct_at(field: Parameter | None, here: Any) -> type[Spec] | None:
    if field is None:
        return None
    if field.type == "spec":
        return field.part
    kind = here.get("kind") if isinstance(here, dict) else None
    return next((k for k in field.kinds if kind_of(k) == kind), field.kinds[0] if len(field.kinds) == 1 else None)
