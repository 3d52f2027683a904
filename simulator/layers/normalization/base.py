"""What normalisations share: their description and the stage that they become inside a layer."""

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.layers.base import Affine, Block
from simulator.schema.parameter import Part, knob

EPSILON = knob("epsilon", "Added to the variance.", slider=(1e-8, 1e-1), log=True, ge=0, unit="ε", live=True)


Over = Literal["", "batch", "units"]


@runtime_checkable
class EpsilonSettings(Protocol):
    """What layer norm is set by, inside a layer or around a block."""

    @property
    def epsilon(self) -> float: ...


@runtime_checkable
class BatchNormSettings(EpsilonSettings, Protocol):
    """What batch norm is set by, inside a layer or around a block."""

    @property
    def momentum(self) -> float: ...


class Stage(ABC):
    """One elementwise or normalising operation on (units, samples) inside a layer."""

    @abstractmethod
    def update_spec(self, spec: Part) -> None:
        """Take over a description that differs in live parameters only."""

    def blocks(self) -> list[Block]:
        return []

    def states(self) -> list[Block]:
        return []

    @abstractmethod
    def allocate(self, shape: tuple[int, int], arena: Arena) -> None: ...

    @abstractmethod
    def forward(self, x: Array, out: Array, training: bool) -> None: ...

    @abstractmethod
    def backward(self, gradient: Array, out: Array) -> None:
        """out ← ∂C/∂x given ∂C/∂output; ``out`` may be ``gradient``."""

    @abstractmethod
    def commit(self) -> None: ...


class ScaledStage(Stage):
    """What gives a signal mean 0 and variance 1 and then each unit a learnt scale γ and shift β."""

    normal: Array
    """(units, observations): x less its mean, then x̂."""
    inverse: Array
    """What x less its mean is multiplied by: 1 / √(variance + ε)."""

    def __init__(self, units: int) -> None:
        self.scale = Block("scale", (units, 1), start=1.0)
        self.shift = Block("shift", (units, 1))

    def blocks(self) -> list[Block]:
        return [self.scale, self.shift]

    def normalise(self, variance: Array, epsilon: float, out: Array) -> None:
        """out ← γ x̂ + β of what ``normal`` holds; ``variance`` may be :attr:`inverse` itself."""
        np.add(variance, epsilon, out=self.inverse)
        np.sqrt(self.inverse, out=self.inverse)
        np.reciprocal(self.inverse, out=self.inverse)
        np.multiply(self.normal, self.inverse, out=self.normal)
        np.multiply(self.normal, self.scale.value, out=out)
        np.add(out, self.shift.value, out=out)


class Normalization(Part, frozen=True):
    """Keeps the scale of a layer's signal in check."""

    over: ClassVar[Over] = ""
    """What it takes mean and variance over: the batch, for each unit, or the units of a sample; empty: neither."""

    @property
    def first(self) -> bool:
        """Whether its stage stands before the activation."""
        return False

    def affine(self, name: str, inputs: int, outputs: int) -> Affine:
        """The layer's u = W x + b, whose weights some kinds write in another way."""
        return Affine(name, inputs, outputs)

    def stage(self, units: int) -> Stage | None:
        """The running part, or None where there is nothing to do."""
        return None


class NoNormalization(Normalization, frozen=True, tag="none"):
    """No normalisation: the signal passes as it is."""


class PlacedNormalization(Normalization, frozen=True):
    """A normalisation that stands before or after the activation."""

    position: Annotated[
        Literal["before", "after"], knob("position", "Whether it acts before or after the activation.")
    ] = "before"
    epsilon: Annotated[float, EPSILON] = 1e-5

    @property
    def first(self) -> bool:
        return self.position == "before"
