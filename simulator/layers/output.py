"""The output layer: an affine map into as many units as the data asks for, and the loss behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np

from simulator.arrays.numeric import Array
from simulator.arrays.trace import Trace
from simulator.layers.affine import scale_to_unit_variance
from simulator.layers.base import Affine, Block, BuildContext, FrozenField, Module, Tap, leave_out_thawed
from simulator.layers.dense import affine_tap
from simulator.layers.info import LayerInfo
from simulator.layers.narrow_product import NarrowProduct
from simulator.parts.initializers import AnyInitializer, GlorotNormal, Zeros
from simulator.parts.losses import Loss
from simulator.schema.parameter import Spec, knob


class Output(Spec, frozen=True, kw_only=True):
    """The last layer; its units follow from the data, its activation from the loss."""

    initializer: Annotated[AnyInitializer, knob("weights", "How the output's weights are drawn.")] = GlorotNormal()
    bias_initializer: Annotated[AnyInitializer, knob("biases", "How the output's biases are drawn.")] = Zeros()
    frozen: FrozenField = msgspec.UNSET

    def __post_init__(self) -> None:
        leave_out_thawed(self)


class OutputModule:
    """The output layer at work: z = W a + b, the answer a, the loss and ∂C/∂z."""

    info: LayerInfo
    trace: Trace
    x: Array
    """The signal that came in last."""

    def __init__(self, spec: Output, loss: Loss, place: tuple[int, ...], inputs: int, units: int) -> None:
        self.spec, self.loss, self.place, self.units = spec, loss, place, units
        self.affine = Affine("kernel", inputs, units)
        self.affine.product = NarrowProduct()

    def blocks(self) -> list[Block]:
        return [self.affine.block]

    def states(self) -> list[Block]:
        """It remembers nothing besides."""
        return []

    def children(self) -> Sequence[Module]:
        """Nothing is inside it."""
        return ()

    def scale_weights(self, factor: float) -> None:
        """W ← factor · W."""
        self.affine.rescale(factor)

    def frozen_blocks(self) -> list[Block]:
        """Those of its blocks that are not to be updated."""
        return self.blocks() if self.spec.frozen else []

    def allocate(self, context: BuildContext) -> None:
        arena, batch = context.arena, context.batch
        self.affine.allocate(context)
        self.z, self.a, self.delta = (arena.zeros(self.units, batch) for _ in range(3))
        self.slope = arena.zeros(self.units, batch) if self.loss.activation is not None else None

    def initialise(self, seed: int, x: Array) -> None:
        self.affine.initialise(self.spec.initializer, self.spec.bias_initializer, seed, self.place)
        if self.spec.initializer.data_dependent:
            scale_to_unit_variance(self.affine, x, self.z)

    def forward(self, x: Array) -> Array:
        """The answers (units, samples) to a signal (inputs + 1, samples)."""
        self.x = x
        self.affine.forward(x, self.z)
        self.loss.output(self.z, self.a)
        return self.a

    def sample_losses(self, y: Array) -> Array:
        """(samples,): the loss of each, given the targets (units, samples)."""
        return self.loss.per_sample(self.z, self.a, y)

    def half_squares(self, y: Array) -> Array:
        """(outputs, samples): ½ (a − y)², of a sample the mean over its answers; in float64."""
        halves: Array = 0.5 * np.square(self.a.astype(np.float64) - y)
        return halves

    def right(self, y: Array) -> Array:
        """(samples,): 1 where the largest output is that of the right class, else 0; of several answers the share.

        NaN for an answer that is not finite: of NaN, no output is the largest.
        """
        right: Array = np.equal(self.a.argmax(axis=0), y.argmax(axis=0)).astype(np.float64)
        finite = np.isfinite(self.a)
        if not np.logical_and.reduce(finite, axis=None):
            right[~finite.all(axis=0)] = np.nan
        return right

    def backward(self, y: Array) -> Array | None:
        """From the targets (units, samples) to the gradient of the mean loss as :meth:`pull_back` gives it."""
        self.loss.gradient(self.z, self.a, y, self.delta)
        np.multiply(self.delta, 1 / y.shape[1], out=self.delta)
        if self.slope is not None and self.loss.activation is not None:
            self.loss.activation.derivative(self.z, self.a, self.slope)
        return self.pull_back()

    def pull_back(self) -> Array | None:
        """From what stands in ``delta`` to the gradient with respect to the signal below, setting ∂W and ∂b."""
        self.trace.mark(self.info.label, None, self.delta, arrived=True)
        back = self.affine.backward(self.x, self.delta)
        if back is not None:
            self.trace.mark(self.info.label, "weights", back)
        return back

    def taps(self) -> list[Tap]:
        return [affine_tap(self.info, self.affine, self.loss.activation, self.z, self.a, self.slope, self.delta)]
