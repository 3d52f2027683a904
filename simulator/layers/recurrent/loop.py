"""What layers with a state share: steps, segments of steps, and the way back through them.

Inside, step t is a contiguous slab: ``s[t]`` = [h_{t−1}; x_t; 1] stacked over the batch, so the pre-activations of a
step are one product with [W_h; W_x; b]. Steps are grouped in segments of ⌈√T⌉, and on the way back in pieces of a
segment that the cache holds: what needs no order is done for a piece at once, slopes and ∂W = Σ_t s_t δ_tᵀ. With
checkpoints only the state before each segment and the last segment are kept; the others are run again on the way back,
by the same operations: the gradients are the same to the last bit.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from simulator.arrays.numeric import Array, Stream, stream
from simulator.arrays.statistics import norm
from simulator.layers.base import Block, BuildContext, Entries, Layer, Module, Shape, ShapeError, Tap, read_only
from simulator.layers.recurrent.profile import TimeProfile, profile
from simulator.layers.recurrent.segment import Segment, Underflow
from simulator.parts.activations import AnyActivation
from simulator.parts.initializers import AnyInitializer, GlorotUniform, Orthogonal, Zeros
from simulator.schema.parameter import knob


class ThroughTime(Layer, frozen=True, kw_only=True):
    """A layer with a state that walks through a sequence (steps, features)."""

    structured: ClassVar[bool] = True
    stateful: ClassVar[bool] = True
    units: Annotated[int, knob("units", "Width of the state.", slider=(1, 256), log=True, ge=1, le=4096)] = 64
    initializer: Annotated[AnyInitializer, knob("input weights", "How the weights from the input are drawn.")] = (
        GlorotUniform()
    )
    recurrent_initializer: Annotated[
        AnyInitializer, knob("recurrent weights", "How the weights from state to state are drawn, gate by gate.")
    ] = Orthogonal()
    bias_initializer: Annotated[AnyInitializer, knob("biases", "How the biases are drawn.")] = Zeros()
    output: Annotated[
        Literal["last", "all"],
        knob("output", "The state after the last step, or every state: a sequence for the next layer."),
    ] = "last"
    truncate: (
        Annotated[
            int,
            knob(
                "truncate",
                "Cuts the gradient through the state every so many steps, counted from the end.",
                slider=(1, 100),
                log=True,
                ge=1,
                le=1_000_000,
                unit="steps",
            ),
        ]
        | None
    ) = None
    checkpoint: Annotated[
        bool,
        knob("checkpoints", "Keeps every ⌈√T⌉-th state and runs the steps between again: less memory, more time."),
    ] = False


def sequence_shape(layer: Layer, input_shape: Shape) -> tuple[int, int]:
    """(steps, features), or ShapeError."""
    if len(input_shape) != 2:
        raise ShapeError(f"needs a sequence (steps, features), but what comes in has shape {input_shape}")
    return input_shape[0], input_shape[1]


PIECE_BYTES = 384 * 1024
"""Of states and errors of successive steps, whose share of ∂W is made at once: it finds them in the cache."""
BY_STEP = 3
"""Up to so many times as many inputs as samples, a product per step costs less than bringing the errors together."""


class ThroughTimeModule(Module):
    """A layer with a state at work. A kind says how a segment runs forth, and a piece of it back."""

    gates: ClassVar[int] = 1
    """Pre-activations per unit."""
    deltas: ClassVar[tuple[str, ...]] = ("delta",)
    """Names of the errors that the weight gradient is made of."""
    flows: ClassVar[tuple[tuple[str, str], ...]] = (("h", "dh"),)
    """Names of what is carried from step to step, and of its gradient ∂C/∂state."""
    keeps_z: ClassVar[bool] = True
    """Whether the loop leaves z of every step; else ``fill_taps`` makes it: what is written must come from memory."""
    gate_rows: ClassVar[Mapping[str, int]] = {}
    """Name of a gate in the tap's extras → its place among the gates."""

    spec: Any

    def __init__(self, spec: ThroughTime, place: tuple[int, ...], input_shape: Shape) -> None:
        self.spec, self.place = spec, place
        self.steps, self.features = sequence_shape(spec, input_shape)
        self.width = spec.units
        self.inputs = self.width + self.features
        self.output_shape = (self.steps, self.width) if spec.output == "all" else (self.width,)
        columns = self.gates * self.width
        self.block = Block("kernel", (self.inputs + 1, columns), weights=self.inputs * columns)
        self.segment_length = math.isqrt(self.steps - 1) + 1
        span = spec.truncate or self.steps
        self.cuts = frozenset(range(self.steps - span, 0, -span))
        """Steps that send no gradient to the state before them."""

    def blocks(self) -> list[Block]:
        return [self.block]

    @property
    def activation(self) -> AnyActivation:
        """Whose slope, up to a constant per gate, the tap's slope is."""
        raise NotImplementedError

    # -- buffers --------------------------------------------------------------------------------------------------

    def allocate(self, context: BuildContext) -> None:
        self.batch = context.batch
        arena, width = context.arena, self.width
        needed = context.needs_input_gradient
        self.dx = context.scratch.array(self.steps * self.features, self.batch) if needed else None
        self.out = arena.signal(self.output_size, self.batch)
        self.folded, self.total, self.product = (arena.zeros(self.block.shape[1], self.inputs + 1) for _ in range(3))
        self.spare = arena.zeros(width, self.batch)
        self.underflows = [Underflow((width, self.batch), self.spare.dtype) for _ in self.flows]
        rows = (self.gates + len(self.deltas) - 1) * width
        step = (self.inputs + 1 + rows) * self.batch
        self.piece = max(1, min(self.segment_length, PIECE_BYTES // (step * self.total.dtype.itemsize)))
        self.by_step = self.inputs + 1 <= BY_STEP * self.batch
        self._sources = arena.zeros(self.piece, self.batch, self.inputs + 1)
        self._products = arena.zeros(self.piece * self.by_step, *self.total.shape)
        self._ones = arena.full(1, 1, self.piece)
        self._together = arena.zeros(0 if self.by_step else rows * self.piece * self.batch)
        self.profile = np.full((3, self.steps), math.nan)
        starts = self._starts()
        self.borders = [arena.zeros(len(starts) + 1, width, self.batch) for _ in self.flows]
        self.carries = [arena.zeros(width, self.batch) for _ in self.flows]
        self.kept = self._storage(context, self.segment_length if self.spec.checkpoint else self.steps)
        self._segments = self._cut_up(context, starts)
        self._told = [segment for _, segment in (self._segments[-1:] if self.spec.checkpoint else self._segments)]
        self._fresh = False

    def _starts(self) -> list[int]:
        """First steps of the segments; the first segment is the short one."""
        first = self.steps % self.segment_length
        return ([0] if first else []) + list(range(first, self.steps, self.segment_length))

    def _cut_up(self, context: BuildContext, starts: list[int]) -> list[tuple[int, Segment]]:
        ends = [*starts[1:], self.steps]
        if not self.spec.checkpoint:
            return [(start, self._segment(self.kept, start, end)) for start, end in zip(starts, ends, strict=True)]
        last = self._segment(self.kept, 0, self.segment_length)
        body = self._storage(context, self.segment_length, told=False) if len(starts) > 1 else {}
        shared = {n: self._segment(body, 0, n) for n in {e - s for s, e in zip(starts[:-1], ends[:-1], strict=True)}}
        return [(s, shared[e - s]) for s, e in zip(starts[:-1], ends[:-1], strict=True)] + [(starts[-1], last)]

    def _storage(self, context: BuildContext, steps: int, told: bool = True) -> dict[str, Array]:
        """The arrays of ``steps`` steps; what only taps show where they will show it."""
        arena, width, batch = context.arena, self.width, context.batch
        names = ("delta", *["z"] * (told or self.keeps_z), *["slope"] * told)
        arrays = {name: arena.zeros(steps, self.gates * width, batch) for name in names}
        arrays["s"] = arena.zeros(steps + 1, self.inputs + 1, batch)
        if arrays["s"].flags.writeable:
            arrays["s"][:, -1] = 1
        arrays["h"] = arrays["s"][:, :width]
        for name in self.carried():
            arrays[name] = arena.zeros(steps + 1, width, batch)
        for name, rows in self.per_step().items():
            arrays[name] = arena.zeros(steps, rows * width, batch)
        return arrays

    def carried(self) -> tuple[str, ...]:
        """Names of arrays with a slab before the first step, besides s."""
        return ("dh",)

    def per_step(self) -> dict[str, int]:
        """What else a step needs: name → rows per unit."""
        return {}

    def _segment(self, storage: Mapping[str, Array], start: int, end: int) -> Segment:
        made = self._cut_out(storage, start, end)
        if storage["delta"].flags.writeable:  # Or only counted: nothing will run.
            made.forward_views = list(zip(*self.forward_views(made.arrays), strict=True))
            pieces = -(-made.length // self.piece)
            borders = [made.length * number // pieces for number in range(pieces + 1)]
            for begin, stop in reversed(list(pairwise(borders))):
                piece = self._cut_out(made.arrays, begin, stop)
                piece.backward_views = list(
                    zip(*(array[::-1] for array in self.backward_views(piece.arrays)), strict=True)
                )
                made.pieces.append((begin, piece))
        return made

    def _cut_out(self, arrays: Mapping[str, Array], start: int, end: int) -> Segment:
        longer = {"s", "h", *self.carried()}
        return Segment({name: array[start : end + (name in longer)] for name, array in arrays.items()})

    @abstractmethod
    def forward_views(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        """What each step of the forward loop takes, the step being the first axis."""

    @abstractmethod
    def backward_views(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        """What each step of the backward loop takes; it is walked from its end."""

    # -- parameters -----------------------------------------------------------------------------------------------

    def initialise(self, seed: int, x: Array) -> None:
        spec, width = self.spec, self.width
        streams = [stream(seed, Stream.WEIGHTS, *self.place, part) for part in range(2)]
        biases = stream(seed, Stream.BIASES, *self.place)
        for gate in range(self.gates):
            kernel = self.block.value[:, gate * width : (gate + 1) * width]
            spec.initializer.fill(kernel[width:-1], streams[0], self.features, width)
            spec.recurrent_initializer.fill(kernel[:width], streams[1], width, width)
            spec.bias_initializer.fill(kernel[-1], biases, self.inputs, width)
        self._scale_to_data(x)

    def unit_entries(self, units: Sequence[int]) -> list[Entries]:
        columns = [gate * self.width + unit for gate in range(self.gates) for unit in units]
        return [(self.block, (slice(None), columns))]

    def redraw(self, seed: int) -> None:
        """Biases too are drawn as at first: some kinds need them to remember."""
        signal = np.ones((self.steps * self.features + 1, self.batch), self.x.dtype)
        signal[:-1] = self.x.reshape(-1, self.batch)
        self.initialise(seed, signal)

    def _scale_to_data(self, x: Array, rounds: int = 10, tolerance: float = 1e-3) -> None:
        """LSUV: divide the weights so drawn by the standard deviation of z over all kept steps until it is 1."""
        drawn = (
            (self.spec.recurrent_initializer, self.block.value[: self.width]),
            (self.spec.initializer, self.block.value[self.width : -1]),
        )
        scaled = [weights for initializer, weights in drawn if initializer.data_dependent]
        for _ in range(rounds if scaled else 0):
            self.forward(x, training=True)
            self.resolve_update()
            spread = float(self.kept["z"].std(dtype=np.float64))
            if not math.isfinite(spread) or spread == 0 or abs(spread - 1) < tolerance:
                return
            for weights in scaled:
                weights /= spread

    def update_spec(self, spec: Layer) -> None:
        self.spec = spec

    # -- forward --------------------------------------------------------------------------------------------------

    def forward(self, x: Array, training: bool) -> Array:
        self.x = x[:-1].reshape(self.steps, self.features, -1)
        self.prepare()
        self._fresh = True
        for number in range(len(self._segments)):
            self._walk(number)
        if self.spec.output == "last":
            np.copyto(self.out[:-1], self.borders[0][-1])
        return self.out

    def prepare(self) -> None:
        """Bring the weights into the form in which the steps use them."""
        np.copyto(self.folded, self.block.value.T)

    def _walk(self, number: int) -> None:
        """Run a segment from the state at its border."""
        start, segment = self._segments[number]
        length = segment.length
        np.copyto(segment["s"][:length, self.width : -1], self.x[start : start + length])
        for (name, _), border in zip(self.flows, self.borders, strict=True):
            np.copyto(segment[name][0], border[number])
        self.forward_steps(segment)
        for (name, _), border in zip(self.flows, self.borders, strict=True):
            np.copyto(border[number + 1], segment[name][-1])
        if self.spec.output == "all":
            answers = self.out[:-1].reshape(self.steps, self.width, -1)
            np.copyto(answers[start : start + length], segment["h"][1:])

    @abstractmethod
    def forward_steps(self, segment: Segment) -> None:
        """From s (the input parts, and the first state) to all other states, z and gates."""

    # -- backward -------------------------------------------------------------------------------------------------

    def backward(self, gradient: Array) -> Array | None:
        every = gradient.reshape(self.steps, self.width, -1) if self.spec.output == "all" else None
        self.may_underflow = False
        for carry, underflow in zip(self.carries, self.underflows, strict=True):
            carry.fill(0)
            underflow.begin()
        np.copyto(self.carries[0], gradient if every is None else every[-1])
        self.total.fill(0)
        last = len(self._segments) - 1
        sizes: list[float] = []
        for number in range(last, -1, -1):
            start, segment = self._segments[number]
            if self.spec.checkpoint and number < last:
                self._walk(number)
            self._return(start, segment, every)
            self._send_down(start, segment)
            if self.spec.checkpoint:
                self._look(start, segment)
            if self.trace.on:
                sizes.append(_norm(segment["delta"]))
        np.copyto(self.block.gradient, self.total.T)
        # The norm of the segments' norms is that of all of δ, of which not all may be at hand.
        self.mark("time", np.array(sizes), arrived=True)
        if self.dx is not None:
            self.mark("weights", self.dx)
        return self.dx

    def _return(self, start: int, segment: Segment, every: Array | None) -> None:
        for (_, name), carry in zip(self.flows, self.carries, strict=True):
            np.copyto(segment[name][-1], carry)
        for begin, piece in segment.pieces:
            self.backward_steps(start + begin, piece, every)
            self._add_weight_gradient(piece)
        for (_, name), carry in zip(self.flows, self.carries, strict=True):
            np.copyto(carry, segment[name][0])
        near = [underflow.settle(carry) for carry, underflow in zip(self.carries, self.underflows, strict=True)]
        self.may_underflow = any(near)

    @abstractmethod
    def backward_steps(self, start: int, segment: Segment, every: Array | None) -> None:
        """delta and the gradients of the states, from the last one to the one before the first step.

        ``every`` (steps, units, batch) is ∂C/∂output of each step where each is an output. While the gradient is
        ``may_underflow``, each step flushes it.
        """

    def _add_weight_gradient(self, segment: Segment) -> None:
        """Sources as columns: BLAS takes them faster so than as rows."""
        sources = self._sources[: segment.length]
        np.copyto(sources, segment["s"][:-1].transpose(0, 2, 1))
        deltas = [segment[name] for name in self.deltas]
        if self.by_step:
            products = self._products[: segment.length]
            self.outer(deltas, sources, products)
            ones, total = self._ones[:, : segment.length], self.product.reshape(1, -1)
            np.matmul(ones, products.reshape(segment.length, -1), out=total)
        else:
            self.outer(self._side_by_side(deltas), sources.reshape(-1, self.inputs + 1), self.product)
        np.add(self.total, self.product, out=self.total)

    def _side_by_side(self, deltas: Sequence[Array]) -> list[Array]:
        """(rows, steps · samples) from (steps, rows, samples) each."""
        found, start = [], 0
        for delta in deltas:
            steps, rows, samples = delta.shape
            together = self._together[start : start + delta.size]
            np.copyto(together.reshape(rows, steps, samples), delta.transpose(1, 0, 2))
            found.append(together.reshape(rows, -1))
            start += delta.size
        return found

    def outer(self, deltas: Sequence[Array], sources: Array, out: Array) -> None:
        """out (…, outputs, inputs + 1) ← δ sᵀ from (…, outputs, n) and (…, n, inputs + 1): per step, or all at once."""
        (delta,) = deltas
        np.matmul(delta, sources, out=out)

    def _send_down(self, start: int, segment: Segment) -> None:
        if self.dx is not None:
            below = self.dx.reshape(self.steps, self.features, -1)[start : start + segment.length]
            np.matmul(self.block.value[self.width : -1], segment["delta"], out=below)

    # -- what is told ---------------------------------------------------------------------------------------------

    def resolve_update(self) -> None:
        """Bring z and slope of the taps, which training itself does not need so, up to the last pass."""
        if self._fresh:
            self._fresh = False
            for segment in self._told:
                self.fill_taps(segment)

    @abstractmethod
    def fill_taps(self, segment: Segment) -> None:
        """From what the forward loop leaves: z and slope as the tap shows them."""

    def _look(self, start: int, segment: Segment) -> None:
        self.profile[:, start : start + segment.length] = profile(
            np.asarray(segment["h"][1:]), np.asarray(segment["dh"][1:])
        )

    def through_time(self) -> TimeProfile:
        """Per step, of the last backward pass."""
        if not self.spec.checkpoint:
            self._look(0, Segment(self.kept))
        return TimeProfile(*self.profile.copy())

    def taps(self) -> list[Tap]:
        """One tap, (units, steps, batch), whose rows are gate by gate; with checkpoints of the last segment."""
        kept, block = self.kept, self.block

        def view(array: Array) -> Array:
            return read_only(array.transpose(1, 0, 2))

        gates = {name: kept["g"][:, row * self.width :][:, : self.width] for name, row in self.gate_rows.items()}
        return [
            Tap(
                info=self.info,
                activation=self.activation,
                z=view(kept["z"]),
                a=view(kept["h"][1:]),
                slope=view(kept["slope"]),
                delta=view(kept["delta"]),
                weights=read_only(block.value[:-1]),
                weight_gradient=read_only(block.gradient[:-1]),
                weight_update=read_only(block.update[:-1]),
                bias_gradient=read_only(block.gradient[-1]),
                extras={name: view(gate) for name, gate in gates.items()}
                | {"hidden_gradient": view(kept["dh"][1:])}
                | {name: view(kept[source][1:]) for name, source in self.more_extras().items()},
            )
        ]

    def more_extras(self) -> dict[str, str]:
        return {}


def _norm(array: Array) -> float:
    return norm(array)
