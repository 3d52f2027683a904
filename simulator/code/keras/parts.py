"""Activations, first draws of weights and normalisations in the words of Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.code.equivalents import NoEquivalentError, equivalent
from simulator.code.pieces import Piece, Tensor
from simulator.layers.normalization.base import Stage
from simulator.layers.normalization.batch import BatchNormStage
from simulator.layers.normalization.layer import LayerNormStage
from simulator.parts import activations as phi
from simulator.parts import initializers as start
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer
from simulator.schema.parameter import Part

LIBRARY = "Keras"
ACTIVATIONS: Mapping[type[Part], Callable[[Any], str]] = {
    phi.Linear: lambda _: "None",
    phi.Sigmoid: lambda _: "ops.sigmoid",
    phi.Tanh: lambda _: "ops.tanh",
    phi.ReLU: lambda _: "ops.relu",
    phi.LeakyReLU: lambda spec: f"partial(ops.leaky_relu, negative_slope={spec.slope!r})",
    phi.ELU: lambda spec: f"partial(ops.elu, alpha={spec.alpha!r})",
    phi.SELU: lambda _: "ops.selu",
    # With PyTorch behind it, that of Keras is z itself beyond 20, which is 2e-9 off.
    phi.Softplus: lambda _: "partial(ops.logaddexp, 0.0)",
    phi.Softsign: lambda _: "ops.softsign",
    phi.GELU: lambda _: "partial(ops.gelu, approximate=False)",
    phi.SiLU: lambda _: "ops.silu",
    phi.Erf: lambda _: "ops.erf",
}


def activation(spec: Activation) -> str:
    """The function that computes φ."""
    return equivalent(ACTIVATIONS, spec, LIBRARY)(spec)


def _scaled(scale: float, mode: str, shape: str) -> str:
    return f'VarianceScaling({scale!r}, "{mode}", "{shape}")'


NORMAL, UNIFORM = "untruncated_normal", "uniform"
DRAWS: Mapping[type[Part], Callable[[Any], str]] = {
    start.Zeros: lambda spec: '"zeros"',
    start.Constant: lambda spec: f"keras.initializers.Constant({spec.value!r})",
    start.Normal: lambda spec: f"keras.initializers.RandomNormal(0.0, {spec.std!r})",
    start.Uniform: lambda spec: f"keras.initializers.RandomUniform({-spec.limit!r}, {spec.limit!r})",
    start.VarianceScaled: lambda spec: _scaled(spec.weight_variance, "fan_in", NORMAL),
    # GlorotNormal and its kin cut the normal distribution off.
    start.LeCunNormal: lambda spec: _scaled(1.0, "fan_in", NORMAL),
    start.LeCunUniform: lambda spec: _scaled(1.0, "fan_in", UNIFORM),
    start.GlorotNormal: lambda spec: _scaled(1.0, "fan_avg", NORMAL),
    start.GlorotUniform: lambda spec: _scaled(1.0, "fan_avg", UNIFORM),
    start.HeNormal: lambda spec: _scaled(spec.variance(1, 1), "fan_in", NORMAL),
    start.HeUniform: lambda spec: _scaled(spec.variance(1, 1), "fan_in", UNIFORM),
    start.Orthogonal: lambda spec: f"keras.initializers.Orthogonal({spec.gain!r})",
    start.Identity: lambda spec: f"Identity({spec.gain!r})",
    start.LSUV: lambda spec: "keras.initializers.Orthogonal()",
}
"""How weights are drawn. LSUV looks at data: what it makes of its rotations stands in the file of weights."""


def draw(spec: Initializer) -> str:
    """What draws the weights of a layer."""
    return equivalent(DRAWS, spec, LIBRARY)(spec)


def bias_draw(spec: Initializer, fans: tuple[int, int]) -> str:
    """What draws biases, of which Keras knows no fans."""
    if isinstance(spec, (start.Identity, start.Zeros)):
        return '"zeros"'
    if isinstance(spec, (start.Orthogonal, start.LSUV)):
        return f"Direction({getattr(spec, 'gain', 1.0)!r})"
    variance = spec.entry_variance(*fans)
    if isinstance(spec, start.FanUniform):
        limit = (3 * spec.variance(*fans)) ** 0.5
        return f"keras.initializers.RandomUniform({-limit!r}, {limit!r})"
    if isinstance(spec, (start.FanNormal, start.VarianceScaled)) and variance is not None:
        return f"keras.initializers.RandomNormal(0.0, {variance**0.5!r})"
    return draw(spec)


def norm(stage: Stage, units: int, observations: int) -> Piece:
    """The layer that a norm of a signal is, whose units, channels or features come last."""
    scale, shift = (Tensor(*named) for named in zip(("gamma", "beta"), stage.blocks(), (_flat, _flat), strict=True))
    if isinstance(stage, LayerNormStage):
        return Piece(f"keras.layers.LayerNormalization(epsilon={stage.epsilon!r})", (scale, shift))
    if not isinstance(stage, BatchNormStage):
        raise NoEquivalentError(type(stage).__name__, LIBRARY)
    if observations < 2:
        raise NoEquivalentError("batch norm over a batch of one observation", LIBRARY)
    names = ("moving_mean", "moving_variance")
    states = tuple(Tensor(*named, state=True) for named in zip(names, stage.states(), (_flat, _flat), strict=True))
    kept = 1 - stage.spec.momentum
    return Piece(f"BatchNorm(momentum={kept!r}, epsilon={stage.spec.epsilon!r})", (scale, shift, *states))


def _flat(array: Any) -> Any:
    return array.reshape(-1)
