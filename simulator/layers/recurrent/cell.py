"""What a kind of layer with a state says of itself: the equations of one time step, forward and back.

All else is the same for every kind and stands elsewhere: the loop over the steps (`loop.py`), their memory
(`segment.py`), the weights' gradient (`kernel_gradient.py`) and the layer as the network knows it (`module.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import numpy as np

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.parts.activations import AnyActivation


@dataclass(slots=True)
class Step:
    """The slabs (rows, batch) of a time step t that every cell has; a kind adds its own."""

    s: Array
    """[h_{t−1}; x_t; 1], (units + features + 1, batch)."""
    h: Array
    """h_t, (units, batch)."""
    dh: Array
    """∂C/∂h_t, (units, batch)."""
    dh_before: Array
    """∂C/∂h_{t−1}, (units, batch)."""
    delta: Array
    """∂C/∂z_t, (gates · units, batch)."""

    def gradients_before(self) -> tuple[Array, ...]:
        """∂C/∂ of every state before the step."""
        return (self.dh_before,)


S = TypeVar("S", bound=Step)
CellArrays = Mapping[str, Array]
"""Name → (steps, rows, batch); of states and their gradients (steps + 1, rows, batch), the state before it first."""


class Cell(ABC, Generic[S]):
    """One time step over a kernel [W_h; W_x; b] (units + features + 1, gates · units), biases last."""

    step: type[S]
    """What holds the slabs of a step."""
    gates: ClassVar[int] = 1
    """Pre-activations per unit."""
    gate_rows: ClassVar[Mapping[str, int]] = {}
    """Name of a gate in the tap's extras → its place among the gates."""
    states: ClassVar[tuple[str, ...]] = ("h",)
    """Names of what goes from step to step, the output first; its gradient ∂C/∂state is called d and its name."""
    rows: ClassVar[Mapping[str, int]] = {}
    """What else a step keeps: name → rows per unit."""
    deltas: ClassVar[tuple[str, ...]] = ("delta",)
    """Names of the errors that the weight gradient is made of."""
    keeps_z: ClassVar[bool] = True
    """Whether :meth:`forward` leaves z of every step; else ``fill_taps`` makes it: what is kept must go to memory."""
    extras: ClassVar[Mapping[str, str]] = {}
    """What else the tap shows: name → array of a state."""

    def __init__(self, units: int, activation: AnyActivation) -> None:
        self.units, self.activation = units, activation

    @property
    def state_gradients(self) -> tuple[str, ...]:
        return tuple(f"d{state}" for state in self.states)

    def allocate(self, arena: Arena, features: int, batch: int) -> None:
        """Make what is not kept from step to step."""
        self.spare = arena.zeros(self.units, batch)
        # As operands of a step, arrays cost half of what Python's numbers do.
        self.half, self.one = (np.asarray(number, arena.dtype) for number in (0.5, 1))
        self.weights = arena.zeros(self.gates * self.units, self.units + features + 1)

    def start(self, kernel: Array) -> None:
        """Add to the weights and biases what this kind starts with beside what was drawn."""

    def prepare(self, kernel: Array) -> None:
        """Bring the weights into the form in which the steps use them."""
        self.kernel, self.from_state = kernel, kernel[: self.units]
        np.copyto(self.weights, kernel.T)

    def slabs(self, arrays: CellArrays) -> dict[str, Array]:
        """The fields of its ``step`` beside those of :class:`Step`: name → (steps, rows, batch)."""
        return {}

    def steps(self, arrays: CellArrays) -> list[S]:
        """The slabs of each step, first step first."""
        s, h, dh = arrays["s"][:-1], arrays["h"][1:], arrays["dh"]
        slabs = {"s": s, "h": h, "dh": dh[1:], "dh_before": dh[:-1], "delta": arrays["delta"]} | self.slabs(arrays)
        return [self.step(**dict(zip(slabs, each, strict=True))) for each in zip(*slabs.values(), strict=True)]

    def forward_all(self, arrays: CellArrays) -> None:
        """What needs no order, for all steps of a segment at once, before :meth:`forward`."""

    @abstractmethod
    def forward(self, step: S) -> None:
        """From s to the states, and to z or what else the way back needs."""

    def backward_all(self, arrays: CellArrays) -> None:
        """What needs no order, for all steps of a piece of a segment at once, before :meth:`backward_delta`."""

    @abstractmethod
    def backward_delta(self, step: S) -> None:
        """From ∂C/∂state_t to ∂C/∂z_t."""

    @abstractmethod
    def backward_state(self, step: S) -> None:
        """From ∂C/∂z_t to ∂C/∂state_{t−1}; left out where the gradient is cut."""

    def outer(self, deltas: Sequence[Array], sources: Array, out: Array) -> None:
        """out (…, outputs, inputs + 1) ← δ sᵀ from (…, outputs, n) and (…, n, inputs + 1): per step, or all at once."""
        (delta,) = deltas
        np.matmul(delta, sources, out=out)

    @abstractmethod
    def fill_taps(self, arrays: CellArrays) -> None:
        """From what the steps leave: z and slope as the tap shows them."""


def slopes_of_gates(g: Array, slope: Array, rows: int) -> None:
    """slope ← each row's slope over its largest: 4 σ (1 − σ) for the first ``rows``, 1 − tanh² for the rest."""
    np.subtract(1, g[:, :rows], out=slope[:, :rows])
    np.multiply(slope[:, :rows], g[:, :rows], out=slope[:, :rows])
    np.multiply(slope[:, :rows], 4, out=slope[:, :rows])
    np.multiply(g[:, rows:], g[:, rows:], out=slope[:, rows:])
    np.subtract(1, slope[:, rows:], out=slope[:, rows:])
