"""Dataclasses without compiling what is the same in each of them: how it refuses changes and how it is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import Field, FrozenInstanceError
from typing import Any

Function = Callable[..., Any]
MAKERS = {"_frozen_get_del_attr": ("cls", "fields", "globals"), "_repr_fn": ("fields", "globals")}
"""Python's own that is replaced, and what it takes where it compiles these one by one (3.11 and 3.12)."""


def make_dataclasses_quickly() -> None:
    """From now on make dataclasses so; where Python makes them in another way, nothing changes."""
    own = vars(dataclasses)
    if "_recursive_repr" in own and all(name in own and _takes(own[name]) == given for name, given in MAKERS.items()):
        own.update(_frozen_get_del_attr=_refusals, _repr_fn=_written)


def _takes(make: Function) -> tuple[str, ...]:
    code = make.__code__
    return code.co_varnames[: code.co_argcount]


def _named(name: str, function: Function) -> Function:
    function.__name__ = name
    return function


def _refusals(cls: Any, fields: Sequence[Field[Any]], globals: dict[str, Any]) -> tuple[Function, Function]:
    """What sets and what deletes attributes of a frozen class: those that are no fields, of classes below it."""
    names = frozenset(field.name for field in fields)

    def put(self: Any, name: str, value: Any) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def delete(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return _named("__setattr__", put), _named("__delattr__", delete)


def _written(fields: Sequence[Field[Any]], globals: dict[str, Any]) -> Function:
    """``Name(field=value, …)``"""
    names = [field.name for field in fields]

    def write(self: Any) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({values})"

    made: Function = vars(dataclasses)["_recursive_repr"](_named("__repr__", write))
    return made
