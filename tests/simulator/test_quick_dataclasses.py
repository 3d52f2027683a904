"""Dataclasses that are made quickly do what those do that Python makes."""

from __future__ import annotations

import dataclasses
import pickle
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, make_dataclass
from typing import Any

import pytest

from simulator.system import quick_dataclasses
from simulator.system.quick_dataclasses import make_dataclasses_quickly

Make = Callable[[], type]
HIDDEN: Any = field(default=3, repr=False)


def frozen() -> type:
    return make_dataclass(
        "Frozen", ["one", ("two", int, 2), ("hidden", int, field(default=3, repr=False))], frozen=True
    )


def empty() -> type:
    return make_dataclass("Empty", [], frozen=True)


def loose() -> type:
    return make_dataclass("Loose", ["one"])


def slotted() -> type:
    return make_dataclass("Slotted", ["one"], frozen=True, slots=True)


def below() -> type:
    return type("Below", (frozen(),), {"more": 1})


def derived() -> type:
    return make_dataclass("Derived", [("three", int, 5)], bases=(frozen(),), frozen=True)


def inside() -> type:
    class Inside:
        one: Any
        self: int = 1

    return dataclass(frozen=True)(Inside)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Callable[[Make], tuple[type, type]]:
    """The class as Python makes it, and as it is made quickly."""
    own = {name: made for name, made in vars(dataclasses).items() if name in quick_dataclasses.MAKERS}
    for name, made in own.items():
        monkeypatch.setattr(dataclasses, name, made)  # as it is after the test

    def both(make: Make) -> tuple[type, type]:
        before = make()
        make_dataclasses_quickly()
        after = make()
        vars(dataclasses).update(own)
        return before, after

    return both


def done(made: type, act: Callable[[Any], object]) -> tuple[object, ...]:
    """What comes of an act on one of these, and how that stands then."""
    one = made(*[0 for each in dataclasses.fields(made) if each.name == "one"])
    try:
        said: object = act(one)
    except (AttributeError, TypeError) as error:
        said = type(error), str(error)
    return said, {**getattr(one, "__dict__", {})}


def deleted(name: str) -> Callable[[Any], object]:
    return lambda one: delattr(one, name)


def put(name: str) -> Callable[[Any], object]:
    return lambda one: setattr(one, name, 7)


@pytest.mark.parametrize("make", [frozen, empty, loose, slotted, below, derived, inside])
@pytest.mark.parametrize(
    "act", [repr, hash, put("one"), put("more"), put("other"), deleted("one"), deleted("more"), deleted("other")]
)
def test_each_act_comes_to_the_same(
    quick: Callable[[Make], tuple[type, type]], make: Make, act: Callable[[Any], object]
) -> None:
    before, after = quick(make)
    assert done(after, act) == done(before, act)


def test_one_that_holds_itself_is_written_once(quick: Callable[[Make], tuple[type, type]]) -> None:
    for made in quick(loose):
        held: list[object] = []
        held.append(made(held))
        assert repr(held[0]) == "Loose(one=[...])"


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python compiles all of a class at once")
def test_what_is_made_quickly_is_not_compiled(quick: Callable[[Make], tuple[type, type]]) -> None:
    before, after = quick(frozen)
    assert [vars(made)["__setattr__"].__code__.co_filename == "<string>" for made in (before, after)] == [True, False]


def test_where_python_makes_them_in_another_way_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_dataclasses, "MAKERS", {**quick_dataclasses.MAKERS, "_repr_fn": ("fields", "builder")})
    before = {name: vars(dataclasses).get(name) for name in quick_dataclasses.MAKERS}
    make_dataclasses_quickly()
    assert {name: vars(dataclasses).get(name) for name in before} == before


@dataclass(frozen=True)
class Kept:
    one: int


def test_one_can_be_pickled_and_replaced() -> None:
    assert pickle.loads(pickle.dumps(Kept(2))) == dataclasses.replace(Kept(1), one=2)
    with pytest.raises(FrozenInstanceError):
        put("one")(Kept(1))
