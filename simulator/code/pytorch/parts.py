"""Activations, losses and first draws of weights in the words of PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.code.equivalents import equivalent
from simulator.parts import activations as phi
from simulator.parts import initializers as start
from simulator.parts import losses
from simulator.parts.activations import Activation
from simulator.parts.losses import Loss
from simulator.schema.parameter import Part

LIBRARY = "PyTorch"

ACTIVATIONS: Mapping[type[Part], Callable[[Any], str]] = {
    phi.Linear: lambda _: "nn.Identity()",
    phi.Sigmoid: lambda _: "nn.Sigmoid()",
    phi.Tanh: lambda _: "nn.Tanh()",
    phi.ReLU: lambda _: "nn.ReLU()",
    phi.LeakyReLU: lambda spec: f"nn.LeakyReLU({spec.slope!r})",
    phi.ELU: lambda spec: f"nn.ELU({spec.alpha!r})",
    phi.SELU: lambda _: "nn.SELU()",
    # Beyond its threshold PyTorch's is z itself, which at the usual 20 is 2e-9 off.
    phi.Softplus: lambda _: "nn.Softplus(threshold=40)",
    phi.Softsign: lambda _: "nn.Softsign()",
    phi.GELU: lambda _: "nn.GELU()",
    phi.SiLU: lambda _: "nn.SiLU()",
    phi.Erf: lambda _: "Erf()",
}


BINARY = 'nn.functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none")'
LOSSES: Mapping[type[Part], tuple[str, str]] = {
    losses.SoftmaxCrossEntropy: ("nn.functional.cross_entropy(outputs, targets)", "outputs.softmax(-1)"),
    losses.SigmoidCrossEntropy: (f"{BINARY}.sum(-1).mean()", "outputs.sigmoid()"),
    losses.MSE: ("(outputs - targets).square().sum(-1).mean() / 2", "outputs"),
    losses.SigmoidMSE: ("(outputs.sigmoid() - targets).square().sum(-1).mean() / 2", "outputs.sigmoid()"),
}
"""Kind → the mean loss of a batch, and the answers, of outputs, which are the pre-activations z, and of targets."""


def activation(spec: Activation) -> str:
    """The module that computes φ."""
    return equivalent(ACTIVATIONS, spec, LIBRARY)(spec)


def _fan_in(spec: Any, fans: tuple[int, int]) -> str:
    return f"({spec.weight_variance!r} / {fans[0]}) ** 0.5"


def _unless(usual: float, draw: str, name: str, value: float) -> str:
    """What draws with a setting, which is left out where it is the usual one."""
    return draw if value == usual else f"partial({draw}, {name}={value!r})"


DRAWS: Mapping[type[Part], Callable[[Any, tuple[int, int]], str]] = {
    start.Zeros: lambda spec, fans: "nn.init.zeros_",
    start.Constant: lambda spec, fans: f"partial(nn.init.constant_, val={spec.value!r})",
    start.Normal: lambda spec, fans: f"partial(nn.init.normal_, std={spec.std!r})",
    start.Uniform: lambda spec, fans: f"partial(nn.init.uniform_, a={-spec.limit!r}, b={spec.limit!r})",
    start.VarianceScaled: lambda spec, fans: f"partial(nn.init.normal_, std={_fan_in(spec, fans)})",
    start.LeCunNormal: lambda spec, fans: 'partial(nn.init.kaiming_normal_, nonlinearity="linear")',
    start.LeCunUniform: lambda spec, fans: 'partial(nn.init.kaiming_uniform_, nonlinearity="linear")',
    start.GlorotNormal: lambda spec, fans: "nn.init.xavier_normal_",
    start.GlorotUniform: lambda spec, fans: "nn.init.xavier_uniform_",
    start.HeNormal: lambda spec, fans: _unless(0, "nn.init.kaiming_normal_", "a", spec.slope),
    start.HeUniform: lambda spec, fans: _unless(0, "nn.init.kaiming_uniform_", "a", spec.slope),
    start.Orthogonal: lambda spec, fans: _unless(1, "nn.init.orthogonal_", "gain", spec.gain),
    start.Identity: lambda spec, fans: "nn.init.eye_" if spec.gain == 1 else identity(spec.gain),
    start.LSUV: lambda spec, fans: "nn.init.orthogonal_",
}
"""How weights are drawn. LSUV looks at data: what it makes of its rotations stands in the file of weights."""


def identity(gain: float) -> str:
    """What lets each unit pass one input on, in layers and in convolutions."""
    return _unless(1, "identity_", "gain", gain)


def loss_and_answers(loss: Loss, several: bool) -> tuple[str, str]:
    """The expressions for the mean loss and for the answers; ``several``: each sample is answered at several steps."""
    mean, answers = equivalent(LOSSES, loss, LIBRARY)
    if several and isinstance(loss, losses.SoftmaxCrossEntropy):
        mean = "nn.functional.cross_entropy(outputs.mT, targets.mT)"
    return mean, answers
