"""Activations, losses and first draws of weights in the words of Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.code.equivalents import equivalent
from simulator.parts import activations as phi
from simulator.parts import initializers as start
from simulator.parts import losses
from simulator.parts.activations import Activation
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


LOSSES: Mapping[type[Part], tuple[str, str]] = {
    losses.SoftmaxCrossEntropy: (
        "ops.categorical_crossentropy(targets, outputs, from_logits=True)",
        "ops.softmax(outputs)",
    ),
    losses.SigmoidCrossEntropy: (
        "ops.sum(ops.binary_crossentropy(targets, outputs, from_logits=True), axis=-1)",
        "ops.sigmoid(outputs)",
    ),
    losses.MSE: ("ops.sum(ops.square(outputs - targets), axis=-1) / 2", "outputs"),
    losses.SigmoidMSE: ("ops.sum(ops.square(ops.sigmoid(outputs) - targets), axis=-1) / 2", "ops.sigmoid(outputs)"),
}
"""Kind → the loss of each sample, and the answers, of targets and of outputs, which are the pre-activations z."""


def activation(spec: Activation) -> str:
    """The function that computes φ."""
    return equivalent(ACTIVATIONS, spec, LIBRARY)(spec)


def _scaled(scale: float, mode: str, shape: str) -> str:
    return f'VarianceScaling({scale!r}, "{mode}", "{shape}")'


NORMAL, UNIFORM = "untruncated_normal", "uniform"
DRAWS: Mapping[type[Part], Callable[[Any, tuple[int, int]], str]] = {
    start.Zeros: lambda spec, fans: '"zeros"',
    start.Constant: lambda spec, fans: f"keras.initializers.Constant({spec.value!r})",
    start.Normal: lambda spec, fans: f"keras.initializers.RandomNormal(0.0, {spec.std!r})",
    start.Uniform: lambda spec, fans: f"keras.initializers.RandomUniform({-spec.limit!r}, {spec.limit!r})",
    start.VarianceScaled: lambda spec, fans: _scaled(spec.weight_variance, "fan_in", NORMAL),
    # GlorotNormal and its kin cut the normal distribution off.
    start.LeCunNormal: lambda spec, fans: _scaled(1.0, "fan_in", NORMAL),
    start.LeCunUniform: lambda spec, fans: _scaled(1.0, "fan_in", UNIFORM),
    start.GlorotNormal: lambda spec, fans: _scaled(1.0, "fan_avg", NORMAL),
    start.GlorotUniform: lambda spec, fans: _scaled(1.0, "fan_avg", UNIFORM),
    start.HeNormal: lambda spec, fans: _scaled(spec.variance(1, 1), "fan_in", NORMAL),
    start.HeUniform: lambda spec, fans: _scaled(spec.variance(1, 1), "fan_in", UNIFORM),
    start.Orthogonal: lambda spec, fans: f"keras.initializers.Orthogonal({spec.gain!r})",
    start.Identity: lambda spec, fans: f"Identity({spec.gain!r})",
    start.LSUV: lambda spec, fans: "keras.initializers.Orthogonal()",
}
"""How weights are drawn. LSUV looks at data: what it makes of its rotations stands in the file of weights."""
