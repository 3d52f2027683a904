"""What a landscape is of: a function of two parameters."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Protocol

from simulator.landscape.jets import Scalar
from simulator.schema.parameter import Part

Point = tuple[float, float]
Window = tuple[tuple[float, float], tuple[float, float]]
"""From and to along x, and along y."""


class Objective(Protocol):
    """What optimisers race on: f, f with its slope, and its curvature, each at one place or at arrays of places."""

    @property
    def window(self) -> Window:
        """What is shown unless told otherwise."""

    @property
    def at_once(self) -> int:
        """Places that are computed without a look at whether anybody still waits."""

    def value(self, x: Scalar, y: Scalar) -> Scalar: ...
    def slope(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]: ...
    def hessian(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]: ...


class Function(Part, frozen=True):
    """A function of two parameters that optimisers can race on.

    What overflows becomes ∞ or NaN: an optimiser that diverges is shown to do so.
    """

    start: ClassVar[Point] = (1.0, 1.0)
    """Where optimisers begin unless told otherwise."""
    minima: ClassVar[tuple[Point, ...]] = ()
    """Where it is least nearby, the lowest first; empty where nobody knows."""
    checked_field: ClassVar[str] = "kind"
    """Name of the field that :meth:`check` is about."""
    slow: ClassVar[bool] = False
    """Whether f takes so long that it is not asked for at each move of a pointer."""

    @property
    def noise(self) -> tuple[float, int]:
        """σ of what is added to each coordinate of the gradient that is followed, and the seed of its draws."""
        return 0.0, 0

    @property
    def unused(self) -> tuple[str, ...]:
        """Names of fields that have no say as the others are set."""
        return ()

    def check(self) -> None:
        """ValueError with one sentence where no objective can be made of it."""

    @abstractmethod
    def objective(self) -> Objective:
        """What is raced on."""


class ClosedForm(Function, frozen=True):
    """A function that is its own objective."""

    at_once: ClassVar[int] = 8192
    window: ClassVar[Window] = ((-1.5, 1.5), (-1.5, 1.5))

    def objective(self) -> Objective:
        return self

    def slope(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        """f, ∂f/∂x, ∂f/∂y"""
        return self.value(x, y), *self.gradient(x, y)

    @abstractmethod
    def value(self, x: Scalar, y: Scalar) -> Scalar:
        """f(x, y)"""

    @abstractmethod
    def gradient(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar]:
        """∂f/∂x, ∂f/∂y"""

    @abstractmethod
    def hessian(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        """∂²f/∂x², ∂²f/∂x∂y, ∂²f/∂y²"""
