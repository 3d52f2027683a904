"""The residual layer: an inner stack with a way around it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

import simulator.layers
from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.layers.base import Block, BuildContext, Layer, Module, Shape, ShapeError, Tap, read_only, shape_text
from simulator.layers.dense import Dense
from simulator.layers.normalization import Stage
from simulator.layers.normalization.block import AnyBlockNormalization, NoBlockNorm, Position
from simulator.layers.projection import AnyProjection, NoProjection, ProjectionMap, positions, width
from simulator.schema.parameter import knob, title_of


class Residual(Layer, frozen=True, kw_only=True, tag="residual"):
    """Adds what an inner stack makes of the input to the input: a = x + s F(x), so the gradient has a way around F.

    Order: norm (``before``), inner layers, norm (``last``), times s, plus the input or its projection, norm
    (``after``). s is the branch scale, or that over √L with L the residual layers in the same stack, ``repeat``
    counted. Plots and tables list the inner layers first, then the block: its a is the sum, before a norm (``after``),
    its delta ∂C/∂(sum).

    He, Zhang, Ren and Sun 2016, Deep residual learning for image recognition, arXiv:1512.03385.
    """

    formula: ClassVar[str] = (
        r"$$a=x+s\,F(x)$$"
        "\n\n"
        r"$F$ is the branch, $s$ its scale."
    )

    branched: ClassVar[bool] = True
    layers: Annotated[
        tuple[simulator.layers.AnyLayer, ...], knob("inner layers", "The branch F, from its input on.", min_length=1)
    ] = (Dense(),)
    branch_scale: Annotated[
        float, knob("branch scale", "What the branch is multiplied with.", slider=(0, 2), unit="s", live=True)
    ] = 1.0
    scale: Annotated[
        Literal["fixed", "sqrt_depth"],
        knob("scale with depth", "Whether the branch is also divided by √(number of residual layers).", live=True),
    ] = "fixed"
    normalization: Annotated[AnyBlockNormalization, knob("normalisation", "Whether the block is normalised.")] = (
        NoBlockNorm()
    )
    projection: Annotated[
        AnyProjection, knob("projection", "What makes the input fit where the branch changes the width.")
    ] = NoProjection()

    @property
    def rows(self) -> int:
        return 1 + sum(layer.repeat * layer.rows for layer in self.layers)

    def expanded(self) -> Iterator[tuple[int, Layer]]:
        """(index of the entry, inner layer) in depth order, ``repeat`` expanded."""
        for entry, layer in enumerate(self.layers):
            for _ in range(layer.repeat):
                yield entry, layer

    def build(self, place: tuple[int, ...], input_shape: Shape) -> ResidualModule:
        inner: list[Module] = []
        shape = input_shape
        for depth, (entry, layer) in enumerate(self.expanded()):
            try:
                module = layer.build((*place, depth), shape)
            except ShapeError as error:
                raise error.within(depth + 1, title_of(type(layer)), f".layers[{entry}]") from None
            inner.append(module)
            shape = module.output_shape
        projection = None if shape == input_shape else self._projected(input_shape, shape)
        return ResidualModule(self, place, input_shape, inner, projection)

    def _projected(self, inputs: Shape, outputs: Shape) -> ProjectionMap:
        projection = self.projection.map(inputs, outputs)
        if projection is None:
            reach = (
                "a linear projection changes the width only"
                if self.projection.kind == "linear"
                else ("give it a linear projection or keep the shape")
            )
            raise ShapeError(
                f"gets {shape_text(inputs)} from {{before}} and {shape_text(outputs)} from its branch, which cannot "
                f"be added; {reach}"
            )
        return projection


class ResidualModule(Module):
    """A residual layer at work. In its own tap a is the sum, delta = ∂C/∂(sum), weights are the projection's."""

    spec: Residual

    def __init__(
        self,
        spec: Residual,
        place: tuple[int, ...],
        input_shape: Shape,
        inner: list[Module],
        projection: ProjectionMap | None,
    ) -> None:
        self.spec, self.place, self.input_shape = spec, place, input_shape
        self.inner, self.projection = inner, projection
        self.output_shape = inner[-1].output_shape
        self.before, self.last, self.after = (self._norm(p) for p in ("before", "last", "after"))
        self.norms = [norm for norm in (self.before, self.last, self.after) if norm is not None]

    def _norm(self, position: Position) -> SignalNorm | None:
        shape = self.input_shape if position == "before" else self.output_shape
        stage = self.spec.normalization.stage(width(shape))
        return SignalNorm(stage, shape) if stage and self.spec.normalization.at(position) else None

    def children(self) -> Sequence[Module]:
        return self.inner

    def blocks(self) -> list[Block]:
        own = [self.projection.block] if self.projection else []
        own += [block for norm in self.norms for block in norm.stage.blocks()]
        return [block for module in self.inner for block in module.blocks()] + own

    def states(self) -> list[Block]:
        own = [block for norm in self.norms for block in norm.stage.states()]
        return [block for module in self.inner for block in module.states()] + own

    def allocate(self, context: BuildContext) -> None:
        size, batch, arena = self.output_size, context.batch, context.arena
        inputs = math.prod(self.input_shape)
        self.normal = arena.signal(inputs, batch) if self.before else None
        needed = context.needs_input_gradient
        for depth, module in enumerate(self.inner):
            wanted = needed or depth > 0 or self.before is not None
            module.allocate(replace(context, needs_input_gradient=wanted, chain=self.inner))
        if self.projection is not None:
            self.projection.allocate(context)
        for norm in self.norms:
            norm.allocate(context)
        self.skip, self.branch, self.delta = (arena.zeros(size, batch) for _ in range(3))
        self.out = arena.signal(size, batch)
        self.sum = arena.zeros(size, batch) if self.after else self.out[:-1]
        self.branch_delta = context.scratch.array(size, batch)
        self.back = context.scratch.array(inputs, batch) if needed else None
        self.alike = sum(isinstance(module, ResidualModule) for module in context.chain) or 1

    @property
    def factor(self) -> float:
        """s: what the branch is multiplied with."""
        deep = self.spec.scale == "sqrt_depth"
        return self.spec.branch_scale / math.sqrt(self.alike) if deep else self.spec.branch_scale

    def initialise(self, seed: int, x: Array) -> None:
        if self.projection is not None:
            self.projection.initialise(seed, self.place)
        signal = self._entered(x, training=True)
        for module in self.inner:
            module.initialise(seed, signal)
            signal = module.forward(signal, training=True)

    def _entered(self, x: Array, training: bool) -> Array:
        """What the branch sees."""
        if self.before is None or self.normal is None:
            return x
        self.before.forward(x[:-1], self.normal[:-1], training)
        return self.normal

    def scale_weights(self, factor: float) -> None:
        for module in self.inner:
            module.scale_weights(factor)
        if self.projection is not None:
            self.projection.block.value *= factor

    def forward(self, x: Array, training: bool) -> Array:
        self.x = x
        signal = self._entered(x, training)
        for module in self.inner:
            signal = module.forward(signal, training)
        branch = signal[:-1]
        if self.last is not None:
            self.last.forward(branch, self.branch, training)
            branch = self.branch
        np.multiply(branch, self.factor, out=self.branch)
        if self.projection is None:
            np.copyto(self.skip, x[:-1])
        else:
            self.projection.forward(x[:-1], self.skip)
        np.add(self.skip, self.branch, out=self.sum)
        if self.after is not None:
            self.after.forward(self.sum, self.out[:-1], training)
        return self.out

    def backward(self, gradient: Array) -> Array | None:
        if self.after is not None:
            self.after.backward(gradient, self.delta)
            self.mark("normalization", self.delta)
        else:
            np.copyto(self.delta, gradient)
        self.mark(None, self.delta, arrived=True)
        branch = self._branch_backward()
        skip = self._skip_backward()
        if self.back is None or branch is None or skip is None:
            return None
        np.add(branch, skip, out=self.back)
        self.mark("skip", self.back)
        return self.back

    def _branch_backward(self) -> Array | None:
        """∂C/∂x by way of the branch, in scratch."""
        gradient = self.branch_delta
        np.multiply(self.delta, self.factor, out=gradient)
        self.mark("skip", gradient)
        if self.last is not None:
            self.last.backward(gradient, gradient)
            self.mark("normalization", gradient)
        below: Array | None = gradient
        for module in reversed(self.inner):
            assert below is not None
            below = module.backward(below)
        if self.before is not None and below is not None:
            self.before.backward(below, below)
            self.mark("normalization", below)
        return below

    def _skip_backward(self) -> Array | None:
        """∂C/∂x by way of the skip, in a buffer of its own."""
        return self.delta if self.projection is None else self.projection.backward(self.x[:-1], self.delta)

    def resolvers(self) -> list[Callable[[], None]]:
        return [resolver for module in self.inner for resolver in module.resolvers()]

    def commit(self) -> None:
        for module in self.inner:
            module.commit()
        for norm in self.norms:
            norm.stage.commit()

    def state(self) -> Any:
        return tuple(module.state() for module in self.inner)

    def load_state(self, memory: Any) -> None:
        for module, kept in zip(self.inner, memory, strict=True):
            module.load_state(kept)

    def update_spec(self, spec: Layer) -> None:
        assert isinstance(spec, Residual)
        self.spec = spec
        for module, (_, layer) in zip(self.inner, self.spec.expanded(), strict=True):
            module.update_spec(layer)
        for norm in self.norms:
            norm.stage.update_spec(self.spec.normalization)

    def taps(self) -> list[Tap]:
        """The inner layers', then its own with the ``branch`` (scaled) and the ``skip``, whose sum is a."""
        block = None if self.projection is None else self.projection.block
        own = Tap(
            info=self.info,
            a=self._seen(self.sum),
            delta=self._seen(self.delta),
            weights=None if block is None else read_only(block.value),
            weight_gradient=None if block is None else read_only(block.gradient),
            weight_update=None if block is None else read_only(block.update),
            extras={"branch": self._seen(self.branch), "skip": self._seen(self.skip)},
        )
        return [*(tap for module in self.inner for tap in module.taps()), own]

    def _seen(self, array: Array) -> Array:
        """(units, observations); a sequence is (features, steps, samples)."""
        return read_only(by_unit(array, self.output_shape))


