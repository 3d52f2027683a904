"""A typed f(x, y): read by a list of what it may hold, never run, refused in one sentence that says where."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.landscape.expression import LONGEST, ExpressionError, parsed
from simulator.landscape.functions import Typed

PIECES = [
    "x", "y", "1", "2.5", "1e308", "(", ")", "+", "-", "*", "/", "**", "^", ",", ".", "sin", "min", "max", "log", "e",
    "pi", " ", "__import__", "os", "eval", "lambda", ":", "[", "]", "{", "}", "'", '"', "=", "if", "else", "for", "in",
    "#", "\\", "\n", "\0", "·", "−", "π", "@", ";", "1j", "True", "None", "f'", "await", ":=", "~", "not", "and", "<",
    "9" * 400, "\ud800",
]  # fmt: skip


def refusal(text: str) -> str:
    """What is said of a text that is no formula; ``""`` of one that is."""
    try:
        parsed(text)
    except ExpressionError as error:
        return str(error)
    return ""


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), st.text(max_size=60)))
def test_whatever_is_typed_gives_numbers_or_one_sentence(text: str) -> None:
    refused = refusal(text)
    if refused:
        assert "\n" not in refused
        assert len(refused) < 600
        return
    with np.errstate(all="ignore"):
        function = Typed(expression=text)
        grid = np.linspace(-2, 2, 5)
        numbers = [function.value(grid, grid), *function.gradient(grid, grid), *function.hessian(grid, grid)]
    assert all(isinstance(each, np.ndarray) and each.shape == (5,) and each.dtype == np.float64 for each in numbers)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("x + z", "there is no 'z' at character 5"),
        ("x^2 + z", "there is no 'z' at character 7"),
        ("x·y − abc", "there is no 'abc' at character 7"),
        ("  x + foo(y)", "there is no function 'foo' at character 7"),
        ("x +* y", "cannot be read at character 4"),
        ("sin(x, y)", "sin takes 1 argument at character 1"),
        ("min(x)", "min takes 2 arguments at character 1"),
        ("x.real", "a dot has no place in a formula at character 1"),
        ("__import__('os')", "no function '__import__'"),
        ("x if y else 1", "if has no place"),
        ("(lambda: 1)()", "this call has no place"),
        ("x, y", "a comma has no place"),
        ("x < y", "a comparison has no place"),
        ("1j*x", "this constant has no place"),
        ("True", "a truth value is no number"),
        ("x # y", "# has no place in a formula at character 3"),
        ("9" * 400, "too large at character 1"),
        ("x" * (LONGEST + 1), "501 characters"),
        ("(" * 150 + "x" + ")" * 150 + "+" + "-" * 60 + "x", "nested deeper"),
        ("(" * 240 + "x", "cannot be read"),
    ],
)
def test_what_is_refused_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ExpressionError, match=r"^[^\n]+$") as refused:
        parsed(text)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x^2 + 3*y", 13.0), ("-x**2", -4.0), ("2**-1", 0.5), ("x^y^1", 8.0), ("max(x, y) − min(x, y)", 1.0),
        ("x·y/4", 1.5), ("log(e) + cos(pi)", 0.0), ("9**9**9", math.inf), ("sqrt(0 - x)", math.nan), ("+x\n+ y", 5.0),
    ],
)  # fmt: skip
def test_a_formula_is_worth_what_it_says(text: str, value: float) -> None:
    with np.errstate(all="ignore"):
        assert Typed(expression=text).value(2.0, 3.0) == pytest.approx(value, nan_ok=True)
