"""Layers with a state as layers of Keras, whose gates lie in another order, some of them negated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from simulator.arrays.numeric import Array
from simulator.code.keras.parts import activation
from simulator.code.pieces import Piece, Tensor
from simulator.layers.recurrent.gru import GRU
from simulator.layers.recurrent.lstm import LSTM
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.layers.recurrent.simple import Recurrent
from simulator.schema.parameter import Part

CELLS: Mapping[type[Part], tuple[str, Sequence[int]]] = {
    Recurrent: ("SimpleRNN", (0,)),
    LSTM: ("LSTM", (1, 2, 3, 0)),
    GRU: ("GRU", (0, 1, 2)),
}
"""Kind → its name, and where each of its gates lies among the bench's: input, forget, candidate, output; update, …"""
GRU_SIGNS = (-1, 1, 1)
"""The update gate is 1 − the bench's transform gate, σ(−z): what makes z is negated."""


def through_time(module: ThroughTimeModule[Any], weights: str, state: str, biases: str) -> Piece:
    """A recurrent layer of Keras, drawn so, and what cuts the gradient in it."""
    spec, cuts = module.spec, sorted(module.loop.cuts)
    name, gates = CELLS[type(spec)]
    arguments = [f"activation={activation(module.cell.activation)}"] * isinstance(spec, Recurrent)
    arguments += ["return_sequences=True"] * bool(cuts or spec.output == "all") + ["return_state=True"] * bool(cuts)
    arguments += [f"kernel_initializer={_gates(module, weights)}", f"recurrent_initializer={_gates(module, state)}"]
    if isinstance(spec, LSTM) and (spec.forget_bias != 1 or biases != '"zeros"'):
        each = "keras.initializers.Zeros()" if biases == '"zeros"' else biases
        drawn = _gates(module, each, f", forget={spec.forget_bias!r}")
        arguments.append(f"unit_forget_bias=False, bias_initializer={drawn}")
    elif biases != '"zeros"':
        made = _gates(module, biases)
        arguments.append(f"bias_initializer={f'first_row({made})' if isinstance(spec, GRU) else made}")
    code = f"keras.layers.{name}({', '.join([str(module.width), *arguments])})"
    tensors = _tensors(module, gates)
    if not cuts:
        return Piece(code, tensors)
    every = ", every=True" * (spec.output == "all")
    return Piece(f"Cut({code}, {tuple(cuts)!r}{every})", tensors)


def _gates(module: ThroughTimeModule[Any], initializer: str, more: str = "") -> str:
    """What draws gate by gate, each as wide as the state."""
    if module.cell.gates == 1 or initializer == '"zeros"':
        return initializer
    negated = ", negated=True" * isinstance(module.spec, GRU)
    return f"pieces({module.cell.gates}, lambda: {initializer}{negated}{more})"


def _tensors(module: ThroughTimeModule[Any], gates: Sequence[int]) -> tuple[Tensor, ...]:
    """Weights from the input and from the state, and biases; a GRU has a second row of them, which stays 0."""
    width, block, two_rows = module.width, module.block, isinstance(module.spec, GRU)
    columns = np.concatenate([np.arange(gate * width, (gate + 1) * width) for gate in gates])
    sign: Array | None = np.repeat(np.array(GRU_SIGNS), width) if two_rows else None

    def biases(array: Array) -> Array:
        own = array[-1, columns]
        return np.stack([own, np.zeros_like(own)]) if two_rows else own

    return (
        Tensor("kernel", block, lambda a: a[width:-1, columns], signs=sign),
        Tensor("recurrent_kernel", block, lambda a: a[:width, columns], signs=sign),
        Tensor("bias", block, biases, signs=sign),
    )
