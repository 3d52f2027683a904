"""What a residual layer adds its branch to: its input, or a learnt map of it."""

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from simulator.arrays.numeric import Array, Stream, stream
from simulator.layers.base import Block, BuildContext, Shape
from simulator.parts.initializers import AnyInitializer, GlorotNormal
from simulator.schema.parameter import Part, any_of, knob


def positions(shape: Shape) -> Shape:
    """A sample's shape without its units, channels or features."""
    return shape[:1] if len(shape) == 2 else shape[1:]


def width(shape: Shape) -> int:
    return shape[-1] if len(shape) == 2 else shape[0]


class Projection(Part, frozen=True):
    """Makes the input fit where the branch changes the width."""

    def map(self, inputs: Shape, outputs: Shape) -> "ProjectionMap | None":
        """The running part, or None where this kind cannot make the one fit the other."""
        return None


class NoProjection(Projection, frozen=True, tag="none"):
    """The input itself: the branch must keep its shape."""

    label: ClassVar[str] = "no projection"


class LinearProjection(Projection, frozen=True, tag="linear"):
    """W_p x, without biases, where the branch changes the width; the input itself where it does not.

    It maps units to units, for an image channels to channels at each position, for a sequence features to features at
    each step; the number of positions and of steps must stay.
    """

    formula: ClassVar[str] = (
        r"$$a=W_p\,x+s\,F(x)$$"
        "\n\n"
        r"$F$ is the branch, $s$ its scale."
    )

    initializer: Annotated[AnyInitializer, knob("weights", "How W_p is drawn.")] = GlorotNormal()

    def map(self, inputs: Shape, outputs: Shape) -> "ProjectionMap | None":
        if len(inputs) != len(outputs) or positions(inputs) != positions(outputs):
            return None
        return ProjectionMap(self, inputs, outputs)


class ProjectionMap:
    """W_p at work on signals of samples of any shape; W_p is stored inputs × outputs."""

    def __init__(self, spec: LinearProjection, inputs: Shape, outputs: Shape) -> None:
        self.spec, self.inputs, self.outputs = spec, inputs, outputs
        shape = width(inputs), width(outputs)
        self.block = Block("projection", shape, weights=shape[0] * shape[1])

    def allocate(self, context: BuildContext) -> None:
        size = int(np.prod(self.inputs))
        self.back = context.arena.zeros(size, context.batch) if context.needs_input_gradient else None

    def initialise(self, seed: int, place: tuple[int, ...]) -> None:
        self.spec.initializer.fill(self.block.value, stream(seed, Stream.WEIGHTS, *place), *self.block.shape)

    def forward(self, x: Array, out: Array) -> None:
        np.matmul(self.block.value.T, _tiled(x, self.inputs), out=_tiled(out, self.outputs))

    def backward(self, x: Array, gradient: Array) -> Array | None:
        """Sets ∂W_p; gives ∂C/∂x in a buffer of its own, or None where nobody needs it."""
        wide, narrow = _tiled(gradient, self.outputs), _tiled(x, self.inputs)
        np.sum(np.matmul(narrow, wide.swapaxes(1, 2)), axis=0, out=self.block.gradient)
        if self.back is None:
            return None
        np.matmul(self.block.value, wide, out=_tiled(self.back, self.inputs))
        return self.back


def _tiled(x: Array, shape: Shape) -> Array:
    """(steps, features, samples) of a sequence; (1, units, positions · samples) of anything else."""
    return x.reshape(*shape, -1) if len(shape) == 2 else x.reshape(1, shape[0], -1)


if TYPE_CHECKING:
    AnyProjection = Projection
else:
    AnyProjection = any_of(Projection)
