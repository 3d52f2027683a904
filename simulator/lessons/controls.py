"""Every control of what a lesson runs, by its path, as a tree; and which are free, locked or hidden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from simulator.experiment.experiment import Experiment
from simulator.experiment.locks import PATH, FieldLocks, LockState, leads
from simulator.lessons.lesson import LessonSubject
from simulator.schema.numbers import exact
from simulator.schema.parameter import Part, Spec, parameters
from simulator.schema.settings import keys_of
from simulator.system.text import capitalized

OF_A_FILE = ("format", "name", "locks")
"""Fields of an experiment that are no controls."""


@dataclass(frozen=True)
class Control:
    """One field, or several together."""

    path: str
    label: str
    value: str = ""
    inside: tuple[Control, ...] = ()
    number: float | None = None
    """Its value, where that is a number."""

    @property
    def lockable(self) -> bool:
        """Whether a lesson's file can name it."""
        return PATH.fullmatch(self.path) is not None

    def every(self) -> Iterator[Control]:
        """Itself, and all inside."""
        yield self
        for each in self.inside:
            yield from each.every()


def controls(subject: LessonSubject) -> tuple[Control, ...]:
    """Of an experiment as its forms call them, of a landscape as its file does."""
    if isinstance(subject, Experiment):
        beside = [lane.name for lane in subject.lanes or ()]
        lanes = (Control("lanes", "Networks beside", ", ".join(beside)),) if beside else ()
        return (*_of_spec(subject, ""), *lanes)
    return tuple(_of_plain(subject.to_builtins(), ""))


def _of_spec(spec: Spec, path: str) -> Iterator[Control]:
    for field in parameters(type(spec)):
        value = getattr(spec, field.name)
        if not field.knob.hidden and not (not path and field.name in OF_A_FILE):
            yield _control(value, f"{path}.{field.name}".strip("."), capitalized(field.knob.label))


def _control(value: Any, path: str, label: str) -> Control:
    if isinstance(value, Spec):
        title = value.title if isinstance(value, Part) else ""
        return Control(path, label, title, tuple(_of_spec(value, path)))
    if isinstance(value, tuple) and value and isinstance(value[0], Spec):
        inside = (_control(each, f"{path}.{place}", _entry(label, place)) for place, each in enumerate(value))
        return Control(path, label, "", tuple(inside))
    return Control(path, label, _shown(value), (), _number(value))


def _of_plain(plain: Mapping[str, Any], path: str) -> Iterator[Control]:
    for name, value in plain.items():
        here = f"{path}.{name}".strip(".")
        inside = tuple(_of_plain(value, here)) if isinstance(value, Mapping) else ()
        yield Control(here, name, "" if inside else _shown(value), inside, _number(value))


def _entry(label: str, place: int) -> str:
    """``Layers``, 0 → ``Layer 1``"""
    return f"{label.removesuffix('s')} {place + 1}"


def _shown(value: Any) -> str:
    if value is None or value is msgspec.UNSET or isinstance(value, Mapping):
        return "–"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return exact(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return str(value)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def with_state(knobs: FieldLocks, path: str, state: LockState) -> FieldLocks:
    """The same with the control at ``path``, and all that is inside it, in this state; the empty path is of all."""
    keys = keys_of(path) if path else ()
    if not keys:
        return FieldLocks(otherwise=state, because=knobs.because)
    kept = {
        name: tuple(each for each in getattr(knobs, name) if not leads(keys, keys_of(each)))
        for name in ("free", "locked", "hidden")
    }
    without = msgspec.structs.replace(knobs, **kept)
    if without.state(keys) == state:
        return without
    return msgspec.structs.replace(without, **{state: (*kept[state], path)})
