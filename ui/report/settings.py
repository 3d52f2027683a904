"""All settings of an experiment in words, those that are not as the program brings them marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from simulator.experiment.experiment import Experiment
from simulator.layers import Layer
from simulator.schema.parameter import Parameter, Part, Spec, own_first, parameters
from simulator.system.text import capitalized
from ui.style.numbers import setting

PARTS = frozenset({"part", "spec"})
"""Types of fields that have fields of their own."""


@dataclass(frozen=True)
class Setting:
    """One field: what it is called, what stands there, and what would if nobody had set it."""

    name: str
    value: str
    usual: str
    """``""`` where there is no default."""
    depth: int = 0
    """How many parts it is inside of."""

    @property
    def changed(self) -> bool:
        """Whether it is not what the program brings, where that brings anything."""
        return bool(self.usual) and self.value != self.usual


def sections(experiment: Experiment) -> Iterator[tuple[str, tuple[Setting, ...]]]:
    """The fields of the experiment itself, then of each of its parts, then of each layer, under their headings."""
    fields = [field for field in parameters(Experiment) if field.name != "format" and not field.knob.hidden]
    plain = [field for field in fields if field.type not in PARTS and field.type != "parts"]
    natural = structs.replace(experiment, loss=None).objective
    yield "Run", tuple(_setting(field, getattr(experiment, field.name)) for field in plain)
    for field in fields:
        value: Any = experiment.objective if field.name == "loss" else getattr(experiment, field.name)
        if field.type == "parts":
            yield from layer_sections(value, "")
        elif field.type in PARTS:
            usual = natural if field.name == "loss" else field.default
            yield capitalized(field.knob.label), tuple(_fields(value, usual))


def layer_sections(layers: Sequence[Layer], above: str) -> Iterator[tuple[str, tuple[Setting, ...]]]:
    """Each entry of a stack with the layers that it stands for, and after it those inside it."""
    number = 1
    for layer in layers:
        last = number + layer.repeat - 1
        label = f"{above}{number}" if last == number else f"{above}{number}–{last}"
        yield f"Layer{'s' * (last > number)} {label}: {layer.title}", tuple(_fields(layer, None))
        for field in parameters(type(layer)):
            if field.type == "parts":
                yield from layer_sections(getattr(layer, field.name), f"{label}.")
        number = last + 1


def _fields(spec: Spec, usual: Spec | None, depth: int = 0) -> Iterator[Setting]:
    """The kind, where there is a choice of kinds, and every field; ``usual`` is the part that stands there by default.

    What is of another kind is held to the defaults of its own.
    """
    if isinstance(spec, Part) and depth == 0 and not hasattr(spec, "repeat"):
        yield Setting("kind", spec.title, usual.title if isinstance(usual, Part) else "", depth)
    for field in own_first(type(spec)):
        value = field.of(spec)
        default = field.of(usual) if type(usual) is type(spec) else field.default
        if field.type == "parts" or field.knob.hidden:
            continue
        if isinstance(value, Spec):
            yield Setting(field.knob.label, _title(value), "" if field.required else _title(default), depth)
            yield from _fields(value, default, depth + 1)
        else:
            yield _setting(field, value, default, depth)


def _title(value: object) -> str:
    return value.title if isinstance(value, Part) else "off" if value is None else ""


def _setting(field: Parameter, value: object, default: object = ..., depth: int = 0) -> Setting:
    usual = field.default if default is ... else default
    usual_text = "" if field.required else value_text(field, usual)
    return Setting(_name(field), value_text(field, value), usual_text, depth)


def _name(field: Parameter) -> str:
    """``batch size (samples)``"""
    return f"{field.knob.label} ({field.knob.unit})" if field.knob.unit else field.knob.label


def value_text(field: Parameter, value: object) -> str:
    """The value of a field."""
    return plain_text(value, words=field.type == "choice")


def plain_text(value: object, *, words: bool) -> str:
    """A value: ``0.1``, ``12 040``, ``off``, ``on``, ``a, b``; ``words``: a text is a name in the file's spelling."""
    match value:
        case None:
            return "off"
        case bool():
            return "on" if value else "off"
        case int() | float():
            return setting(value)
        case tuple() | list():
            return ", ".join(setting(each) if isinstance(each, int | float) else str(each) for each in value) or "none"
    text = str(value)
    return (text.replace("_", " ") if words else text) or "none"
