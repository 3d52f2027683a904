"""Where a network's hidden layers stand on the map of σ_w² against σ_b², between order and chaos."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Floats, frozen
from simulator.data.base import Dataset
from simulator.layers.base import Module
from simulator.layers.dense import Dense, DenseModule, is_dense
from simulator.layers.dropout import Dropout
from simulator.layers.residual import ResidualModule
from simulator.network.network import Network
from simulator.parts.activations import Activation
from simulator.schema.parameter import title_of
from simulator.theory.mean_field import FixedPoint, border_of_chaos, doubt, edge_of_chaos, fixed_point


class OrderChaos(Struct, frozen=True):
    """The map of weight against bias variance, and where the hidden layers stand on it."""

    activation: str
    layer: str
    """Label of the layer whose place it is."""
    weight_variance: float
    bias_variance: float
    edge: Floats
    """(2, points): σ_w² and σ_b² where χ = 1 and q settles, in order along the edge; NaN where it breaks."""
    border: Floats
    """(2, points): the σ_w² from which on there is chaos, by growing σ_b²; where it is no edge, χ jumps past 1."""
    alike: bool
    """Whether all hidden layers (but the first) stand at this place."""
    settled: float
    """The q at which a deep stack of such layers settles; Inf where it grows without end."""
    chi: float
    """χ there."""
    doubt: str = ""
    """Why χ is not to be relied on; ``""`` where nothing speaks against it."""


PLACE_TOLERANCE = 1e-6
"""Relative difference up to which two layers stand at one place."""

Place = tuple[float, float]


class HomelessError(ValueError):
    """Why a network has no place on the map, in one sentence."""


@dataclass(frozen=True)
class AlikeStack:
    """Alike dense layers as theory knows them."""

    activation: Activation
    label: str
    """Of the layer that stands for all."""
    weight_variance: float
    bias_variance: float
    masking: float
    """What dropout multiplies σ_w² by: E mask² of the layer below."""
    square: float
    """Mean square of what the first of them receives."""
    alike: bool
    """Whether all (but the first) stand at this place."""

    @property
    def start(self) -> float:
        """The q at which such a stack begins."""
        return self.weight_variance * self.square + self.bias_variance

    def settled(self) -> FixedPoint:
        return fixed_point(self.activation, self.weight_variance * self.masking, self.bias_variance, self.start)


def stack_of(network: Network, data: Dataset) -> AlikeStack:
    """That of the first hidden layer that a hidden layer precedes, else of the first; or HomelessError."""
    dense = [module for module in network.modules if is_dense(module)]
    chosen = dense[1] if len(dense) > 1 else dense[0] if dense else None
    if reason := _obstacle(network.modules, chosen):
        raise HomelessError(reason)
    assert chosen is not None
    place, activation = _place(chosen), chosen.spec.activation
    assert place is not None
    return AlikeStack(
        activation=activation,
        label=chosen.info.label,
        weight_variance=place[0],
        bias_variance=place[1],
        masking=_masking(chosen.spec.dropout),
        square=_square(network, data, dense[0]),
        alike=all(
            module.spec.activation == activation and _near(_place(module), place) for module in dense[1:] or dense
        ),
    )


def order_chaos(network: Network, data: Dataset) -> OrderChaos:
    """The place of a network's stack, and the map's edge; HomelessError where it has none."""
    stack = stack_of(network, data)
    settled, factor = stack.settled(), stack.masking
    squeeze = np.array([[1 / factor], [1.0]])
    return OrderChaos(
        activation=title_of(type(stack.activation)),
        layer=stack.label,
        weight_variance=stack.weight_variance,
        bias_variance=stack.bias_variance,
        edge=frozen(edge_of_chaos(stack.activation, stack.square / factor) * squeeze),
        border=frozen(border_of_chaos(stack.activation, stack.square / factor) * squeeze),
        alike=stack.alike,
        settled=settled.q,
        chi=settled.chi,
        doubt=doubt(stack.activation, stack.weight_variance, f"layer {stack.label}"),
    )


def _obstacle(modules: Sequence[Module], chosen: DenseModule[Dense] | None) -> str:
    if chosen is None:
        return "No dense hidden layer, so the network has no place on this map"
    for module in modules:
        if isinstance(module, ResidualModule):
            return "A residual stack has no ordered side: its χ = 1 + σ_w² X is above 1 everywhere"
    spec, where = chosen.spec, f"layer {chosen.info.label}"
    if chosen.norm is not None:
        name = title_of(type(spec.normalization)).capitalize()
        return f"{name} in {where} takes σ_w² out of play: χ depends on φ alone"
    if _place(chosen) is None:
        drawn = title_of(type(spec.initializer))
        return f"The weights and biases of {where} are no random draw with known variances ({drawn})"
    return ""


def _masking(dropout: Dropout) -> float:
    """What dropout multiplies σ_w² by: E mask² of the layer below."""
    return 1 / dropout.keep if dropout.scaled else dropout.keep


def _square(network: Network, data: Dataset, module: DenseModule[Dense]) -> float:
    """Mean square of what comes in, to two digits: it says where q starts.

    Of the inputs themselves over all that is trained on, so that it hangs on no batch; behind other layers batches
    differ little.
    """
    inputs = module is network.modules[0]
    square = data.mean_square if inputs else float(np.square(module.x[:-1], dtype=np.float64).mean())
    return float(f"{square:.2g}") if math.isfinite(square) else 1.0


def _place(module: DenseModule[Dense]) -> Place | None:
    """(σ_w², σ_b²) of a layer's draws."""
    spec, fans = module.spec, module.affine.fans
    if spec.initializer.data_dependent:
        return None
    weight = spec.initializer.scaled_variance(*fans)
    bias = spec.bias_initializer.entry_variance(*fans)
    return None if weight is None or bias is None else (weight, bias)


def _near(first: Place | None, second: Place) -> bool:
    if first is None:
        return False
    return all(math.isclose(a, b, rel_tol=PLACE_TOLERANCE, abs_tol=1e-15) for a, b in zip(first, second, strict=True))
