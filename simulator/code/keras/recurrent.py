"""Layers with a state as layers of Keras, whose gates lie in another order, some of them negated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from simulator.arrays.numeric import Array
from simulator.code.keras.parts import activation, bias_draw, draw
from simulator.code.pieces import Piece, Tensor
from simulator.layers.base import Shape
from simulator.layers.recurrent.gru import GRU
from simulator.layers.recurrent.lstm import LSTM
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.layers.recurrent.simple import Recurrent
from simulator.schema.parameter import Part

LSTM_GATES = (1, 2, 3, 0)
"""Input, forget, candidate, output: where each lies among the bench's."""
GRU_GATES, GRU_SIGNS = (0, 1, 2), (-1, 1, 1)
"""Update, reset, candidate; the update gate is 1 − the bench's transform gate, σ(−z): what makes z is negated."""


def _through_time(
    module: ThroughTimeModule[Any], name: str, gates: Sequence[int], signs: Sequence[int] = (), extra: str = "",
    forget: float = 0.0,
) -> Piece:  # fmt: skip
    """A recurrent layer of Keras, and what cuts the gradient in it."""
    spec, cuts = module.spec, sorted(module.loop.cuts)
    weights = {"kernel_initializer": spec.initializer, "recurrent_initializer": spec.recurrent_initializer}
    drawn = [f"{place}={_gates(draw(each), gates, signs)}" for place, each in weights.items()]
    biases = bias_draw(spec.bias_initializer, (module.inputs, module.width))
    if name == "LSTM" and (forget != 1 or biases != '"zeros"'):
        each = "keras.initializers.Zeros()" if biases == '"zeros"' else biases
        drawn.append(f"unit_forget_bias=False, bias_initializer={_gates(each, gates, signs, f', forget={forget!r}')}")
    elif biases != '"zeros"':
        made = _gates(biases, gates, signs)
        drawn.append(f"bias_initializer={f'first_row({made})' if signs else made}")
    shown = ["return_sequences=True"] * bool(cuts or spec.output == "all") + ["return_state=True"] * bool(cuts)
    code = f"keras.layers.{name}({', '.join([str(module.width), *([extra] if extra else []), *shown, *drawn])})"
    tensors = _tensors(module, gates, signs)
    if not cuts:
        return Piece(code, tensors)
    every = ", every=True" * (spec.output == "all")
    return Piece(f"Cut({code}, ({', '.join(map(str, cuts))},){every})", tensors)


def _gates(initializer: str, gates: Sequence[int], signs: Sequence[int], more: str = "") -> str:
    """What draws gate by gate, each as wide as the state."""
    if len(gates) == 1 or initializer == '"zeros"':
        return initializer
    return f"pieces({len(gates)}, lambda: {initializer}{', negated=True' * bool(signs)}{more})"


def _tensors(module: ThroughTimeModule[Any], gates: Sequence[int], signs: Sequence[int]) -> tuple[Tensor, ...]:
    """Weights from the input and from the state, and biases; a GRU has a second row of them, which stays 0."""
    width, block = module.width, module.block
    columns = np.concatenate([np.arange(gate * width, (gate + 1) * width) for gate in gates])
    sign: Array | None = np.repeat(np.array(signs), width) if signs else None

    def biases(array: Array) -> Array:
        own = array[-1, columns]
        return np.stack([own, np.zeros_like(own)]) if signs else own

    return (
        Tensor("kernel", block, lambda a: a[width:-1, columns], signs=sign),
        Tensor("recurrent_kernel", block, lambda a: a[:width, columns], signs=sign),
        Tensor("bias", block, biases, signs=sign),
    )


def _recurrent(module: ThroughTimeModule[Any], shape: Shape, batch: int) -> list[Piece]:
    return [_through_time(module, "SimpleRNN", (0,), extra=f"activation={activation(module.cell.activation)}")]


def _lstm(module: ThroughTimeModule[Any], shape: Shape, batch: int) -> list[Piece]:
    assert isinstance(module.spec, LSTM)
    return [_through_time(module, "LSTM", LSTM_GATES, forget=module.spec.forget_bias)]


def _gru(module: ThroughTimeModule[Any], shape: Shape, batch: int) -> list[Piece]:
    return [_through_time(module, "GRU", GRU_GATES, GRU_SIGNS)]


RECURRENT: Mapping[type[Part], Callable[[Any, Shape, int], list[Piece]]] = {
    Recurrent: _recurrent,
    LSTM: _lstm,
    GRU: _gru,
}
