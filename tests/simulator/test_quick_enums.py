"""Enumerations that are made quickly are to the last attribute what Python makes."""

from __future__ import annotations

import enum
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.system.quick_enums import make_enums_quickly

Shade = enum.Enum("Shade", [("dark", 1), ("light", 2), ("black", 1)])


def made_of(base: Any, members: Any) -> Any:
    return base("Made", members)


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    before = vars(enum.EnumType)["_create_"]
    make_enums_quickly()
    yield
    type.__setattr__(enum.EnumType, "_create_", before)


@pytest.mark.parametrize("base", [enum.Enum, enum.IntEnum])
def test_members_and_aliases_are_found_by_name_and_by_value(base: type[enum.Enum]) -> None:
    made = made_of(base, [("one", 1), ("two", 2), ("uno", 1)])
    assert [each.name for each in made] == ["one", "two"]
    assert made.uno is made.one is made["uno"] is made(1)
    assert list(made.__members__) == ["one", "two", "uno"]
    assert (made.__module__, isinstance(made.one, made), made.two in made) == (__name__, True, True)
    assert sorted({made.two, made.one}, key=lambda each: each.value) == [made.one, made.two]
    with pytest.raises(ValueError, match="3 is not a valid Made"):
        made(3)
    with pytest.raises(AttributeError):
        made.one = 2


def test_a_member_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Shade.light)) is Shade.light


def test_a_name_that_enumerations_have_themselves_stays_theirs() -> None:
    made = made_of(enum.Enum, [("name", 1), ("one", 2)])
    assert (made["name"].value, made.one.name, made["name"].name) == (1, "one", "name")


@pytest.mark.parametrize("members", ["one two", ["one", "two"], {"one": 1, "two": 2}, [("one", 1), ("two", 2)]])
def test_other_ways_to_say_the_members_mean_what_they_did(members: Any) -> None:
    made = made_of(enum.Enum, members)
    assert {each.name: each.value for each in made} == {"one": 1, "two": 2}


def test_flags_are_joined_as_before() -> None:
    made = made_of(enum.Flag, [("a", 1), ("b", 2), ("both", 3)])
    assert made.a | made.b is made.both
    assert [each.name for each in made.both] == ["a", "b"]


def test_where_python_would_make_something_else_nothing_changes() -> None:
    code = """
import enum
own = vars(enum.EnumType)["_create_"]
from simulator.system import quick_enums
quick_enums.TAKEN = dict.fromkeys(quick_enums.PLAIN, frozenset())
quick_enums.SAMPLE = ("name", 1), ("one", 2)
quick_enums.make_enums_quickly()
print(vars(enum.EnumType)["_create_"] is own)
quick_enums.SAMPLE = ("two", 1), ("one", 2)
quick_enums.make_enums_quickly()
print(vars(enum.EnumType)["_create_"] is own)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", "False"]


@pytest.mark.parametrize("by_name", [False, True])
def test_name_and_members_are_taken_as_each_python_gives_them(by_name: bool) -> None:
    create: Any = vars(enum.EnumType)["_create_"]
    members = [("one", 1), ("two", 2)]
    if by_name:
        made = create(enum.IntEnum, class_name="Made", names=members, module="sample", qualname=None, start=1)
    else:
        made = create(enum.IntEnum, "Made", members, module="sample")
    assert (made.__name__, made.__module__, made.two + made.one) == ("Made", "sample", 3)


def test_where_python_calls_for_members_otherwise_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(base: type, a_name: str, of: Any, **named: Any) -> Any:
        return own(base, a_name, of, **named)

    def call(base: Any, name: Any, members: Any = (), **named: Any) -> Any:
        made = vars(enum.EnumType)["_create_"]
        return made(base, a_name=name, of=members, **named) if members else base.__new__(base, name)

    own: Any = vars(enum.EnumType)["_create_"]
    monkeypatch.setattr(enum.EnumType, "__call__", call)
    type.__setattr__(enum.EnumType, "_create_", create)
    make_enums_quickly()
    assert vars(enum.EnumType)["_create_"] is create


def test_those_of_qt_are_what_python_makes_of_them() -> None:
    code = """
import enum
own = vars(enum.EnumType)["_create_"]
from simulator.system.quick_enums import make_enums_quickly
make_enums_quickly()
quick, counts = vars(enum.EnumType)["_create_"], []
def held(made):
    return str({name: vars(value) if isinstance(value, made) else value for name, value in sorted(vars(made).items())})
def both(base, class_name, names, **named):
    named["module"] = "sample"
    made, other = quick(base, class_name, names, **named), own(base, class_name, names, **named)
    assert held(made) == held(other) and made is not other, class_name
    assert [repr(each) for each in made] == [repr(each) for each in other], class_name
    assert [format(each) for each in made] == [format(each) for each in other], class_name
    counts.append(len(made.__members__))
    return made
type.__setattr__(enum.EnumType, "_create_", both)
from PySide6.QtCore import QEvent, QLocale, Qt
from PySide6.QtGui import QAccessible, QGradient, QPalette
from PySide6.QtWidgets import QStyle
print(Qt.Key.Key_A.value, max(counts) > 400, sum(counts) > 2000)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["65", "True", "True"]
