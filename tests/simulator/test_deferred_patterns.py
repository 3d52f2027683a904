"""Patterns that a library compiles when it is imported are compiled with their first use."""

from __future__ import annotations

import abc
import re

import pytest

from simulator.system.deferred_patterns import deferred_patterns


def test_a_pattern_is_compiled_when_it_is_first_asked_something() -> None:
    with deferred_patterns():
        broken, whole = re.compile("("), re.compile("(A+)(b)", re.IGNORECASE)
        split = whole.split
    assert split("xaabx") == ["x", "aa", "b", "x"]
    assert [found.group(1) for found in whole.finditer("ab aab")] == ["a", "aa"]
    assert (whole.pattern, whole.groups, whole.flags & re.IGNORECASE) == ("(A+)(b)", 2, re.IGNORECASE)
    with pytest.raises(re.error, match="unterminated subpattern"):
        broken.match("")


def test_a_pattern_may_stand_in_a_class_whose_members_python_looks_over() -> None:
    with deferred_patterns():

        class Finder(abc.ABC):
            never = re.compile("(")
            numbers = re.compile(r"\d+").findall

            @abc.abstractmethod
            def find(self) -> None: ...

        class Found(Finder):
            def find(self) -> None: ...

    assert Found().numbers("1 and 22") == ["1", "22"]


def test_afterwards_patterns_are_compiled_at_once_again() -> None:
    with deferred_patterns():
        pass
    assert isinstance(re.compile("after"), re.Pattern)
