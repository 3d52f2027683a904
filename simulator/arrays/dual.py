"""Dual numbers a + ε ȧ with ε² = 0: what is computed with them carries its exact derivative along.

f(a + ε ȧ) = f(a) + ε f'(a) ȧ, and of a branch (a maximum, a comparison) that of the side which a lies on. Buffers made
of them turn a network's own passes into the derivative of these passes: of the gradient at w + ε v, the ε is H v
(Pearlmutter, Fast exact multiplication by the Hessian, 1994). Every operation that a layer may use has its rule here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from simulator.arrays.numeric import Array

TangentRule = Callable[[Sequence[Any], Sequence[Any], Any], Any]
"""From the inputs, their tangents (None of a plain number) and the result to the result's tangent."""


class Dual(NDArrayOperatorsMixin):
    """An array with a tangent of the same shape, which numpy's functions take where they take arrays."""

    __slots__ = ("tangent", "value")

    def __init__(self, value: Array, tangent: Array) -> None:
        self.value, self.tangent = value, tangent

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype

    @property
    def size(self) -> int:
        return self.value.size

    @property
    def flags(self) -> Any:
        return self.value.flags

    @property
    def T(self) -> Dual:
        return Dual(self.value.T, self.tangent.T)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Dual]:
        return map(Dual, self.value, self.tangent)

    def __getitem__(self, place: Any) -> Dual:
        return Dual(self.value[place], self.tangent[place])

    def __setitem__(self, place: Any, entries: Any) -> None:
        self.value[place] = _value(entries)
        self.tangent[place] = entries.tangent if isinstance(entries, Dual) else 0

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Its value alone."""
        return np.array(self.value, dtype, copy=copy)

    def fill(self, number: float) -> None:
        self.value.fill(number)
        self.tangent.fill(0)

    def reshape(self, *shape: Any) -> Dual:
        return Dual(self.value.reshape(*shape), self.tangent.reshape(*shape))

    def transpose(self, *axes: int) -> Dual:
        return Dual(self.value.transpose(*axes), self.tangent.transpose(*axes))

    def swapaxes(self, one: int, other: int) -> Dual:
        return Dual(self.value.swapaxes(one, other), self.tangent.swapaxes(one, other))

    def sum(self, axis: int) -> Dual:
        return Dual(self.value.sum(axis=axis), self.tangent.sum(axis=axis))

    def max(self, axis: int) -> Dual:
        """Of the first of the largest entries."""
        largest = np.expand_dims(self.value.argmax(axis=axis), axis)
        value, tangent = (np.take_along_axis(each, largest, axis) for each in (self.value, self.tangent))
        return Dual(value.squeeze(axis), tangent.squeeze(axis))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__":
            return NotImplemented
        (out,) = options.pop("out", (None,))
        if ufunc.__name__ in _WITHOUT_TANGENT:
            return _keep(ufunc(*map(_value, inputs), **options), None, out)
        return _compute(ufunc, inputs, out, **options)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, inputs: Sequence[Any], options: Mapping[str, Any]
    ) -> Any:
        keywords = dict(options)
        if function is np.copyto:
            return _copy(*inputs, **keywords)
        out = keywords.pop("out", None)
        if function.__name__ not in _LINEAR:
            return _compute(function, inputs, out, **keywords)
        return _keep(function(*map(_value, inputs), **keywords), function(*map(_tangent, inputs), **keywords), out)


def zeros(shape: int | tuple[int, ...], dtype: np.dtype[np.floating]) -> Array:
    """Dual numbers in the place of plain ones."""
    return cast(Array, Dual(np.zeros(shape, dtype), np.zeros(shape, dtype)))


def dual(array: Array) -> Dual:
    """An array that :func:`zeros` made, or a view of one, as what it is."""
    return cast(Dual, cast(object, array))


def _value(entries: Any) -> Any:
    return entries.value if isinstance(entries, Dual) else entries


def _tangent(entries: Any) -> Any:
    return entries.tangent if isinstance(entries, Dual) else entries


def _compute(function: Callable[..., Any], inputs: Sequence[Any], out: Any, where: Any = True) -> Any:
    rule = _RULES.get(function.__name__)
    if rule is None:
        raise TypeError(f"no derivative of {function.__name__} is known: it needs a rule in {__name__}")
    values = [_value(each) for each in inputs]
    result = function(*values)
    tangents = [each.tangent if isinstance(each, Dual) else None for each in inputs]
    return _keep(result, rule(values, tangents, result), out, where)


def _keep(result: Array, tangent: Any, out: Any, where: Any = True) -> Any:
    """Both in ``out``, or in a dual of their own; without a tangent, and in a plain ``out``, the result alone."""
    if out is None and tangent is None:
        return result
    if out is None:
        out = Dual(result, np.empty_like(result))
    np.copyto(_value(out), result, where=where)
    if isinstance(out, Dual):
        np.copyto(out.tangent, 0 if tangent is None else tangent, where=where)
    return out


def _copy(out: Any, source: Any, where: Any = True) -> None:
    np.copyto(_value(out), _value(source), where=where)
    if isinstance(out, Dual):
        np.copyto(out.tangent, source.tangent if isinstance(source, Dual) else 0, where=where)


def _total(terms: Sequence[Any]) -> Any:
    known = [term for term in terms if term is not None]
    return known[0] + known[1] if len(known) == 2 else known[0]


def _subtract(values: Sequence[Any], tangents: Sequence[Any], result: Any) -> Any:
    first, second = tangents
    return _total([first, None if second is None else -second])


def _bilinear(multiply: Callable[[Any, Any], Any]) -> TangentRule:
    """(a b)˙ = ȧ b + a ḃ"""

    def rule(values: Sequence[Any], tangents: Sequence[Any], result: Any) -> Any:
        (a, b), (da, db) = values, tangents
        return _total([None if da is None else multiply(da, b), None if db is None else multiply(a, db)])

    return rule


def _partial(weights: Callable[[Any, Any, Any], tuple[Any, Any]]) -> TangentRule:
    """f(a, b)˙ = w₁ ȧ + w₂ ḃ with the weights of a, b and the result."""

    def rule(values: Sequence[Any], tangents: Sequence[Any], result: Any) -> Any:
        a, b = values
        pairs = zip(weights(a, b, result), tangents, strict=True)
        return _total([None if tangent is None else weight * tangent for weight, tangent in pairs])

    return rule


def _slope(slope: Callable[[Any, Any], Any]) -> TangentRule:
    """f(a)˙ = f'(a) ȧ with the slope from a and the result."""

    def rule(values: Sequence[Any], tangents: Sequence[Any], result: Any) -> Any:
        return slope(values[0], result) * tangents[0]

    return rule


