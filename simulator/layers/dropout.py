"""Dropout, the last operation of a layer."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array, RandomGenerator
from simulator.layers.normalization import Stage
from simulator.schema.parameter import Part, any_of, knob


class Dropout(Part, frozen=True):
    """Switches units off at random while training."""

    scaled: ClassVar[bool] = False
    """Whether what is left on is divided by its share while training."""

    @property
    def keep(self) -> float:
        """Share of the units that is left on."""
        return 1.0

    def stage(self) -> "DropoutStage | None":
        return None


class NoDropout(Dropout, frozen=True, tag="none"):
    """No dropout: all units are always on."""

    label: ClassVar[str] = "no dropout"


class RandomDropout(Dropout, frozen=True):
    """Draws anew at each training step which units are off."""

    rate: Annotated[
        float,
        knob(
            "rate",
            "Fraction of the outputs set to zero at each training step.",
            slider=(0, 0.95),
            ge=0,
            le=0.95,
            live=True,
        ),
    ] = 0.5

    @property
    def keep(self) -> float:
        return 1 - self.rate

    def stage(self) -> "DropoutStage":
        return DropoutStage(self)


class InvertedDropout(RandomDropout, frozen=True, tag="inverted"):
    """Drops units and scales the rest up by 1/keep in training; does nothing in evaluation.

    Srivastava et al. 2014, Dropout: a simple way to prevent neural networks from overfitting.
    """

    formula: ClassVar[str] = (
        r"$$a\leftarrow\frac{m\odot a}{p}\;\text{ in training},\qquad a\;\text{ in evaluation}$$"
        "\n\n"
        r"$p$ is the share that is kept, $m$ is 1 with probability $p$, else 0."
    )

    scaled: ClassVar[bool] = True


class ClassicDropout(RandomDropout, frozen=True, tag="classic"):
    """Drops units in training; scales all of them down by the keep probability in evaluation.

    Hinton et al. 2012, Improving neural networks by preventing co-adaptation of feature detectors, arXiv:1207.0580.
    """

    formula: ClassVar[str] = (
        r"$$a\leftarrow m\odot a\;\text{ in training},\qquad p\,a\;\text{ in evaluation}$$"
        "\n\n"
        r"$p$ is the share that is kept, $m$ is 1 with probability $p$, else 0."
    )


class DropoutStage(Stage):
    """a ← a · mask/p (inverted) or a · mask (classic), with p = 1 − rate the keep probability."""

    rng: RandomGenerator

    def __init__(self, spec: RandomDropout) -> None:
        self.spec = spec

    def update_spec(self, spec: Part) -> None:
        assert isinstance(spec, RandomDropout)
        self.spec = spec

    def allocate(self, shape: tuple[int, int], arena: Arena) -> None:
        # float32 draws whatever the precision: the same seed drops the same units in both.
        self.draws = np.empty(shape, np.float32)
        self.mask = arena.full(1, *shape)
        self.stale = True

    def forward(self, x: Array, out: Array, training: bool) -> None:
        keep, scaled = self.spec.keep, self.spec.scaled
        if not training:
            np.multiply(x, 1 if scaled else keep, out=out)
            return
        if self.stale:
            self.rng.random(dtype=np.float32, out=self.draws)
            self.stale = False
        np.greater_equal(self.draws, self.spec.rate, out=self.mask)
        if scaled:
            np.multiply(self.mask, 1 / keep, out=self.mask)
        np.multiply(x, self.mask, out=out)

    def backward(self, gradient: Array, out: Array) -> None:
        np.multiply(gradient, self.mask, out=out)

    def commit(self) -> None:
        self.stale = True

    def state(self) -> tuple[dict[str, Any], bool, Array]:
        """The generator's state and the present draws."""
        return dict(self.rng.bit_generator.state), self.stale, self.draws.copy()

    def load_state(self, memory: tuple[dict[str, Any], bool, Array]) -> None:
        self.rng.bit_generator.state, self.stale, draws = memory
        np.copyto(self.draws, draws)


if TYPE_CHECKING:
    AnyDropout = Dropout
else:
    AnyDropout = any_of(Dropout)
