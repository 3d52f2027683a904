"""The loop of a layer with a state over its time steps, and the way back through them.

Step t is a contiguous slab: ``s[t]`` = [h_{t−1}; x_t; 1] stacked over the batch, so the pre-activations of a step are
one product with [W_h; W_x; b]. What needs no order is done for many steps at once: a segment on the way forward, on
the way back a piece of it. With checkpoints only the state before each segment and the last segment are kept; the
others are run again on the way back, by the same operations: the gradients are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic

import numpy as np

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.layers.recurrent.cell import Cell, S
from simulator.layers.recurrent.kernel_gradient import KernelGradient
from simulator.layers.recurrent.segment import Segment, Segments
from simulator.layers.recurrent.underflow import Underflow


class Loop(Generic[S]):
    """A cell over ``steps`` inputs of ``features`` numbers, from h_0 = 0."""

    def __init__(self, cell: Cell[S], steps: int, features: int, truncate: int | None, checkpoint: bool) -> None:
        self.cell, self.checkpoint = cell, checkpoint
        self.inputs = cell.units + features
        self.segments = Segments(cell, steps, features, checkpoint)
        span = truncate or steps
        self.cuts = frozenset(range(steps - span, 0, -span))
        """Steps that send no gradient to the state before them."""

    def allocate(self, arena: Arena, batch: int) -> None:
        cell, units = self.cell, self.cell.units
        self.kernel_gradient = KernelGradient(cell, self.inputs, batch)
        self.kernel_gradient.allocate(arena, self.segments.length)
        self.underflows = [Underflow((units, batch), arena.dtype) for _ in cell.states]
        count = len(self.segments.starts)
        self.borders = [arena.zeros(count + 1, units, batch) for _ in cell.states]
        """Each state before every segment, and after the last one."""
        self.carries = [arena.zeros(units, batch) for _ in cell.states]
        """∂C/∂ of each state before the segment that the way back has come through."""
        self.segments.allocate(arena, batch, self.kernel_gradient.piece)

    # -- forward --------------------------------------------------------------------------------------------------

    def forward(self, x: Array, states: Array | None) -> Array:
        """h_T (units, batch) from x (steps, features, batch); every h_t goes into ``states`` (steps, units, batch)."""
        self.x, self.states = x, states
        for number in range(len(self.segments.all)):
            self._run(number)
        last: Array = self.borders[0][-1]
        return last

    def _run(self, number: int) -> None:
        """Run a segment from the states at its border."""
        start, segment = self.segments.all[number]
        end = start + segment.length
        np.copyto(segment["s"][:-1, self.cell.units : -1], self.x[start:end])
        for name, border in zip(self.cell.states, self.borders, strict=True):
            np.copyto(segment[name][0], border[number])
        self.cell.forward_all(segment.arrays)
        forward = self.cell.forward
        for step in segment.steps:
            forward(step)
        for name, border in zip(self.cell.states, self.borders, strict=True):
            np.copyto(border[number + 1], segment[name][-1])
        if self.states is not None:
            np.copyto(self.states[start:end], segment["h"][1:])

    # -- backward -------------------------------------------------------------------------------------------------

    def backward(self, gradient: Array, every: Array | None) -> Iterator[tuple[int, Segment[S]]]:
        """(first step, segment) from the last to the first, each as soon as its gradients stand.

        ``gradient`` (units, batch) is ∂C/∂h_T, ``every`` (steps, units, batch) that of each step where each is an
        output.
        """
        self._begin(gradient)
        last = len(self.segments.all) - 1
        for number in range(last, -1, -1):
            if self.checkpoint and number < last:
                self._run(number)
            start, segment = self.segments.all[number]
            self._return(start, segment, every)
            yield start, segment

    def _begin(self, gradient: Array) -> None:
        self.may_underflow = False
        for carry, underflow in zip(self.carries, self.underflows, strict=True):
            carry.fill(0)
            underflow.begin()
        np.copyto(self.carries[0], gradient)
        self.kernel_gradient.begin()

    def _return(self, start: int, segment: Segment[S], every: Array | None) -> None:
        for name, carry in zip(self.cell.state_gradients, self.carries, strict=True):
            np.copyto(segment[name][-1], carry)
        for begin, piece in segment.pieces:
            self._step_back(start + begin, piece, every)
            self.kernel_gradient.add(piece)
        for name, carry in zip(self.cell.state_gradients, self.carries, strict=True):
            np.copyto(carry, segment[name][0])
        near = [underflow.settle(carry) for carry, underflow in zip(self.carries, self.underflows, strict=True)]
        self.may_underflow = any(near)

    def _step_back(self, start: int, piece: Segment[S], every: Array | None) -> None:
        """δ and the gradients of the states, from the last step to the state before the first one."""
        self.cell.backward_all(piece.arrays)
        backward_delta, backward_state = self.cell.backward_delta, self.cell.backward_state
        cuts, may_underflow, flush = self.cuts, self.may_underflow, self.underflows[0].flush
        t = start + piece.length
        for step in reversed(piece.steps):
            t -= 1
            backward_delta(step)
            if t in cuts:
                for gradient in step.gradients_before():
                    gradient.fill(0)
            else:
                backward_state(step)
                if may_underflow:
                    for gradient in step.gradients_before():
                        flush(gradient)
            if every is not None and t:
                np.add(step.dh_before, every[t - 1], out=step.dh_before)
