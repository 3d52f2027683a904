"""Where a network's hidden layers stand on the map of σ_w² against σ_b², between order and chaos."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from simulator.frame import OrderChaos, frozen
from simulator.layers.base import Module
from simulator.layers.dense import DenseModule
from simulator.layers.dropout import ClassicDropout, Dropout, InvertedDropout
from simulator.layers.residual import ResidualModule
from simulator.network import Network
from simulator.parameter import title_of
from simulator.theory.mean_field import border_of_chaos, doubt, edge_of_chaos, fixed_point

ALIKE = 1e-6
"""Relative difference up to which two layers stand at one place."""

Place = tuple[float, float]


def order_chaos(network: Network) -> OrderChaos:
    """The place of the first hidden layer that a hidden layer precedes, else of the first; and its map's edge."""
    dense = [module for module in network.modules if type(module) is DenseModule]
    chosen = dense[1] if len(dense) > 1 else dense[0] if dense else None
    name = "" if chosen is None else title_of(type(chosen.spec.activation))
    reason = _obstacle(network.modules, chosen)
    place = None if chosen is None else _place(chosen)
    if reason or chosen is None or place is None:
        return _nowhere(name, reason)
    activation, factor = chosen.spec.activation, _masking(chosen.spec.dropout)
    square = _square(dense[0])
    settled = fixed_point(activation, place[0] * factor, place[1], place[0] * square + place[1])
    squeeze = np.array([[1 / factor], [1.0]])
    return OrderChaos(
        activation=name,
        layer=chosen.info.label,
        reason="",
        weight_variance=place[0],
        bias_variance=place[1],
        edge=frozen(edge_of_chaos(activation, square / factor) * squeeze),
        border=frozen(border_of_chaos(activation, square / factor) * squeeze),
        alike=all(
            module.spec.activation == activation and _near(_place(module), place) for module in dense[1:] or dense
        ),
        settled=settled.q,
        chi=settled.chi,
        doubt=doubt(activation, place[0], f"layer {chosen.info.label}"),
    )


def _obstacle(modules: Sequence[Module], chosen: DenseModule | None) -> str:
    if chosen is None:
        return "No dense hidden layer, so the network has no place on this map."
    for module in modules:
        if isinstance(module, ResidualModule):
            return "A residual stack has no ordered side: its χ = 1 + σ_w² X is above 1 everywhere."
    spec, where = chosen.spec, f"layer {chosen.info.label}"
    if chosen.norm is not None:
        name = title_of(type(spec.normalization)).capitalize()
        return f"{name} in {where} takes σ_w² out of play: χ depends on φ alone."
    if _place(chosen) is None:
        drawn = title_of(type(spec.initializer))
        return f"The weights and biases of {where} are no random draw with known variances ({drawn})."
    return ""


def _masking(dropout: Dropout) -> float:
    """What dropout multiplies σ_w² by: E mask² of the layer below."""
    match dropout:
        case InvertedDropout(rate=rate):
            return 1 / (1 - rate)
        case ClassicDropout(rate=rate):
            return 1 - rate
    return 1.0


def _nowhere(name: str, reason: str) -> OrderChaos:
    nothing = frozen(np.empty((2, 0)))
    return OrderChaos(name, "", reason, math.nan, math.nan, nothing, nothing, True, math.nan, math.nan)


def _square(module: DenseModule) -> float:
    """Mean square of what comes in, to two digits: it says where q starts, and batches differ little."""
    found = float(np.square(module.x[:-1], dtype=np.float64).mean())
    return float(f"{found:.2g}") if math.isfinite(found) else 1.0


def _place(module: DenseModule) -> Place | None:
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
    return all(math.isclose(a, b, rel_tol=ALIKE, abs_tol=1e-15) for a, b in zip(first, second, strict=True))
