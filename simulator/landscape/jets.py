"""Second-order dual numbers in two variables: a value with its gradient and its Hessian.

With f(u) of a number u that itself depends on x and y: ∂f = f'(u) ∂u and ∂²f = f''(u) ∂u ∂u + f'(u) ∂²u; of products
and sums likewise. Entries are numbers or arrays of one shape, float64, so that what overflows is ∞, not an error.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

Scalar = Any
"""A float64 number, or an array of them."""


@dataclass(frozen=True, slots=True)
class Jet:
    """f, ∂f/∂x, ∂f/∂y, ∂²f/∂x², ∂²f/∂x∂y, ∂²f/∂y² at one place, or at each of an array of them.

    What it is added to, multiplied with or raised to may be a jet, a number or an array of numbers.
    """

    f: Scalar
    x: Scalar
    y: Scalar
    xx: Scalar
    xy: Scalar
    yy: Scalar
    __array_ufunc__: ClassVar[None] = None
    """numpy leaves arithmetic with jets to them."""

    @property
    def parts(self) -> tuple[Scalar, ...]:
        return self.f, self.x, self.y, self.xx, self.xy, self.yy

    def __add__(self, other: Jet | Scalar) -> Jet:
        if isinstance(other, Jet):
            return Jet(*map(operator.add, self.parts, other.parts))
        return Jet(self.f + other, self.x, self.y, self.xx, self.xy, self.yy)

    __radd__ = __add__

    def __sub__(self, other: Jet | Scalar) -> Jet:
        difference: Jet = self + -other
        return difference

    def __rsub__(self, other: Scalar) -> Jet:
        difference: Jet = -self + other
        return difference

    def __neg__(self) -> Jet:
        return self * -1.0

    def __mul__(self, other: Jet | Scalar) -> Jet:
        if not isinstance(other, Jet):
            return Jet(*(other * part for part in self.parts))
        a, b = self, other
        return Jet(
            a.f * b.f, a.x * b.f + a.f * b.x, a.y * b.f + a.f * b.y, a.xx * b.f + 2 * a.x * b.x + a.f * b.xx,
            a.xy * b.f + a.x * b.y + a.y * b.x + a.f * b.xy, a.yy * b.f + 2 * a.y * b.y + a.f * b.yy,
        )  # fmt: skip

    __rmul__ = __mul__

    def __truediv__(self, other: Jet | Scalar) -> Jet:
        if isinstance(other, Jet):
            return other.reciprocal() * self
        return Jet(*(part / other for part in self.parts))

    def __rtruediv__(self, other: Scalar) -> Jet:
        quotient: Jet = self.reciprocal() * other
        return quotient

    def reciprocal(self) -> Jet:
        """1 / f"""
        r = 1 / self.f
        return chain(self, r, -r * r, 2 * r * r * r)

    def __pow__(self, exponent: Jet | Scalar) -> Jet:
        """fᵖ for a constant p: slopes that are 0 for every f are 0, also where fᵖ⁻² is not finite; else e^(p ln f)."""
        if isinstance(exponent, Jet):
            power: Jet = applied("exp", exponent * applied("log", self))
            return power
        if exponent == 0:
            return chain(self, self.f**exponent, 0.0, 0.0)
        if exponent == 1:
            return self
        value, slope = self.f**exponent, exponent * self.f ** (exponent - 1)
        return chain(self, value, slope, exponent * (exponent - 1) * self.f ** (exponent - 2))

    def __rpow__(self, base: Scalar) -> Jet:
        power: Jet = applied("exp", self * applied("log", base))
        return power


def variables(x: Scalar, y: Scalar) -> tuple[Jet, Jet]:
    """x and y themselves, at a place."""
    zero, one = np.zeros_like(x)[()], np.ones_like(x)[()]
    return Jet(x, one, zero, zero, zero, zero), Jet(y, zero, one, zero, zero, zero)


def chain(u: Jet, f: Scalar, slope: Scalar, bend: Scalar) -> Jet:
    """f(u), from its value and its first and second derivative at u."""
    return Jet(
        f, slope * u.x, slope * u.y, bend * u.x * u.x + slope * u.xx, bend * u.x * u.y + slope * u.xy,
        bend * u.y * u.y + slope * u.yy,
    )  # fmt: skip


def choose(first: Scalar, a: Jet, b: Jet) -> Jet:
    """``a`` where ``first`` holds, else ``b``."""
    return Jet(*(np.where(first, one, other)[()] for one, other in zip(a.parts, b.parts, strict=True)))


Curve = Callable[[Scalar], tuple[Scalar, Scalar, Scalar]]
"""Value, slope and second derivative of a function of one number."""


def _tan(u: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    t = np.tan(u)
    return t, 1 + t * t, 2 * t * (1 + t * t)


def _tanh(u: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    t = np.tanh(u)
    return t, 1 - t * t, -2 * t * (1 - t * t)


def _exp(u: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    e = np.exp(u)
    return e, e, e


def _sqrt(u: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    r = np.sqrt(u)
    return r, 0.5 / r, -0.25 / (r * u)


def _atan(u: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    slope = 1 / (1 + u * u)
    return np.arctan(u), slope, -2 * u * slope * slope


CURVES: dict[str, Curve] = {
    "sin": lambda u: (np.sin(u), np.cos(u), -np.sin(u)),
    "cos": lambda u: (np.cos(u), -np.sin(u), -np.cos(u)),
    "tan": _tan,
    "sinh": lambda u: (np.sinh(u), np.cosh(u), np.sinh(u)),
    "cosh": lambda u: (np.cosh(u), np.sinh(u), np.cosh(u)),
    "tanh": _tanh,
    "atan": _atan,
    "exp": _exp,
    "log": lambda u: (np.log(u), 1 / u, -1 / (u * u)),
    "sqrt": _sqrt,
    "abs": lambda u: (np.abs(u), np.sign(u), 0.0 * u),
}
"""Functions of one argument that a typed formula may use."""


def applied(name: str, u: Jet | Scalar) -> Any:
    """One of :data:`CURVES` of a jet, a number or an array of numbers."""
    return chain(u, *CURVES[name](u.f)) if isinstance(u, Jet) else CURVES[name](u)[0]
