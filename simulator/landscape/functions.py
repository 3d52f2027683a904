"""The functions of a landscape. A new one is one class here: value, gradient, Hessian, minima and what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from simulator.landscape.expression import parsed
from simulator.landscape.function import ClosedForm, Function, Point, Window
from simulator.landscape.jets import Jet, Scalar, variables
from simulator.landscape.slice import Slice
from simulator.schema.parameter import any_of, kind_of, kinds, knob

_CONDITION = knob(
    "condition",
    "κ: how many times as steep the walls are as the valley floor.",
    slider=(1, 1000), log=True, ge=1, le=1000, unit="κ", live=True,
)  # fmt: skip


class Quadratic(ClosedForm, frozen=True):
    """½(x² + κy²)"""

    condition: Annotated[float, _CONDITION] = 100.0
    minima: ClassVar[tuple[Point, ...]] = ((0.0, 0.0),)

    def value(self, x: Scalar, y: Scalar) -> Scalar:
        return 0.5 * (x * x + self.condition * (y * y))

    def gradient(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar]:
        return 1.0 * x, self.condition * y

    def hessian(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        return 1.0 + 0.0 * x, 0.0 * x, self.condition + 0.0 * y


class Ravine(Quadratic, frozen=True, tag="ravine"):
    """A valley with a flat floor and walls κ times as steep.

    Gradient descent is stable below η = 2/κ; along the floor 1 − η of the distance is left after each step.
    """

    formula: ClassVar[str] = r"$$f(x,y)=\frac{x^2+\kappa y^2}{2}$$"


class Saddle(ClosedForm, frozen=True, tag="saddle"):
    """A saddle at the origin, with a minimum on either side of it.

    On the line y = 0 the gradient leads to the saddle, and gradient descent never leaves it.
    """

    formula: ClassVar[str] = r"$$f(x,y)=\frac{x^2-y^2}{2}+\frac{y^4}{4}$$"
    start: ClassVar[Point] = (1.2, 0.001)
    minima: ClassVar[tuple[Point, ...]] = ((0.0, 1.0), (0.0, -1.0))

    def value(self, x: Scalar, y: Scalar) -> Scalar:
        return 0.5 * (x * x - y * y) + 0.25 * (y * y) * (y * y)

    def gradient(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar]:
        return 1.0 * x, y * (y * y) - y

    def hessian(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        return 1.0 + 0.0 * x, 0.0 * x, 3.0 * (y * y) - 1.0


class Plateau(ClosedForm, frozen=True, tag="plateau"):
    """A hollow in a plain: far from it the gradient is almost 0."""

    formula: ClassVar[str] = r"$$f(x,y)=1-e^{-(x^2+y^2)/2}$$"
    start: ClassVar[Point] = (2.5, 1.5)
    window: ClassVar[Window] = ((-4.0, 4.0), (-4.0, 4.0))
    minima: ClassVar[tuple[Point, ...]] = ((0.0, 0.0),)

    def value(self, x: Scalar, y: Scalar) -> Scalar:
        return -np.expm1(-0.5 * (x * x + y * y))

    def gradient(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar]:
        e = np.exp(-0.5 * (x * x + y * y))
        return x * e, y * e

    def hessian(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        e = np.exp(-0.5 * (x * x + y * y))
        return (1.0 - x * x) * e, -x * y * e, (1.0 - y * y) * e


def _well(t: Scalar) -> Scalar:
    return 0.5 * t * ((t * t - 16.0) * t + 5.0)


def _bottoms() -> tuple[Point, ...]:
    """Where 4 t³ − 32 t + 5 = 0 and the second derivative is positive, the lowest first."""
    turns = sorted(float(t) for t in np.roots([4.0, 0.0, -32.0, 5.0]).real if 12.0 * t * t > 32.0)
    return tuple(sorted(((x, y) for x in turns for y in turns), key=lambda point: _well(point[0]) + _well(point[1])))


class Minima(ClosedForm, frozen=True, tag="minima"):
    """Four minima of different depth: where an optimiser ends hangs on where it starts, and how.

    Styblinski and Tang 1990, Experiments in nonconvex optimization: stochastic approximation with function smoothing
    and simulated annealing.
    """

    label: ClassVar[str] = "several minima"
    formula: ClassVar[str] = r"$$f(x,y)=\frac{x^4-16x^2+5x+y^4-16y^2+5y}{2}$$"
    start: ClassVar[Point] = (0.5, 3.9)
    window: ClassVar[Window] = ((-4.5, 4.5), (-4.5, 4.5))
    minima: ClassVar[tuple[Point, ...]] = _bottoms()

    def value(self, x: Scalar, y: Scalar) -> Scalar:
        return _well(x) + _well(y)

    def gradient(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar]:
        return (2.0 * (x * x) - 16.0) * x + 2.5, (2.0 * (y * y) - 16.0) * y + 2.5

    def hessian(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        return 6.0 * (x * x) - 16.0, 0.0 * x, 6.0 * (y * y) - 16.0


class Rosenbrock(ClosedForm, frozen=True, tag="rosenbrock"):
    """A curved valley with steep walls and an almost flat floor.

    Rosenbrock 1960, An automatic method for finding the greatest or least value of a function.
    """

    label: ClassVar[str] = "Rosenbrock"
    formula: ClassVar[str] = r"$$f(x,y)=(1-x)^2+b\,(y-x^2)^2$$"
    start: ClassVar[Point] = (-1.2, 1.0)
    window: ClassVar[Window] = ((-2.0, 2.0), (-1.0, 3.0))
    steepness: Annotated[
        float,
        knob("steepness", "How steep the walls are.", slider=(1, 1000), log=True, gt=0, le=1e6, unit="b", live=True),
    ] = 100.0
    minima: ClassVar[tuple[Point, ...]] = ((1.0, 1.0),)

    def value(self, x: Scalar, y: Scalar) -> Scalar:
        across, along = y - x * x, 1.0 - x
        return along * along + self.steepness * (across * across)

    def gradient(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar]:
        across = self.steepness * (y - x * x)
        return -2.0 * (1.0 - x) - 4.0 * x * across, 2.0 * across

    def hessian(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        b = self.steepness
        return 2.0 - 4.0 * b * (y - x * x) + 8.0 * b * (x * x), -4.0 * b * x, 2.0 * b + 0.0 * y


class NoisyRavine(Quadratic, frozen=True, tag="noisy_ravine"):
    """The ravine, its gradient as noisy as that of a mini-batch.

    All optimisers get the same draws, ξ of a step is that of every one of them.
    """

    formula: ClassVar[str] = (
        r"$$f(x,y)=\frac{x^2+\kappa y^2}{2},\qquad g=\nabla f+\sigma\xi,\quad\xi\sim\mathcal{N}(0,I)$$"
    )
    sigma: Annotated[
        float,
        knob(
            "noise", "σ of what is added to each coordinate of the gradient.", slider=(0, 10), ge=0, le=1e6, unit="σ",
            live=True,
        ),
    ] = 1.0  # fmt: skip
    seed: Annotated[int, knob("seed", "Of the draws.", slider=(0, 99), ge=0, le=2**63 - 1, live=True)] = 0

    @property
    def noise(self) -> tuple[float, int]:
        return self.sigma, self.seed


class Typed(ClosedForm, frozen=True, tag="typed"):
    """Any f(x, y): its gradient and Hessian come exactly, by second-order dual numbers.

    x, y, numbers, pi, e, + − * / ^, brackets, and sin, cos, tan, sinh, cosh, tanh, atan, exp, log, sqrt, abs,
    min, max.
    """

    label: ClassVar[str] = "typed f(x, y)"
    formula: ClassVar[str] = r"$$f(x,y)\;\text{as typed}$$"
    window: ClassVar[Window] = ((-3.0, 3.0), (-3.0, 3.0))
    checked_field: ClassVar[str] = "expression"
    expression: Annotated[str, knob("f(x, y)", "The formula.", live=True)] = "(x^2 + 10*y^2)/2"

    def check(self) -> None:
        parsed(self.expression)

    def value(self, x: Scalar, y: Scalar) -> Scalar:
        x, y = np.asarray(x, np.float64)[()], np.asarray(y, np.float64)[()]
        return _spread(parsed(self.expression)(x, y), x)

    def gradient(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar]:
        jet = self._jet(x, y)
        return jet.x, jet.y

    def slope(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        jet = self._jet(x, y)
        return jet.f, jet.x, jet.y

    def hessian(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        jet = self._jet(x, y)
        return jet.xx, jet.xy, jet.yy

    def _jet(self, x: Scalar, y: Scalar) -> Jet:
        a, b = variables(np.asarray(x, np.float64)[()], np.asarray(y, np.float64)[()])
        made = parsed(self.expression)(a, b)
        parts = made.parts if isinstance(made, Jet) else (made, 0.0, 0.0, 0.0, 0.0, 0.0)
        return Jet(*(_spread(part, a.f) for part in parts))


def _spread(result: Scalar, x: Scalar) -> Scalar:
    """A constant at each place of ``x``."""
    return result if np.shape(result) == np.shape(x) else np.full(np.shape(x), result)[()]


FUNCTIONS: dict[str, type[Function]] = {**kinds(Function), kind_of(Slice): Slice}
"""What can be raced on, by its kind."""
if TYPE_CHECKING:
    AnyFunction = Function
else:
    AnyFunction = any_of(Function)
