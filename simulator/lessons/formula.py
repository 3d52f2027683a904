"""Formulas that a lesson's file may hold: numbers, names, arithmetic and listed functions, never evaluated as code."""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from simulator.arrays.numeric import Floats

FormulaValue = np.float64 | Floats
"""A number, or several in a row."""
LONGEST = 500
"""Characters of a formula."""
MOST_VALUES = 100_000
"""Numbers in a row."""


class FormulaError(ValueError):
    """What is wrong with a formula, in one sentence."""


def _first_below(values: Floats, level: FormulaValue) -> np.float64:
    """The first place, counted from 0, from which a value is below the level; ∞ where none is."""
    below = np.flatnonzero(np.atleast_1d(values) < level)
    return np.float64(below[0] if below.size else np.inf)


def _smooth(values: Floats, width: FormulaValue) -> Floats:
    """Means of so many neighbours each."""
    size = int(np.clip(width, 1, len(values)))
    means: Floats = np.convolve(values, np.full(size, 1 / size), mode="valid")
    return means


def _counted(count: FormulaValue) -> Floats:
    """1, 2, … count."""
    if not 0 <= count <= MOST_VALUES:
        raise FormulaError(f"up_to(n) counts to {MOST_VALUES} at most")
    return np.arange(1.0, float(count) + 1)


FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "abs": np.abs, "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "log10": np.log10, "tanh": np.tanh,
        "sign": np.sign, "min": lambda *values: np.min(np.hstack(values)),
        "max": lambda *values: np.max(np.hstack(values)), "sum": np.sum, "mean": np.mean, "median": np.median,
        "std": np.std, "product": np.prod, "first": lambda values: values[0], "last": lambda values: values[-1],
        "ratios": lambda values: values[:-1] / values[1:], "differences": lambda values: np.diff(values),
        "finite": lambda values: np.float64(np.isfinite(values).all()),
        "count": lambda values: np.float64(np.size(values)), "first_below": _first_below, "smooth": _smooth,
        "up_to": _counted,
    }
)  # fmt: skip
"""What a formula may call."""
CONSTANTS: Mapping[str, FormulaValue] = MappingProxyType({"pi": np.float64(np.pi), "inf": np.float64(np.inf)})
OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = MappingProxyType(
    {
        ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
        ast.Pow: operator.pow, ast.UAdd: operator.pos, ast.USub: operator.neg, ast.Lt: operator.lt,
        ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    }
)  # fmt: skip


class Formula:
    """A formula that has been read; FormulaError says what in it is not allowed."""

    def __init__(self, text: str | float) -> None:
        self.text = text if isinstance(text, str) else repr(float(text))
        self._tree = _parsed(self.text) if isinstance(text, str) else ast.Constant(float(text))
        self.names = frozenset(_names(self._tree)) - CONSTANTS.keys()
        """What it needs to know."""

    def value(self, names: Mapping[str, FormulaValue]) -> FormulaValue:
        """What it comes to where the names have these values."""
        if unknown := sorted(self.names - names.keys()):
            raise FormulaError(f"there is no {unknown[0]!r}; there are {', '.join(names) or 'no names'}")
        try:
            with np.errstate(all="ignore"):
                return _checked(_value(self._tree, {**CONSTANTS, **names}))
        except (IndexError, TypeError, ValueError) as error:
            if isinstance(error, FormulaError):
                raise
            raise FormulaError(f"{self.text!r} cannot be worked out: {error}") from None


def _parsed(text: str) -> ast.AST:
    if len(text) > LONGEST:
        raise FormulaError(f"a formula has at most {LONGEST} characters, not {len(text)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"{text!r} is no formula") from None
    try:
        for _ in _checked_nodes(tree):
            pass
    except RecursionError:
        raise FormulaError(f"{text[:40]!r} is nested too deeply") from None
    return tree


def _checked_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Every node; FormulaError at the first that is not allowed."""
    if not _allowed(node):
        shown = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
        hint = "; a power is **" if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor) else ""
        raise FormulaError(f"{shown[:60]!r} is not allowed in a formula{hint}")
    yield node
    for child in _operands(node):
        yield from _checked_nodes(child)


def _allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return type(node.value) in (int, float)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords
    if isinstance(node, ast.BinOp | ast.UnaryOp):
        return type(node.op) in OPERATORS
    if isinstance(node, ast.Compare):
        return len(node.ops) == 1 and type(node.ops[0]) in OPERATORS
    if isinstance(node, ast.Subscript):
        return _places(node) is not None
    return isinstance(node, ast.Name | ast.List)


def _operands(node: ast.AST) -> list[ast.expr]:
    """What a node is made of."""
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.UnaryOp():
            return [node.operand]
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.Call():
            return node.args
        case ast.Subscript():
            return [node.value]
        case ast.List():
            return node.elts
    return []


def _names(tree: ast.AST) -> Iterator[str]:
    return (node.id for node in _checked_nodes(tree) if isinstance(node, ast.Name))


def _places(node: ast.Subscript) -> int | slice | None:
    """``v[2]``, ``v[1:-1]``; None for anything else."""

    def whole(part: ast.expr | None) -> int | None:
        sign = -1 if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub) else 1
        number = part.operand if isinstance(part, ast.UnaryOp) and sign < 0 else part
        if isinstance(number, ast.Constant) and type(number.value) is int and number.value <= MOST_VALUES:
            return sign * number.value
        return None

    index = node.slice
    if not isinstance(index, ast.Slice):
        return whole(index)
    ends = [(part, whole(part)) for part in (index.lower, index.upper)]
    if index.step is not None or any(part is not None and place is None for part, place in ends):
        return None
    return slice(ends[0][1], ends[1][1])


def _value(node: ast.AST, names: Mapping[str, FormulaValue]) -> Any:
    if isinstance(node, ast.Constant):
        return np.float64(as_float(node.value))
    if isinstance(node, ast.Name):
        return names[node.id]
    parts = [_value(part, names) for part in _operands(node)]
    match node:
        case ast.BinOp() | ast.UnaryOp():
            return _checked(OPERATORS[type(node.op)](*parts))
        case ast.Compare():
            return np.float64(OPERATORS[type(node.ops[0])](*parts))
        case ast.Call(func=ast.Name(id=name)):
            return _checked(FUNCTIONS[name](*parts))
        case ast.Subscript():
            return parts[0][_places(node)]
    return np.hstack(parts) if parts else np.empty(0)


def as_float(value: Any) -> float:
    """A number as a float; ∞ where it is larger than any."""
    try:
        return float(value)
    except OverflowError:
        return np.inf


def _checked(value: Any) -> FormulaValue:
    """A number in full, or a row of them."""
    array = np.asarray(value, np.float64)
    if array.ndim > 1 or array.size > MOST_VALUES:
        raise FormulaError(f"a formula comes to a number or to a row of at most {MOST_VALUES}")
    return np.float64(array) if array.ndim == 0 else array
