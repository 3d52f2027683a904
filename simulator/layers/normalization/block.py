"""Normalisation around a residual branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from simulator.layers.normalization.base import EPSILON, Over, Stage
from simulator.layers.normalization.batch import MOMENTUM, BatchNormStage
from simulator.layers.normalization.layer import LayerNormStage
from simulator.schema.parameter import Part, any_of, knob

Position = Literal["before", "last", "after"]
_POSITION = knob(
    "position",
    "Before: the branch sees a normalised input; last: the branch's output is normalised; after: the sum is.",
)


class BlockNormalization(Part, frozen=True):
    """Keeps the scale of a residual block in check."""

    over: ClassVar[Over] = ""
    """As of a normalisation inside a layer."""

    def at(self, position: Position) -> bool:
        """Whether it stands there."""
        return False

    def stage(self, units: int) -> Stage | None:
        return None


class NoBlockNorm(BlockNormalization, frozen=True, tag="none"):
    """No normalisation: the signal passes as it is."""

    label: ClassVar[str] = "no normalisation"


class BlockBatchNorm(BlockNormalization, frozen=True, tag="batch"):
    """Batch norm before the branch, last in it, or after the sum.

    Of each unit over the batch, each channel over pixels too, each feature over steps too; the running variance is the
    unbiased one.

    Ioffe and Szegedy 2015, Batch normalization, arXiv:1502.03167.
    """

    label: ClassVar[str] = "batch norm"
    over: ClassVar[Over] = "batch"
    position: Annotated[Position, _POSITION] = "before"
    epsilon: Annotated[float, EPSILON] = 1e-5
    momentum: Annotated[float, MOMENTUM] = 0.1

    def at(self, position: Position) -> bool:
        return self.position == position

    def stage(self, units: int) -> Stage:
        return BatchNormStage(self, units)


class BlockLayerNorm(BlockNormalization, frozen=True, tag="layer"):
    """Layer norm before the branch, last in it, or after the sum.

    Over the units of a sample, the channels of each pixel of an image, the features of each step of a sequence.

    Ba, Kiros and Hinton 2016, Layer normalization, arXiv:1607.06450.
    """

    label: ClassVar[str] = "layer norm"
    over: ClassVar[Over] = "units"
    position: Annotated[Position, _POSITION] = "before"
    epsilon: Annotated[float, EPSILON] = 1e-5

    def at(self, position: Position) -> bool:
        return self.position == position

    def stage(self, units: int) -> Stage:
        return LayerNormStage(self.epsilon, units)


if TYPE_CHECKING:
    AnyBlockNormalization = BlockNormalization
else:
    AnyBlockNormalization = any_of(BlockNormalization)
