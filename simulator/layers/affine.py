"""What the modules around one kernel share: its stages, their states, and what is kept of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from simulator.arrays.numeric import Array, Stream, stream
from simulator.layers.base import Affine, Block, BuildContext, Entries, Layer, ModuleOf
from simulator.layers.dropout import Dropout, DropoutStage
from simulator.layers.normalization import Normalization, Stage
from simulator.parts.initializers import AnyInitializer


class AffineSettings(Protocol):
    """What every layer around a kernel is set by."""

    @property
    def initializer(self) -> AnyInitializer: ...

    @property
    def bias_initializer(self) -> AnyInitializer: ...

    @property
    def normalization(self) -> Normalization: ...


@runtime_checkable
class DropoutSettings(Protocol):
    """What a layer with dropout is set by besides."""

    @property
    def dropout(self) -> Dropout: ...


SettingsT = TypeVar("SettingsT", bound=AffineSettings, covariant=True)


class AffineModule(ModuleOf[SettingsT]):
    """A layer at work whose parameters are one kernel and those of its normalisation.

    ``before`` stands between kernel and activation, ``tail`` behind the activation, in order.
    """

    u: Array
    """W x + b."""
    raw_delta: Array
    """∂C/∂u."""
    value: Array
    """What has come out of the tail, where there is one: (units, observations)."""

    def __init__(
        self, spec: SettingsT, place: tuple[int, ...], affine: Affine, norm: Stage | None, dropout: DropoutStage | None
    ) -> None:
        self.spec, self.place, self.affine = spec, place, affine
        self.norm, self.dropout = norm, dropout
        first = spec.normalization.first
        self.before = norm if first else None
        self.after = None if first else norm
        self.tail: list[Stage] = [stage for stage in (self.after, dropout) if stage is not None]
        self.stages: list[Stage] = [stage for stage in (norm, dropout) if stage is not None]

    def blocks(self) -> list[Block]:
        return [*self.affine.blocks(), *(block for stage in self.stages for block in stage.blocks())]

    def states(self) -> list[Block]:
        return [block for stage in self.stages for block in stage.states()]

    def initialise(self, seed: int, x: Array) -> None:
        self.affine.initialise(self.spec.initializer, self.spec.bias_initializer, seed, self.place)
        if self.spec.initializer.data_dependent:
            scale_to_unit_variance(self.affine, x, self.u)

    def prepare_dropout(self, context: BuildContext) -> None:
        """Give dropout the draws of this place."""
        if self.dropout is not None:
            self.dropout.rng = stream(context.seed, Stream.DROPOUT, *self.place)

    def pass_tail(self, a: Array, training: bool) -> None:
        """Let what stands behind the activation, if anything, make ``value`` of ``a``."""
        signal = a
        for stage in self.tail:
            stage.forward(signal, self.value, training)
            signal = self.value

    def pass_tail_back(self, gradient: Array, delta: Array) -> Array:
        """∂C/∂a from ∂C/∂value: ``gradient`` itself where there is no tail, else written into ``delta``."""
        for stage in reversed(self.tail):
            stage.backward(gradient, delta)
            gradient = delta
            self.mark("dropout" if stage is self.dropout else "normalization", gradient)
        return gradient

    def pass_map_back(self, delta: Array) -> Array | None:
        """∂C/∂x from ``delta``, ∂C/∂z of the first units of ``u``; of the others ``raw_delta`` holds it already."""
        if self.before is not None:
            own = self.raw_delta[: len(delta)]
            self.before.backward(delta, own)
            self.mark("normalization", own)
        back = self.affine.backward(self.x, self.raw_delta)
        if back is not None:
            self.mark("weights", back)
        return back

    def unit_entries(self, units: Sequence[int]) -> list[Entries]:
        return self.affine.unit_entries(units)

    def unit_norms(self, units: Sequence[int]) -> list[Entries]:
        width = self.affine.outputs // self.affine.pieces
        blocks = [] if self.norm is None else self.norm.blocks()
        return [(block, [*_spread(units, width, block.size)]) for block in blocks]

    def scale_weights(self, factor: float) -> None:
        self.affine.rescale(factor)

    def redraw(self, seed: int) -> None:
        self.initialise(seed, self.x)
        self.affine.block.value[-1] = 0

    def resolvers(self) -> list[Callable[[], None]]:
        return self.affine.resolvers()

    def commit(self) -> None:
        for stage in self.stages:
            stage.commit()

    def state(self) -> Any:
        return None if self.dropout is None else self.dropout.state()

    def load_state(self, memory: Any) -> None:
        if self.dropout is not None:
            self.dropout.load_state(memory)

    def update_spec(self, spec: Layer) -> None:
        if self.dropout is not None and isinstance(spec, DropoutSettings):
            self.dropout.update_spec(spec.dropout)
        settings: object = spec
        assert isinstance(settings, type(self.spec))
        self.spec = settings
        if self.norm is not None:
            self.norm.update_spec(self.spec.normalization)


def _spread(units: Sequence[int], width: int, size: int) -> Iterator[int]:
    """Where ``units`` stand among ``size`` values that lie piece by piece."""
    return (start + unit for start in range(0, size, width) for unit in units)


def scale_to_unit_variance(affine: Affine, x: Array, u: Array, rounds: int = 10, tolerance: float = 1e-3) -> None:
    """LSUV: divide the weights by the standard deviation of u = W x + b until it is 1."""
    for _ in range(rounds):
        affine.forward(x, u)
        spread = float(u.std(dtype=np.float64))
        if not math.isfinite(spread) or spread == 0 or abs(spread - 1) < tolerance:
            return
        affine.rescale(1 / spread)
