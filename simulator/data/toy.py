"""Data drawn on the spot: two-input classics, a noisy plane, and pure noise of any width."""

from typing import Annotated, ClassVar

import numpy as np

from simulator.arrays.numeric import Floats, RandomGenerator
from simulator.data.base import Data, Labels, Raw, check_cells
from simulator.schema.numbers import count
from simulator.schema.parameter import knob

DRAWN = "Drawn on the spot"

Samples = Annotated[
    int, knob("Samples", "How many samples are drawn.", slider=(50, 5000), log=True, ge=2, le=1_000_000)
]
Noise = Annotated[
    float,
    knob("Noise", "Standard deviation of the Gaussian noise on each sample.", slider=(0.0, 0.5), ge=0.0, le=10.0),
]


class Planar(Data, frozen=True, kw_only=True):
    """Points of a plane that are drawn on the spot."""

    group: ClassVar[str] = DRAWN

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        return (2,)


class TwoClasses(Planar, frozen=True, kw_only=True):
    """Two classes in the plane, alternating over the samples."""

    samples: Samples = 500
    noise: Noise = 0.1

    class_names: ClassVar[tuple[str, str]] = ("0", "1")

    def load(self, rng: RandomGenerator) -> Raw:
        side = np.arange(self.samples) % 2
        x = self._place(side, rng)
        x += self.noise * rng.standard_normal(x.shape)
        return Raw(x, side, self.class_names, ("x1", "x2"))

    def _place(self, side: Labels, rng: RandomGenerator) -> Floats:
        """(samples, 2) without noise."""
        raise NotImplementedError(f"{type(self).__name__} places nothing")


def _along(side: Labels) -> Floats:
    """0 … 1 in equal steps over the samples of each class."""
    step: Floats = (np.arange(len(side)) // 2) / max((len(side) - 1) // 2, 1)
    return step


class Moons(TwoClasses, frozen=True, kw_only=True, tag="moons"):
    """Two interleaved half circles, one per class: a curved boundary that a small network finds."""

    class_names: ClassVar[tuple[str, str]] = ("upper moon", "lower moon")

    def _place(self, side: Labels, rng: RandomGenerator) -> Floats:
        angle = np.pi * _along(side)
        upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        lower = np.stack([1.0 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
        return np.where(side[:, None] == 0, upper, lower)


class Circles(TwoClasses, frozen=True, kw_only=True, tag="circles"):
    """A circle of radius 0.5 inside one of radius 1: no straight line separates them."""

    class_names: ClassVar[tuple[str, str]] = ("outer circle", "inner circle")

    def _place(self, side: Labels, rng: RandomGenerator) -> Floats:
        pairs = (len(side) + 1) // 2
        angle = 2.0 * np.pi * (np.arange(len(side)) // 2) / pairs
        radius = np.where(side == 0, 1.0, 0.5)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


class Spirals(TwoClasses, frozen=True, kw_only=True, tag="spirals"):
    """Two spiral arms wound into each other: the plane's hardest classic, for which depth pays."""

    noise: Noise = 0.03
    turns: Annotated[
        float,
        knob("Turns", "How often each arm winds around the centre.", slider=(0.5, 3.0), gt=0.0, le=10.0),
    ] = 1.0

    class_names: ClassVar[tuple[str, str]] = ("first arm", "second arm")

    def _place(self, side: Labels, rng: RandomGenerator) -> Floats:
        radius = 0.05 + 0.95 * _along(side)
        angle = 2.0 * np.pi * self.turns * radius + np.pi * side
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


class Xor(TwoClasses, frozen=True, kw_only=True, tag="xor"):
    """Opposite quadrants of a square share a class: the smallest problem that needs a hidden layer."""

    label: ClassVar[str] = "XOR"
    class_names: ClassVar[tuple[str, str]] = ("same signs", "different signs")

    def _place(self, side: Labels, rng: RandomGenerator) -> Floats:
        x = rng.uniform(-1.0, 1.0, size=(len(side), 2))
        x[:, 1] = np.where(side == 0, np.copysign(x[:, 1], x[:, 0]), np.copysign(x[:, 1], -x[:, 0]))
        return x


class Clusters(Planar, frozen=True, kw_only=True, tag="clusters"):
    """Gaussian clusters whose centres lie evenly on a circle of radius 1, one per class."""

    samples: Samples = 500
    classes: Annotated[
        int, knob("Classes", "How many clusters there are.", slider=(2, 10), ge=2, le=100)
    ] = 4  # fmt: skip
    spread: Annotated[
        float,
        knob("Spread", "Standard deviation of each cluster.", slider=(0.0, 1.0), ge=0.0, le=10.0),
    ] = 0.2

    def load(self, rng: RandomGenerator) -> Raw:
        y = np.arange(self.samples) % self.classes
        angle = 2.0 * np.pi * y / self.classes
        x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        x += self.spread * rng.standard_normal(x.shape)
        return Raw(x, y, _numbered("cluster ", self.classes), ("x1", "x2"))


class Plane(Planar, frozen=True, kw_only=True, tag="plane"):
    """A noisy tilted plane over two inputs, ``y = (x1 + x2) / 2 + noise``: regression at its simplest."""

    samples: Samples = 500
    noise: Noise = 0.1

    regression: ClassVar[bool] = True

    def load(self, rng: RandomGenerator) -> Raw:
        x = rng.uniform(-1.0, 1.0, size=(self.samples, 2))
        y = x.mean(axis=1) + self.noise * rng.standard_normal(self.samples)
        return Raw(x, y, (), ("x1", "x2"))


class Gaussian(Data, frozen=True, kw_only=True, tag="gaussian"):
    """Pure N(0, 1) inputs with random labels: nothing to learn, the classic test of an initialisation."""

    group: ClassVar[str] = DRAWN

    label: ClassVar[str] = "Gaussian noise"

    samples: Samples = 1000
    features: Annotated[
        int, knob("Features", "How many inputs each sample has.", slider=(2, 1000), log=True, ge=1, le=10_000)
    ] = 500
    classes: Annotated[
        int, knob("Classes", "How many classes the labels are drawn from.", slider=(2, 20), ge=2, le=1000)
    ] = 10

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        return (self.features,)

    def load(self, rng: RandomGenerator) -> Raw:
        cells = self.samples * self.features
        check_cells(cells, f"{self.title}: {count(self.samples, 'sample')} of {count(self.features, 'feature')}")
        y = rng.integers(0, self.classes, size=self.samples)
        x = rng.standard_normal((self.samples, self.features))
        return Raw(x, y, _numbered("class ", self.classes), _numbered("x", self.features))


def _numbered(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{index + 1}" for index in range(count))
