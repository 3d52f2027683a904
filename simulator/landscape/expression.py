"""A typed f(x, y): what it may hold is a list of names and operators, and nothing of it is ever run as code.

Python's own parser reads the text into a tree; of the tree only what stands here is taken over, into nodes of our own.
These compute with plain arrays, or with :mod:`simulator.landscape.jets` where gradient and Hessian are wanted too.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from simulator.landscape.jets import CURVES, Jet, Scalar, applied, choose

LONGEST = 500
"""Characters of a formula."""
DEEPEST = 40
"""Brackets and operators within each other."""
CONSTANTS = {"pi": math.pi, "e": math.e}
PAIRS = ("min", "max")
"""Functions of two arguments."""
OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip
LOOKALIKES = str.maketrans({"−": "-", "·": "*", "×": "*"})
"""Signs that people type for those of the language."""
ALLOWED = f"it may use x, y, numbers, {', '.join(CONSTANTS)}, + - * / ** ^, brackets and {', '.join((*CURVES, *PAIRS))}"


class ExpressionError(ValueError):
    """What is wrong with a formula, and at which of its characters, in one sentence."""


Operand = Any
"""A jet, a number or an array."""
FormulaNode = Callable[[Operand, Operand], Operand]
"""A formula, or a part of one: its value for x and y."""


@functools.lru_cache(maxsize=64)
def parsed(text: str) -> FormulaNode:
    """f of numbers or arrays, and of jets; ExpressionError where the text is no formula."""
    if not text.strip():
        raise ExpressionError(f"the formula is empty: {ALLOWED}")
    if len(text) > LONGEST:
        raise ExpressionError(f"the formula has {len(text)} characters, and at most {LONGEST} are read")
    reader = _Reader(text)
    return reader.node(_tree(text), 0)


def _tree(text: str) -> ast.expr:
    source = _source(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.strip(), mode="eval").body
    except SyntaxError as error:
        at = _column(text, (error.offset or 1) - 1 + _indent(source))
        raise ExpressionError(f"the formula cannot be read at character {at} of {len(text)}: {ALLOWED}") from None
    except (ValueError, MemoryError, RecursionError):
        raise ExpressionError(f"the formula cannot be read: {ALLOWED}") from None


def _source(text: str) -> str:
    """What Python's parser is given: one line, without comments."""
    if "#" in text:
        raise ExpressionError(f"# has no place in a formula at character {text.index('#') + 1}: {ALLOWED}")
    return re.sub(r"\s", " ", text.translate(LOOKALIKES)).replace("^", "**")


def _indent(source: str) -> int:
    return len(source) - len(source.lstrip())


def _column(text: str, offset: int) -> int:
    """The character, from 1, of the text as it was typed: a ^ was read as two."""
    position = 0
    for index, mark in enumerate(text):
        position += 2 if mark == "^" else 1
        if position > offset:
            return index + 1
    return len(text)


class _Reader:
    """Takes a tree over, node by node."""

    def __init__(self, text: str) -> None:
        self.text = text

    def refuse(self, node: ast.AST, what: str) -> ExpressionError:
        source = _source(self.text)
        # The parser counts bytes.
        before = source.strip().encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore")
        at = _column(self.text, len(before) + _indent(source))
        return ExpressionError(f"{what} at character {at}: {ALLOWED}")

    def node(self, node: ast.expr, depth: int) -> FormulaNode:
        if depth > DEEPEST:
            raise ExpressionError(f"the formula is nested deeper than {DEEPEST} levels")
        match node:
            case ast.Constant(value=bool()):
                raise self.refuse(node, "a truth value is no number")
            case ast.Constant(value=int() | float() as value):
                return self.number(node, value)
            case ast.Name(id=name):
                return self.name(node, name)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                inner = self.node(node.operand, depth + 1)
                return inner if isinstance(node.op, ast.UAdd) else (lambda x, y: -inner(x, y))
            case ast.BinOp() if type(node.op) in OPERATORS:
                both, a, b = OPERATORS[type(node.op)], self.node(node.left, depth + 1), self.node(node.right, depth + 1)
                return lambda x, y: both(a(x, y), b(x, y))
            case ast.Call(func=ast.Name(id=name), keywords=[]):
                return self.call(node, name, depth)
        raise self.refuse(node, f"{_what(node)} has no place in a formula")

    def number(self, node: ast.expr, literal: float) -> FormulaNode:
        try:
            value = np.float64(literal)
        except OverflowError:
            raise self.refuse(node, "the number is too large") from None
        if not math.isfinite(value):
            raise self.refuse(node, "the number is too large")
        return lambda x, y: value

    def name(self, node: ast.expr, name: str) -> FormulaNode:
        if name == "x":
            return lambda x, y: x
        if name == "y":
            return lambda x, y: y
        if name not in CONSTANTS:
            raise self.refuse(node, f"there is no {name[:40]!r}")
        value = np.float64(CONSTANTS[name])
        return lambda x, y: value

    def call(self, node: ast.Call, name: str, depth: int) -> FormulaNode:
        wanted = 1 if name in CURVES else 2 if name in PAIRS else 0
        if not wanted:
            raise self.refuse(node, f"there is no function {name[:40]!r}")
        if len(node.args) != wanted:
            raise self.refuse(node, f"{name} takes {wanted} {'arguments' if wanted > 1 else 'argument'}")
        inner = [self.node(argument, depth + 1) for argument in node.args]
        return (lambda x, y: applied(name, inner[0](x, y))) if wanted == 1 else _pair(name, inner)


def _what(node: ast.AST) -> str:
    words = {
        ast.Attribute: "a dot", ast.Subscript: "an index", ast.Lambda: "a lambda", ast.Compare: "a comparison",
        ast.BoolOp: "and/or", ast.IfExp: "if", ast.Constant: "this constant", ast.Call: "this call",
        ast.Tuple: "a comma", ast.NamedExpr: ":=",
    }  # fmt: skip
    return words.get(type(node), "this sign" if isinstance(node, (ast.BinOp, ast.UnaryOp)) else "this")


def _pair(name: str, inner: Sequence[FormulaNode]) -> FormulaNode:
    """The smaller or the larger of two; of equals the second, as their slopes differ."""
    compare = np.less if name == "min" else np.greater

    def node(x: Operand, y: Operand) -> Operand:
        a, b = (each(x, y) for each in inner)
        if not isinstance(a, Jet) and not isinstance(b, Jet):
            return (np.minimum if name == "min" else np.maximum)(a, b)
        return choose(compare(_value(a), _value(b)), _jet(a), _jet(b))

    return node


def _value(operand: Operand) -> Scalar:
    return operand.f if isinstance(operand, Jet) else operand


def _jet(operand: Operand) -> Jet:
    return operand if isinstance(operand, Jet) else Jet(operand, 0.0, 0.0, 0.0, 0.0, 0.0)
