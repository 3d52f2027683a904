"""Enumerations made of lists of thousands of members, without all that Python asks of each of them.

Qt's bindings bring 4 400 members in a start of the window, a twelfth of its time made one by one: docs/DECISIONS.md
has the figures.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, Sequence
from typing import Any

Make = Callable[..., Any]
PLAIN = enum.Enum, enum.IntEnum
"""What a list is made into here; flags are Python's own."""
TAKEN: dict[type, frozenset[str]] = {base: frozenset().union(*map(vars, base.__mro__)) for base in PLAIN}
"""Names that members cannot have as they are."""
SAMPLE = ("ONE", 1), ("TWO", 2), ("UNO", 1)


def make_enums_quickly() -> None:
    """From now on make plain enumerations so; where that would not be what Python makes, nothing changes."""
    make: Any = vars(enum.EnumType)["_create_"]

    def made(base: type, class_name: str, names: Any, **named: Any) -> Any:
        """Python 3.12 and later give the name and the members by these names."""
        if named.get("module") is None:
            # Behind Python's own call, as it looks for it itself.
            named["module"] = sys._getframe(2).f_globals.get("__name__")
        if named.get("type") is not None or base not in PLAIN or not _are_plain(base, names):
            return make(base, class_name, names, **named)
        return _made(make, base, class_name, names, named)

    by_python = _samples()
    type.__setattr__(enum.EnumType, "_create_", made)
    if _samples() != by_python:
        type.__setattr__(enum.EnumType, "_create_", make)


def _are_plain(base: type, members: Any) -> bool:
    """Whether these are numbers by names that no enumeration has itself."""
    return (
        isinstance(members, list | tuple)
        and len(members) > 0
        and all(isinstance(each, tuple) and len(each) == 2 and type(each[1]) is int for each in members)
        and not any(name.startswith("_") or name in TAKEN[base] for name, _ in members)
        and len({name for name, _ in members}) == len(members)
    )


def _made(make: Make, base: type, name: str, members: Sequence[tuple[str, int]], named: dict[str, Any]) -> Any:
    """An enumeration without members, which are then put where those of its class lie."""
    made = make(base, name, (), **named)
    new, is_number = made._new_member_, made._use_args_
    names, by_name, by_value = made._member_names_, made._member_map_, made._value2member_map_
    for label, value in members:
        member = new(made, value) if is_number else new(made)
        vars(member).update(_value_=value, _name_=label, __objclass__=made, _sort_order_=len(names))
        known = by_value.setdefault(value, member)
        if known is member:
            names.append(label)
        by_name[label] = known
        type.__setattr__(made, label, known)
    return made


def _samples() -> list[object]:
    """What an enumeration of each kind holds that is made as a program makes it; nothing where that fails."""
    try:
        bases: tuple[Any, ...] = PLAIN
        return [_described(base("Sample", SAMPLE)) for base in bases]
    except (AttributeError, TypeError):
        return []


def _described(made: Any) -> object:
    """All that the class and its members hold, whichever of two of one name it is."""
    return str({name: vars(value) if isinstance(value, made) else value for name, value in sorted(vars(made).items())})