def _choice(first: Callable[[Any, Any], Any]) -> TangentRule:
    """The tangent of the side that was taken: the second where both are equal."""

    def rule(values: Sequence[Any], tangents: Sequence[Any], result: Any) -> Any:
        one, other = (0 if tangent is None else tangent for tangent in tangents)
        return np.where(first(*values), one, other)

    return rule


def _reciprocal(values: Sequence[Any], tangents: Sequence[Any], result: Any) -> Any:
    """−r ȧ r, and 0 where a is infinite: there 1/a is flat."""
    return np.where(result == 0, 0, -result * tangents[0] * result)


_RULES: Mapping[str, TangentRule] = {
    "add": lambda values, tangents, result: _total(tangents),
    "subtract": _subtract,
    "negative": _slope(lambda a, r: -1),
    "multiply": _bilinear(np.multiply),
    "matmul": _bilinear(np.matmul),
    "dot": _bilinear(np.dot),
    "divide": _partial(lambda a, b, r: (1 / b, -r / b)),
    "logaddexp": _partial(lambda a, b, r: (np.exp(a - r), np.exp(b - r))),
    "maximum": _choice(np.greater),
    "minimum": _choice(np.less),
    "absolute": _slope(lambda a, r: np.sign(a)),
    "reciprocal": _reciprocal,
    "sqrt": _slope(lambda a, r: 0.5 / r),
    "exp": _slope(lambda a, r: r),
    "expm1": _slope(lambda a, r: r + 1),
    "tanh": _slope(lambda a, r: 1 - r * r),
    "erf": _slope(lambda a, r: 2 / math.sqrt(math.pi) * np.exp(-a * a)),
    "ndtr": _slope(lambda a, r: np.exp(-0.5 * a * a) / math.sqrt(2 * math.pi)),
}
_LINEAR = frozenset({"sum", "mean", "empty_like", "sliding_window_view"})
"""Functions of one array that act on value and tangent alike."""
_WITHOUT_TANGENT = frozenset({"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"})
"""Comparisons: the value decides."""