def by_unit(array: Array, shape: Shape) -> Array:
    """A view of (size, samples) with its units, channels or features first."""
    if len(shape) == 2:
        return array.reshape(*shape, -1).swapaxes(0, 1)
    return array.reshape(shape[0], -1)


class SignalNorm:
    """A stage on whole signals (size, samples): positions and steps are observations."""

    def __init__(self, stage: Stage, shape: Shape) -> None:
        self.stage, self.shape = stage, shape

    def allocate(self, context: BuildContext) -> None:
        observations = math.prod(positions(self.shape)) * context.batch
        flat = width(self.shape), observations
        self.stage.allocate(flat, context.arena)
        self.turned = _pair(context.arena, flat) if len(self.shape) == 2 else None

    def forward(self, x: Array, out: Array, training: bool) -> None:
        source, target = self._flat(x, out)
        self.stage.forward(source, target, training)
        self._unflat(target, out)

    def backward(self, gradient: Array, out: Array) -> None:
        source, target = self._flat(gradient, out)
        self.stage.backward(source, target)
        self._unflat(target, out)

    def _flat(self, x: Array, out: Array) -> tuple[Array, Array]:
        """Views as (units, observations), or copies where a sequence's steps stand in between."""
        if self.turned is None:
            return by_unit(x, self.shape), by_unit(out, self.shape)
        source, target = self.turned
        seen = by_unit(x, self.shape)
        np.copyto(source.reshape(seen.shape), seen)
        return source, target

    def _unflat(self, target: Array, out: Array) -> None:
        if self.turned is not None:
            seen = by_unit(out, self.shape)
            np.copyto(seen, target.reshape(seen.shape))


def _pair(arena: Arena, shape: tuple[int, int]) -> tuple[Array, Array]:
    return arena.zeros(*shape), arena.zeros(*shape)
