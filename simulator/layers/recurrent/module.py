"""A layer with a state at work: its weights, and what of its steps is shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Generic

import numpy as np

from simulator.arrays.numeric import Array, Stream, stream
from simulator.arrays.statistics import norm
from simulator.layers.base import Block, BuildContext, Entries, Layer, ModuleOf, Shape, Tap, read_only
from simulator.layers.recurrent.cell import Cell, S
from simulator.layers.recurrent.loop import Loop
from simulator.layers.recurrent.profile import TimeProfile, profile
from simulator.layers.recurrent.segment import Segment
from simulator.layers.recurrent.through_time import ThroughTime, sequence_shape


class ThroughTimeModule(ModuleOf[ThroughTime], Generic[S]):
    """A cell that walks through a sequence, and its kernel [W_h; W_x; b] (units + features + 1, gates · units)."""

    def __init__(self, spec: ThroughTime, cell: Cell[S], place: tuple[int, ...], input_shape: Shape) -> None:
        self.spec, self.cell, self.place = spec, cell, place
        self.steps, self.features = sequence_shape(spec, input_shape)
        self.activation_kind = cell.activation.kind
        self.width = spec.units
        self.inputs = self.width + self.features
        self.output_shape = (self.steps, self.width) if spec.output == "all" else (self.width,)
        columns = cell.gates * self.width
        self.block = Block("kernel", (self.inputs + 1, columns), weights=self.inputs * columns)
        self.loop = Loop(cell, self.steps, self.features, spec.truncate, spec.checkpoint)

    def blocks(self) -> list[Block]:
        return [self.block]

    def allocate(self, context: BuildContext) -> None:
        self.batch = context.batch
        needed = context.needs_input_gradient
        self.dx = context.scratch.array(self.steps * self.features, self.batch) if needed else None
        self.cell.allocate(context.arena, self.features, self.batch)
        self.out = context.arena.signal(self.output_size, self.batch)
        self.loop.allocate(context.arena, self.batch)
        self.profile = np.full((3, self.steps), math.nan)
        self._taps_behind = False

    # -- parameters -----------------------------------------------------------------------------------------------

    def initialise(self, seed: int, x: Array) -> None:
        spec, width = self.spec, self.width
        streams = [stream(seed, Stream.WEIGHTS, *self.place, part) for part in range(2)]
        biases = stream(seed, Stream.BIASES, *self.place)
        for gate in range(self.cell.gates):
            kernel = self.block.value[:, gate * width : (gate + 1) * width]
            spec.initializer.fill(kernel[width:-1], streams[0], self.features, width)
            spec.recurrent_initializer.fill(kernel[:width], streams[1], width, width)
            spec.bias_initializer.fill(kernel[-1], biases, self.inputs, width)
        self._scale_to_data(x)
        self.cell.start(self.block.value)

    def unit_entries(self, units: Sequence[int]) -> list[Entries]:
        columns = [gate * self.width + unit for gate in range(self.cell.gates) for unit in units]
        return [(self.block, (slice(None), columns))]

    def redraw(self, seed: int) -> None:
        """Biases too are drawn as at first: some kinds need them to remember."""
        signal = np.ones((self.steps * self.features + 1, self.batch), self.loop.x.dtype)
        signal[:-1] = self.loop.x.reshape(-1, self.batch)
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
            self._bring_taps()
            spread = float(self.loop.segments.kept["z"].std(dtype=np.float64))
            if not math.isfinite(spread) or spread == 0 or abs(spread - 1) < tolerance:
                return
            for weights in scaled:
                weights /= spread

    def update_spec(self, spec: Layer) -> None:
        assert isinstance(spec, ThroughTime)
        self.spec = spec
        self.cell.activation = spec.nonlinearity()

    # -- the two passes -------------------------------------------------------------------------------------------

    def forward(self, x: Array, training: bool) -> Array:
        self.x = x
        self.cell.prepare(self.block.value)
        self._taps_behind = True
        last = self.loop.forward(x[:-1].reshape(self.steps, self.features, -1), self._by_step(self.out[:-1]))
        if self.spec.output == "last":
            np.copyto(self.out[:-1], last)
        return self.out

    def backward(self, gradient: Array) -> Array | None:
        every = self._by_step(gradient)
        sizes: list[float] = []
        for start, segment in self.loop.backward(gradient if every is None else every[-1], every):
            self._send_down(start, segment)
            if self.spec.checkpoint:
                self._measure(start, segment)
            if self.trace.on:
                sizes.append(norm(segment["delta"]))
        np.copyto(self.block.gradient, self.loop.kernel_gradient.total.T)
        # The norm of the segments' norms is that of all of δ, of which not all may be at hand.
        self.mark("time", np.array(sizes), arrived=True)
        if self.dx is not None:
            self.mark("weights", self.dx)
        return self.dx

    def _by_step(self, signal: Array) -> Array | None:
        """(steps, units, batch) where every state is an output."""
        return signal.reshape(self.steps, self.width, -1) if self.spec.output == "all" else None

    def _send_down(self, start: int, segment: Segment[S]) -> None:
        """∂C/∂x_t = W_xᵀ δ_t."""
        if self.dx is not None:
            below = self.dx.reshape(self.steps, self.features, -1)[start : start + segment.length]
            np.matmul(self.block.value[self.width : -1], segment["delta"], out=below)

    # -- what is shown --------------------------------------------------------------------------------------------

    def resolvers(self) -> list[Callable[[], None]]:
        return [self._bring_taps]

    def _bring_taps(self) -> None:
        """Bring z and slope of the taps, which training itself does not need so, up to the last pass."""
        if self._taps_behind:
            self._taps_behind = False
            for segment in self.loop.segments.tapped:
                self.cell.fill_taps(segment.arrays)

    def _measure(self, start: int, segment: Segment[S]) -> None:
        self.profile[:, start : start + segment.length] = profile(
            np.asarray(segment["h"][1:]), np.asarray(segment["dh"][1:])
        )

    def through_time(self) -> TimeProfile:
        """Per step, of the last backward pass."""
        if not self.spec.checkpoint:
            self._measure(0, Segment(self.loop.segments.kept))
        return TimeProfile(*self.profile.copy())

    def taps(self) -> list[Tap]:
        """One tap, (units, steps, batch), whose rows are gate by gate; with checkpoints of the last segment."""
        kept, block, cell = self.loop.segments.kept, self.block, self.cell

        def view(array: Array) -> Array:
            return read_only(array.transpose(1, 0, 2))

        gates = {name: kept["g"][:, row * self.width :][:, : self.width] for name, row in cell.gate_rows.items()}
        return [
            Tap(
                info=self.info,
                activation=cell.activation,
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
                | {name: view(kept[source][1:]) for name, source in cell.extras.items()},
            )
        ]
