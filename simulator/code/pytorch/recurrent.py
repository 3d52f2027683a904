"""Layers with a state as modules of PyTorch, whose gates lie in another order, some of them negated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from simulator.arrays.numeric import Array
from simulator.code.pieces import Piece, Tensor
from simulator.code.pytorch.parts import activation
from simulator.layers.recurrent.gru import GRU
from simulator.layers.recurrent.lstm import LSTM
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.parts.activations import ReLU, Tanh
from simulator.schema.parameter import Part

GATES: Mapping[type[Part], Sequence[int]] = {LSTM: (1, 2, 3, 0), GRU: (1, 0, 2)}
"""Input, forget, candidate, output; reset, update, candidate: where each lies among the bench's."""
GRU_SIGNS = (1, -1, 1)
"""The update gate is 1 − the bench's transform gate, σ(−z): what makes z is negated."""


def through_time(module: ThroughTimeModule[Any], weights: str, state: str, biases: str, zeros: str) -> Piece:
    """``States`` around a recurrent module of PyTorch, drawn so; ``zeros`` are biases that need no word."""
    spec = module.spec
    more = [weights, state, *[biases] * (biases != zeros), *["sign=-1"] * isinstance(spec, GRU)]
    if isinstance(spec, LSTM) and spec.forget_bias:
        more.append(f"forget={spec.forget_bias!r}")
    cell = Piece(f"recurrent({', '.join([_cell(module), *more])})", _tensors(module))
    arguments = [cell.code, *["every=True"] * (spec.output == "all")]
    if module.loop.cuts:
        arguments.append(f"cuts={tuple(sorted(module.loop.cuts))!r}")
    return Piece(f"States({', '.join(arguments)})", inner=(("cell", cell),))


def _cell(module: ThroughTimeModule[Any]) -> str:
    """The module of PyTorch, or our own where it has none with that nonlinearity."""
    spec, sizes = module.spec, f"{module.features}, {module.width}"
    if isinstance(spec, LSTM | GRU):
        return f"nn.{'LSTM' if isinstance(spec, LSTM) else 'GRU'}({sizes}, batch_first=True)"
    phi = module.cell.activation
    if isinstance(phi, Tanh | ReLU):
        nonlinearity = ', nonlinearity="relu"' if isinstance(phi, ReLU) else ""
        return f"nn.RNN({sizes}{nonlinearity}, batch_first=True)"
    return f"Recurrent({sizes}, {activation(phi)})"


def _tensors(module: ThroughTimeModule[Any]) -> tuple[Tensor, ...]:
    """Weights from the input and from the state, and biases; a second vector of biases is 0 and stays so."""
    width, block = module.width, module.block
    gates = GATES.get(type(module.spec), (0,))
    rows = np.concatenate([np.arange(gate * width, (gate + 1) * width) for gate in gates])
    sign: Array | None = np.repeat(np.array(GRU_SIGNS), width) if isinstance(module.spec, GRU) else None
    signs_of_rows = None if sign is None else sign[:, None]
    return (
        Tensor("weight_ih_l0", block, lambda a: a[width:-1, rows].T, signs=signs_of_rows),
        Tensor("weight_hh_l0", block, lambda a: a[:width, rows].T, signs=signs_of_rows),
        Tensor("bias_ih_l0", block, lambda a: a[-1, rows], signs=sign),
        Tensor("bias_hh_l0", block, lambda a: np.zeros(len(rows), a.dtype), frozen=True),
    )
