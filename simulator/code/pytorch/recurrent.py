"""Layers with a state as modules of PyTorch, whose gates lie in another order, some of them negated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from simulator.arrays.numeric import Array
from simulator.code.pieces import Piece, Tensor
from simulator.code.pytorch.parts import activation, bias_draw, draw
from simulator.layers.base import Shape
from simulator.layers.recurrent.gru import GRU
from simulator.layers.recurrent.lstm import LSTM
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.layers.recurrent.simple import Recurrent
from simulator.parts.activations import ReLU, Tanh
from simulator.schema.parameter import Part

LSTM_GATES = (1, 2, 3, 0)
"""Input, forget, candidate, output: where each lies among the bench's."""
GRU_GATES = (1, 0, 2)
"""Reset, update, candidate; the update gate is 1 − the bench's transform gate, σ(−z): what makes z is negated."""
GRU_SIGNS = (1, -1, 1)


def _through_time(
    module: ThroughTimeModule[Any], made: str, gates: Sequence[int], signs: Sequence[int] = (),
    forget: float = 0.0,
) -> Piece:  # fmt: skip
    """``States`` around a recurrent module of PyTorch."""
    spec = module.spec
    draws = [
        draw(spec.initializer, (module.features, module.width)),
        draw(spec.recurrent_initializer, (module.width, module.width)),
        bias_draw(spec.bias_initializer, (module.inputs, module.width)),
    ]
    draws += [f"forget={forget!r}"] * bool(forget) + ["negated=True"] * (len(set(signs)) > 1)
    cell = Piece(f"recurrent({', '.join([made, *draws])})", _tensors(module, gates, signs))
    arguments = [cell.code]
    if spec.output == "all":
        arguments.append("every=True")
    if module.loop.cuts:
        arguments.append(f"cuts=({', '.join(map(str, sorted(module.loop.cuts)))},)")
    return Piece(f"States({', '.join(arguments)})", inner=(("cell", cell),))


def _tensors(module: ThroughTimeModule[Any], gates: Sequence[int], signs: Sequence[int]) -> tuple[Tensor, ...]:
    """Weights from the input and from the state, and biases; a second vector of biases is 0 and stays so."""
    width, block = module.width, module.block
    rows = np.concatenate([np.arange(gate * width, (gate + 1) * width) for gate in gates])
    sign: Array | None = np.repeat(np.array(signs), width) if len(set(signs)) > 1 else None
    signs_of_rows = None if sign is None else sign[:, None]
    return (
        Tensor("weight_ih_l0", block, lambda a: a[width:-1, rows].T, signs=signs_of_rows),
        Tensor("weight_hh_l0", block, lambda a: a[:width, rows].T, signs=signs_of_rows),
        Tensor("bias_ih_l0", block, lambda a: a[-1, rows], signs=sign),
        Tensor("bias_hh_l0", block, lambda a: np.zeros(len(rows), a.dtype), frozen=True),
    )


def _recurrent(module: ThroughTimeModule[Any], shape: Shape, batch: int) -> list[Piece]:
    spec, sizes = module.cell.activation, f"{module.features}, {module.width}"
    if isinstance(spec, Tanh):
        return [_through_time(module, f"nn.RNN({sizes}, batch_first=True)", (0,))]
    if isinstance(spec, ReLU):
        return [_through_time(module, f'nn.RNN({sizes}, nonlinearity="relu", batch_first=True)', (0,))]
    phi = activation(spec)
    return [_through_time(module, f"Recurrent({sizes}, {phi.code})", (0,))]


def _lstm(module: ThroughTimeModule[Any], shape: Shape, batch: int) -> list[Piece]:
    assert isinstance(module.spec, LSTM)
    made = f"nn.LSTM({module.features}, {module.width}, batch_first=True)"
    return [_through_time(module, made, LSTM_GATES, forget=module.spec.forget_bias)]


def _gru(module: ThroughTimeModule[Any], shape: Shape, batch: int) -> list[Piece]:
    made = f"nn.GRU({module.features}, {module.width}, batch_first=True)"
    return [_through_time(module, made, GRU_GATES, GRU_SIGNS)]


RECURRENT: Mapping[type[Part], Callable[[Any, Shape, int], list[Piece]]] = {
    Recurrent: _recurrent,
    LSTM: _lstm,
    GRU: _gru,
}
