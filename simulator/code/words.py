"""What a library has to say, in its own words, so that every kind of layer can be written for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from simulator.code.equivalents import NoEquivalentError, equivalent
from simulator.code.pieces import Piece
from simulator.layers.base import Affine, Block, Shape
from simulator.layers.image.convolution import ConvolutionModule
from simulator.layers.image.pooling import Pooling
from simulator.layers.image.windows import WindowAxis
from simulator.layers.normalization.batch import BatchNormStage
from simulator.layers.normalization.layer import LayerNormStage
from simulator.layers.normalization.weight import DirectedAffine
from simulator.layers.projection import ProjectionMap
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.parts import initializers as start
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer
from simulator.schema.parameter import Part

Pieces = list[Piece]
Fans = tuple[int, int]


class Words(ABC):
    """One library's words for what layers are made of."""

    library: ClassVar[str]
    """Its name."""
    draws: ClassVar[Mapping[type[Part], Callable[[Any, Fans], str]]]
    """What draws weights, given (inputs, outputs)."""
    row: ClassVar[str]
    """Modules in a row, {} between them."""
    maxout: ClassVar[Sequence[str]] = ("Maxout({})",)
    """Modules that take the largest of {} pieces."""
    highway: ClassVar[str] = "Highway({}, {})"
    """A gated layer of its candidate and its gate."""
    zeros: ClassVar[str]
    """What draws biases of 0."""
    norm_names: ClassVar[tuple[str, str, str, str]]
    """What the arrays of a norm are called: scale, shift, running mean, running variance."""
    count_name: ClassVar[str] = ""
    """What the number of batches behind the running averages is called, where it is kept."""
    channels_last: ClassVar[bool] = False

    @abstractmethod
    def flattened(self, shape: Shape) -> Pieces:
        """What makes a vector of a sample, channel by channel."""

    @abstractmethod
    def affine(self, map_: Affine, weights: str, biases: str, units: slice = slice(None), pieces: int = 1) -> Piece:
        """W x + b for ``units`` of a map, drawn by ``weights`` and ``biases``, each of ``pieces`` by itself."""

    @abstractmethod
    def direction(self, gain: float) -> str:
        """What draws a vector of length ``gain``."""

    @abstractmethod
    def activation(self, spec: Activation) -> Piece:
        """φ as a module."""

    @abstractmethod
    def layer_norm(self, stage: LayerNormStage, shape: Shape) -> str:
        """The norm of each sample's ``shape`` over its units."""

    @abstractmethod
    def batch_norm(self, stage: BatchNormStage, shape: Shape) -> str:
        """The norm over a batch of samples of ``shape``."""

    @abstractmethod
    def windows(self, module: ConvolutionModule) -> Pieces:
        """The convolution itself, behind what pads for it."""

    @abstractmethod
    def pool(self, spec: Pooling) -> str:
        """A pooling layer."""

    @abstractmethod
    def through_time(self, module: ThroughTimeModule[Any], weights: str, state: str, biases: str) -> Piece:
        """A layer with a state, and what draws its three parts."""

    @abstractmethod
    def project(self, projection: ProjectionMap) -> Piece:
        """The map beside a residual branch."""

    def residual(self, parts: Sequence[tuple[str, Piece]], scale: float) -> str:
        """A branch, ``scale`` times, and what stands beside and behind it, by their names."""
        (_, branch), *beside = parts
        arguments = [branch.code, *[f"scale={scale!r}"] * (scale != 1)]
        arguments += [f"{name}={piece.code}" for name, piece in beside]
        return f"Residual({', '.join(arguments)})"

    def dropout(self, rate: float, scaled: bool) -> str:
        """What switches entries off; ``scaled``: what is left makes up for it."""
        return f"Dropout({rate!r}{'' if scaled else ', scaled=False'})"

    def frozen(self, piece: Piece) -> Piece:
        """The same, of which nothing is trained."""
        return piece.frozen(piece.code)

    def first(self, shape: Shape) -> list[Pieces]:
        """What comes before all layers."""
        return []

    def draw(self, spec: Initializer, fans: Fans) -> str:
        """What draws the weights of a layer."""
        return equivalent(self.draws, spec, self.library)(spec, fans)

    def bias_draw(self, spec: Initializer, fans: Fans) -> str:
        """What draws biases, of which other libraries know no fans."""
        match spec:
            case start.Identity() | start.Zeros():
                return self.zeros
            case start.Orthogonal() | start.LSUV():
                return self.direction(getattr(spec, "gain", 1.0))
            case start.FanUniform():
                return self.draw(start.Uniform(limit=(3 * spec.variance(*fans)) ** 0.5), fans)
            case start.FanNormal():
                return self.draw(start.Normal(std=spec.variance(*fans) ** 0.5), fans)
        return self.draw(spec, fans)

    def length(self, map_: Affine) -> Block | None:
        """The lengths that weight norm gives a map's directions; NoEquivalentError where a direction is undefined."""
        if not isinstance(map_, DirectedAffine):
            return None
        if not map_.block.value[:-1].any(axis=0).all():
            raise NoEquivalentError("a unit behind weight norm whose weights are all 0", self.library)
        return map_.gain


def margins(axis: WindowAxis) -> tuple[int, int]:
    """How much an axis is padded by before and behind."""
    return axis.before, axis.padded - axis.size - axis.before
